"""Random histories in which all that the rules speak of happens often."""

import bisect
import datetime as dt
import random

from tests.oracle.closed_days import APEC, LABOUR_DAYS, SUMMIT
from tests.oracle.history import DAY, Change, Extension, History, Move, Report
from tests.oracle.visas import EXEMPT, NINETY, SPELLINGS, UNLISTED, YEARLY, regime

CLASSES = sorted(NINETY | YEARLY | EXEMPT | UNLISTED)
WEIGHTS = [8 if c in ("NON-O", "NON-OA", "NON-B") else 2 if c in NINETY else 4 if c in YEARLY else 2 for c in CLASSES]
# Days 97 after which offices are closed in one province only, or open on Labour Day.
ONE_PROVINCE = sorted(day - DAY * 97 for day in (*SUMMIT, *APEC, dt.date(2026, 10, 16)))
NEAR_CLOSED = sorted({*ONE_PROVINCE, *(day - DAY * 97 for day in LABOUR_DAYS if day.weekday() < 5)})


def random_history(rng: random.Random) -> History:
    """A history of some years with trips (some of no day), permissions, reports early, late, printed and not."""
    return _Life(rng).history


class _Life:
    """A history in the making: the stay of which the records are being invented."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.history = rng, History()
        self.day = dt.date(2015, 1, 1) + DAY * rng.randrange(9000)
        self.near, self.most = NEAR_CLOSED, 0
        if rng.random() < 0.25:
            self.near, self.most = ONE_PROVINCE, 45
            self.day = rng.choice(ONE_PROVINCE) - DAY * rng.choice([0, 0, 1, 30, 75, 90, 180, 365])
        self.visa, self.until = "", self.day
        self.offices = [rng.choice(["BKK", "BKK", "NBI", "SPK", "CMI", "PKT"])]
        self.offices = self.offices * 4 + ["BKK", "CMI"]
        self.history.residence = rng.choice(["", "", "10", "11", "12", "50"])
        self.last = self.day
        trips = rng.randrange(1, 3 if self.most else 5)
        for trip in range(trips):
            self._enter()
            self._stay()
            if trip == trips - 1 and rng.random() < 0.85:
                break
            self._leave()
        self._waive()
        self._choose_today()
        rng.shuffle(self.history.moves)
        rng.shuffle(self.history.reports)

    def _enter(self) -> None:
        """A new permission, or a return on one that was extended, now and then in another class."""
        rng, earlier = self.rng, self.history.extensions
        self.day = self._near(self.day, 20)
        if earlier and rng.random() < 0.6:
            known = earlier[-1] if rng.random() < 0.8 else rng.choice(earlier)
            self.until = known.until
            if rng.random() < 0.25:
                self.visa = self._class()
        else:
            self.until = self.day + DAY * rng.choice([29, 89, 90, 364, 365, 730, 1000, 1826])
            self.visa = self._class()
        self.history.moves.append(Move(self.day, "in", self._written(self.visa), self.until))

    def _stay(self) -> None:
        """Permissions and reports on a few days, so that several often fall on one."""
        rng = self.rng
        days = sorted(self.day + DAY * rng.choice([1, 30, 74, 75, 89, 90, 97, 98, 120, 200, 300]) for _ in range(3))
        days += [self.day + DAY * rng.randrange(130) for _ in range(2)]
        days = [self.day, *(self._near(day, 15) for day in days)]
        events = [(rng.choice(days), "change") for _ in range(rng.choice([0, 0, 0, 1, 1, 2]))]
        events += [(rng.choice(days), "extension") for _ in range(rng.choice([0, 1, 1, 2, 3]))]
        reported = rng.choice(days)
        for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
            events.append((reported, "report"))
            reported += DAY * rng.choice([0, 1, 60, 75, 89, 90, 97, 98, 105, 130])
            reported = rng.choice(days) if rng.random() < 0.2 else self._near(reported, 3)
        entered = self.day
        for day, kind in sorted(events):
            self._record(day, kind, entered)
            self.last = max(self.last, day)
        self.day = rng.choice(days) if rng.random() < 0.3 else self.day

    def _record(self, day: dt.date, kind: str, entered: dt.date) -> None:
        """One record; of a kind of permission, no two on one day."""
        rng, until = self.rng, day + DAY * self.rng.choice([30, 90, 365, 366, 400, 730, 1000, 1826])
        if kind == "change" and not any(change.day == day for change in self.history.changes):
            self.visa = self._class() if rng.random() < 0.8 else self.visa
            self.history.changes.append(Change(day, until, self._written(self.visa)))
        elif kind == "extension" and not any(extension.day == day for extension in self.history.extensions):
            named = rng.random() < 0.3
            written = self._written(self._class() if rng.random() < 0.1 else self.visa) if named else ""
            self.history.extensions.append(Extension(day, until, written))
        elif kind == "report":
            self._report(day, entered)

    def _report(self, day: dt.date, entered: dt.date) -> None:
        """A report at an office, or one accepted by the service, which no other report shares the day with."""
        rng, number = self.rng, f"R{self.rng.randrange(10**6):06}"
        printed = day + DAY * rng.choice([60, 89, 90, 90, 90, 95, 120, 150, 200])
        same_day = [report for report in self.history.reports if report.day == day]
        if rng.random() < 0.15 and not same_day:
            entered -= DAY * (rng.random() < 0.1)
            self.history.reports.append(Report(day, "online", printed, number, rng.choice(self.offices), True, entered))
        elif not any(report.ours for report in same_day):
            how, stated = rng.choice(["counter", "agent", "online", "online", "post"]), rng.random() < 0.4
            office = rng.choice(self.offices)
            self.history.reports.append(Report(day, how, printed if stated else None, number, office))

    def _leave(self) -> None:
        """A departure, which is not always on record, and the day of the next arrival."""
        rng = self.rng
        self.day += DAY * rng.choice([0, 0, 3, 30, 89, 90, 120, 200, 400])
        if rng.random() < 0.8:
            self.history.moves.append(Move(self.day, "out", "", self.until))
            self.day += DAY * rng.choice([0, 0, 1, 5, 40])

    def _waive(self) -> None:
        """Outages and waivers about the end of a window; some overlap, some end on a weekend."""
        rng = self.rng
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 3])):
            first = self.last + DAY * rng.choice([60, 74, 85, 89, 90, 95, 96, 97, 98, 99, 100, rng.randrange(130)])
            if self.history.waivers and rng.random() < 0.5:
                first = self.history.waivers[-1][1] + DAY * rng.choice([-2, -1, 0, 1, 2])
            last = first + DAY * rng.choice([0, 0, 1, 2, 4, 9, 40])
            if rng.random() < 0.4:
                last += DAY * ((rng.choice([5, 6]) - last.weekday()) % 7)
            self.history.waivers.append((first, last))

    def _choose_today(self) -> None:
        """About a date that follows from the last record, or from a receipt."""
        rng = self.rng
        stated = [report.printed for report in self.history.reports if report.printed]
        today = self.last if rng.random() < 0.7 else self.history.moves[-1].day
        today += DAY * rng.choice([-30, 0, 1, 50, 74, 75, 76, 89, 90, 91, 96, 97, 98, 99, 100, 101, 105, 150, 365])
        if regime(self.visa) == "yearly" and rng.random() < 0.7:
            today = self.last + DAY * rng.choice([349, 350, 364, 365, 366, 372, 373, 374, 375])
        if stated and rng.random() < 0.25:
            today = stated[-1] + DAY * rng.choice([-16, -15, -1, 0, 1, 7, 8, 10, 11])
        self.history.today = today

    def _near(self, day: dt.date, most: int) -> dt.date:
        """The day, or one nearby, 97 days before which offices are closed in one province or open on Labour Day."""
        most = max(most, self.most)
        n = bisect.bisect(self.near, max(day - DAY * most, self.day))
        if n == len(self.near) or self.near[n] > day + DAY * most or self.rng.random() < 0.3:
            return day
        return self.near[n]

    def _class(self) -> str:
        chosen = self.rng.choices(CLASSES, WEIGHTS)[0]
        if self.visa and regime(self.visa) != "90-day" and self.rng.random() < 0.4:
            return "NON-O"
        return chosen

    def _written(self, visa: str) -> str:
        """The class as somebody writes it."""
        return self.rng.choice([visa, *SPELLINGS[visa]]) if visa in SPELLINGS and self.rng.random() < 0.5 else visa
