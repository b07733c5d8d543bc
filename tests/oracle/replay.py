"""The replay of a history, by one reading of the contested rules."""

import datetime as dt
from typing import NamedTuple

from tests.oracle.closed_days import Calendar
from tests.oracle.history import DAY, WEEK, Change, Extension, History, Move, Record, Report
from tests.oracle.visas import regime, visa_class


class Reading(NamedTuple):
    """Which extension counts as a report (the first of the permission, of the stay, or never), and what day one is."""

    extension: str = "permission"
    arrival_day_counts: bool = True


READINGS = [Reading(which, counts) for which in ("permission", "stay", "never") for counts in (True, False)]

# The class of an extension that names none, where none is on record before it: it may be any.
UNKNOWN = "?"


def a_year_later(day: dt.date) -> dt.date:
    """The same date next year; the day before for a 29 February that does not come."""
    if (day.month, day.day) == (2, 29):
        return dt.date(day.year + 1, 2, 28)
    return dt.date(day.year + 1, day.month, day.day)


class Position:
    """The stay and the due date of a person after the events of a day; `met` says what happened on the way."""

    def __init__(self, calendar: Calendar, reading: Reading) -> None:
        self.calendar, self.reading = calendar, reading
        self.inside = False
        self.arrived: dt.date | None = None
        self.counted_from: dt.date | None = None
        self.visa = ""
        self.until: dt.date | None = None
        self.due: dt.date | None = None
        self.not_late: dt.date | None = None
        self.basis: Record | None = None
        self.extended_permission = self.extended_stay = False
        self.extended: set[tuple[dt.date, str]] = set()
        self.stated: dict[dt.date, Report] = {}
        self.met: set[str] = set()

    @property
    def regime(self) -> str:
        """The regime of the class held."""
        return regime(self.visa)

    def settle(self, basis: Record, due: dt.date, grace_ends: dt.date | None = None) -> None:
        """A new due date, with seven days of grace, and the record that it stands on."""
        end = grace_ends or due + WEEK
        self.basis, self.due = basis, due
        self.not_late = self.calendar.last_day(self.calendar.opens(due), end)
        self.met = {each for each in self.met if not each.startswith("last day: ")}
        self.met |= {f"last day: {why}" for why in self.calendar.why(end, self.not_late)}

    def arrive(self, move: Move) -> None:
        """Day one of ninety; lateness by the lenient reading, in which the day of arrival is left out."""
        back = any((move.until, known) in self.extended for known in (visa_class(move.visa), UNKNOWN))
        if back or any(move.until == until for until, _ in self.extended):
            self.met.add("came back on the same permission" if back else "came back to the same day in another class")
        if back and self.extended_stay and self.extended_permission:
            self.met.add("came back on an extended permission once more")
        self.inside, self.arrived, self.counted_from = True, move.day, move.day
        self.visa, self.until = move.visa, move.until
        self.extended_permission, self.extended_stay, self.stated = back, False, {}
        if self.regime == "yearly":
            self.settle(move, a_year_later(move.day))
        elif self.regime == "90-day":
            due = move.day + DAY * (89 if self.reading.arrival_day_counts else 90)
            self.settle(move, due, move.day + DAY * 97)
        else:
            self.due = self.not_late = self.basis = None

    def change(self, change: Change) -> None:
        """A new permission; where the regime is another one, a new count, and no earlier report counts."""
        before = self.regime
        self.visa = change.visa or self.visa
        if not self.inside:
            return
        self.until, self.extended_permission = change.until, False
        self.met.add(f"change: {before} to {self.regime}")
        if self.regime == before:
            return
        self.stated, self.counted_from = {}, change.day
        if self.regime == "yearly":
            self.settle(change, a_year_later(change.day))
        elif self.regime == "90-day":
            self.settle(change, change.day + DAY * 90)
        else:
            self.due = self.not_late = self.basis = None

    def extend(self, extension: Extension, receipt_wins: bool) -> None:
        """The first extension counts as a report in person, but never moves a date to before a stated one."""
        self.extended.add((extension.until, visa_class(extension.visa or self.visa) or UNKNOWN))
        if not self.inside:
            return
        which = self.reading.extension
        again = self.extended_stay if which == "stay" else self.extended_permission
        if self.extended_stay and not self.extended_permission:
            self.met.add("first extension of a later permission of the stay")
        if self.extended_permission:
            self.met.add("a later extension")
        self.extended_permission = self.extended_stay = True
        self.until = extension.until
        if which == "never" or again or self.regime != "90-day":
            return
        if receipt_wins:
            self.met.add("a receipt on the day of an extension")
            return
        due, stated = extension.day + DAY * 90, max(self.stated, default=extension.day)
        if stated > due:
            self.met.add("a stated date beyond the extension's")
            self.settle(self.stated[stated], stated)
        else:
            self.settle(extension, due)

    def report(self, report: Report) -> None:
        """A printed date wins; in person from the day itself, online from the due date while not late."""
        if self.due is None or self.not_late is None:
            return
        if report.printed is not None:
            self.stated[report.printed] = report
            self.settle(report, report.printed)
        elif self.regime == "yearly":
            self.settle(report, a_year_later(report.day))
        elif report.how == "online" and report.day <= self.not_late:
            self.settle(report, self.due + DAY * 90)
        else:
            self.settle(report, report.day + DAY * 90)

    def counting(self, reports: list[Report]) -> Report | None:
        """The report that counts among those of one day: after the start of the count, and the highest number."""
        if len(reports) > 1:
            self.met.add("several reports on one day")
        if self.inside and any(report.day == self.arrived for report in reports):
            self.met.add("a report on the day of arrival")
        elif self.inside and any(report.day == self.counted_from for report in reports):
            self.met.add("a report on the day of a new count")
        if any(report.entered not in (None, self.arrived) for report in reports):
            self.met.add("a report that the records contradict")
        counted = [
            report
            for report in reports
            if self.inside and report.day != self.counted_from and report.entered in (None, self.arrived)
        ]
        return max(counted, key=lambda report: report.number, default=None)


def replay(history: History, reading: Reading = READINGS[0]) -> Position:
    """The position after all events up to the history's today."""
    position = Position(Calendar(history), reading)
    for _, same_day in sorted(_by_day(history).items()):
        _move(position, [record for record in same_day if isinstance(record, Move)])
        for record in same_day:
            if isinstance(record, Change):
                position.change(record)
        report = position.counting([record for record in same_day if isinstance(record, Report)])
        extensions = [record for record in same_day if isinstance(record, Extension)]
        for extension in sorted(extensions, key=lambda each: (each.until, each.number)):
            position.extend(extension, receipt_wins=report is not None)
        if report is not None:
            position.report(report)
        if len({type(record) for record in same_day}) > 2:
            position.met.add("three kinds of records on one day")
    return position


def _by_day(history: History) -> dict[dt.date, list[Record]]:
    """The records of each day up to today, in their order."""
    by_day: dict[dt.date, list[Record]] = {}
    records: list[Record] = [*history.moves, *history.changes, *history.extensions, *history.reports]
    for record in records:
        if record.day <= history.today:
            by_day.setdefault(record.day, []).append(record)
    return by_day


def _move(position: Position, same_day: list[Move]) -> None:
    """A departure first for a person inside, an arrival first for one abroad."""
    remaining = list(same_day)
    if {move.way for move in remaining} == {"in", "out"}:
        position.met.add("left and came back on one day" if position.inside else "came and left on one day")
    while remaining:
        wanted = "out" if position.inside else "in"
        move = next((m for m in remaining if m.way == wanted), remaining[0])
        remaining.remove(move)
        if move.way == "in":
            position.arrive(move)
        else:
            position.inside = False
