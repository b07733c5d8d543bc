"""On which days immigration offices are closed, and the last day that is not late."""

import datetime as dt

import holidays

from tests.oracle.history import DAY, History

KNOWN = holidays.country_holidays("TH", years=range(2013, 2052), categories=("public", "government"))
LABOUR_DAYS = {day for day, name in KNOWN.items() if "Labor Day" in name}
CLOSED = set(KNOWN) - LABOUR_DAYS
SUMMIT = {dt.date(2019, 11, day) for day in (4, 5)}
APEC = {dt.date(2022, 11, day) for day in (16, 17, 18)}
ONLY_IN = {"10": SUMMIT | APEC | {dt.date(2026, 10, 16)}, "11": APEC, "12": SUMMIT | APEC}
PROVINCES = {"BKK": "10", "SPK": "11", "NBI": "12", "CMI": "50", "PKT": "83"}


def province(history: History) -> str:
    """Where the office of the last report known today is, else the residence record."""
    reports = [(report.day, report.number, report.office) for report in history.reports if report.day <= history.today]
    return PROVINCES[max(reports)[-1]] if reports else history.residence


class Calendar:
    """The days on which the offices of one person are closed, and the days that were waived."""

    def __init__(self, history: History) -> None:
        self.opens = history.opens
        self.own = ONLY_IN.get(province(history), set())
        self.waived = {
            first + DAY * n for first, last in history.waivers for n in range((last - first).days + 1)
        }  # a day in two of them counts once

    def roll(self, day: dt.date) -> dt.date:
        """The day itself, or the first after it on which offices are open."""
        while day.weekday() > 4 or day in CLOSED or day in self.own:
            day += DAY
        return day

    def last_day(self, opens: dt.date, grace_ends: dt.date) -> dt.date:
        """The end of grace rolled; later by each waived day since the opening, of those it adds too; rolled again."""
        last, looked_at = self.roll(grace_ends), opens - DAY
        while looked_at < last:
            looked_at += DAY
            if looked_at in self.waived:
                last += DAY
        return self.roll(last)

    def why(self, grace_ends: dt.date, last: dt.date) -> set[str]:
        """What decided the last day."""
        between = {grace_ends + DAY * n for n in range((last - grace_ends).days + 1)}
        names = {"last day is Labour Day"} if last in LABOUR_DAYS else set()
        if between & self.own:
            names.add("closed for a holiday of one province")
        if last != self.roll(grace_ends):
            names.add("later by waived days")
            if any(day in self.waived and day.weekday() > 4 and day + DAY not in self.waived for day in between):
                names.add("waived to the end of a weekend")
        return names
