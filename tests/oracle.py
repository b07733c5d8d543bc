"""A second implementation of the due date, written from the rules in words alone; it shares no code with the first.

It replays a whole life day by day; the rules under test replay the records of the last stay only.
`python -m tests.compare_histories 1000000` compares a million random histories and prints how many differ.
"""

import datetime as dt
from dataclasses import dataclass, field
from itertools import product

import holidays

DAY = dt.timedelta(1)
WEEK = 7 * DAY
KNOWN = holidays.country_holidays("TH", years=range(2014, 2050), categories=("public", "government"))
CLOSED = {day for day, name in KNOWN.items() if "Labor Day" not in name}
CLOSED_IN_BANGKOK = {dt.date(2026, 10, 16), *(dt.date(2022, 11, day) for day in (16, 17, 18))}
CLOSED_IN_BANGKOK |= {dt.date(2019, 11, day) for day in (4, 5)}
CLASSES = {
    "NON-B": "NONB", "NON-O": "NONO", "NON-OA": "NONOA", "NON-ED": "NONED", "NON-LA": "NONLA", "TR": "TR", "VE": "VE",
    "DTV": "DTV", "PE": "PE", "LTR": "LTR", "SMART": "SMART", "DIPLOMATIC": "DIPLOMATIC", "OFFICIAL": "OFFICIAL",
    "PR": "PR", "CABINET": "CABINET", "ODD": "ODD",
    "non o": "NONO", "NON-O-A": "NONOA", "O-A": "NONOA", "NON O-A": "NONOA", "ED+": "NONED", "LTR-P": "LTR",
    "SMART-T": "SMART", "VE60": "VE", "P60": "VE", "Non-B": "NONB",
}  # fmt: skip
"""How classes are written, and which class is meant."""
YEARLY, EXEMPT, UNCLEAR = {"LTR", "SMART"}, {"DIPLOMATIC", "OFFICIAL", "PR"}, {"CABINET", "ODD"}
READINGS = tuple(product(("permission", "stay", "never"), (True, False)))
"""Which extension counts as a report (the first of the permission, of the stay, none); whether the arrival is day 1."""
Date = dt.date


@dataclass
class History:
    """Records as tuples, in any order.

    `moves` are (day, in or out, class, until), `permissions` (day, extension or change, class or "", until), `reports`
    (day, how, printed). All reports were taken by the office in Bangkok; one that is not listed may have been, too.
    `outages` are (first, last). A report can be filed from `opens_before` days before it is due.
    """

    moves: list[tuple[Date, str, str, Date]] = field(default_factory=list)
    permissions: list[tuple[Date, str, str, Date]] = field(default_factory=list)
    reports: list[tuple[Date, str, Date | None]] = field(default_factory=list)
    outages: list[tuple[Date, Date]] = field(default_factory=list)
    today: Date = dt.date(2026, 1, 1)
    in_bangkok: bool = False
    opens_before: int = 15


def regime_of(written: str) -> str:
    """The regime of a class."""
    meant = CLASSES[written]
    if meant in EXEMPT | UNCLEAR:
        return "exempt" if meant in EXEMPT else "unclear"
    return "yearly" if meant in YEARLY else "90-day"


def a_year_later(day: Date) -> Date:
    """The same date next year; the day before for a 29 February that does not come."""
    if (day.month, day.day) == (2, 29):
        return dt.date(day.year + 1, 2, 28)
    return dt.date(day.year + 1, day.month, day.day)


class Position:
    """The stay and the due date of a person after the events of a day, by one reading of the contested rules.

    `record` is the index of the record that the due date stands on, among those of its kind in the history.
    """

    def __init__(self, history: History, reading: tuple[str, bool] = READINGS[0]) -> None:
        in_bangkok = history.in_bangkok or any(day <= history.today for day, _, _ in history.reports)
        self.closed = CLOSED | CLOSED_IN_BANGKOK if in_bangkok else CLOSED
        self.outages, self.opens_before = history.outages, history.opens_before * DAY
        self.extension, self.arrival_is_day_one = reading
        self.inside, self.visa, self.basis, self.record = False, "", "", 0
        self.arrived: Date | None = None
        self.until: Date | None = None
        self.due: Date | None = None
        self.last: Date | None = None
        self.stated: Date | None = None
        self.extended = False
        self.given: list[tuple[Date, Date, str]] = []
        self.index = 0
        self.restarted: Date | None = None

    @property
    def regime(self) -> str:
        """The regime of the present class."""
        return regime_of(self.visa)

    @property
    def not_late(self) -> Date | None:
        """The last day that is not judged late, with closed days and outages."""
        if self.due is None or self.last is None:
            return None
        end = self._open(self.last)
        down = {first + DAY * n for first, last in self.outages for n in range((last - first).days + 1)}
        first = end
        while True:
            lost = sum(self.due - self.opens_before <= day <= end for day in down)
            if self._open(first + DAY * lost) == end:
                return end
            end = self._open(first + DAY * lost)

    def _open(self, day: Date) -> Date:
        while day.weekday() > 4 or day in self.closed:
            day += DAY
        return day

    def settle(self, basis: str, due: Date | None, last: Date | None = None, stated: bool = False) -> None:
        """A new due date, with seven days of grace; None where the regime asks for no report."""
        self.basis, self.due = (basis, due) if due else ("", None)
        self.record = self.index
        self.last = last or (due + WEEK if due else None)
        self.stated = due if stated else None

    def count(self, basis: str, day: Date) -> None:
        """A count that begins on a day: one year of a yearly regime, 90 days of the other."""
        periods = {"yearly": a_year_later(day), "90-day": day + DAY * 90}
        self.settle(basis, periods.get(self.regime))

    def arrive(self, day: Date, visa: str, until: Date) -> None:
        """Everything starts again; lateness by the lenient reading, in which the day of arrival is left out."""
        self.inside, self.arrived, self.visa, self.until, self.restarted = True, day, visa, until, day
        came_back = any(on < day and end == until and CLASSES[of] == CLASSES[visa] for on, end, of in self.given)
        self.extended = self.extension == "permission" and came_back
        self.count("arrival", day)
        if self.regime == "90-day":
            self.settle("arrival", day + DAY * (89 if self.arrival_is_day_one else 90), day + DAY * 97)

    def permit(self, day: Date, kind: str, visa: str, until: Date) -> None:
        """A change to another regime begins a new count; the first extension counts as a report in person."""
        before, self.visa, self.until = self.regime, visa or self.visa, until
        if kind == "extension":
            self.given.append((day, until, self.visa))
        if self.regime != before:
            self.count("change", day)
            self.restarted = day
        new = self.regime != before or kind == "change"
        if new and self.extension == "permission":
            self.extended = False
        if new:
            return
        counts = self.regime == "90-day" and not self.extended and self.extension != "never"
        if counts and not (self.stated and day + DAY * 90 < self.stated):
            self.settle("extension", day + DAY * 90)
        self.extended = True

    def report(self, day: Date, how: str, printed: Date | None) -> None:
        """A printed date wins; in person from the day itself, online from the due date while not late."""
        late_after = self.not_late
        if self.due is None or late_after is None or self.restarted is None or day <= self.restarted:
            return
        if printed is not None:
            self.settle("report", printed, stated=True)
        elif self.regime == "90-day" and how == "online" and day <= late_after:
            self.settle("report", self.due + DAY * 90)
        else:
            self.count("report", day)


def replay(history: History, reading: tuple[str, bool] = READINGS[0]) -> Position:
    """The position after all events up to the history's today."""
    position = Position(history, reading)
    days: set[Date] = {move[0] for move in history.moves}
    days |= {permission[0] for permission in history.permissions} | {report[0] for report in history.reports}
    for day in sorted(each for each in days if each <= history.today):
        _move(position, [(n, move) for n, move in enumerate(history.moves) if move[0] == day])
        _permit(position, day, history)
        for position.index, (on, how, printed) in enumerate(history.reports):
            if on == day and position.inside:
                position.report(day, how, printed)
    return position


def _permit(position: Position, day: Date, history: History) -> None:
    """A change comes before an extension; what is granted while abroad is to the permission held before leaving."""
    granted = [(kind, until, n, visa) for n, (on, kind, visa, until) in enumerate(history.permissions) if on == day]
    for kind, until, position.index, visa in sorted(granted):
        if position.inside:
            position.permit(day, kind, visa, until)
            continue
        position.visa = visa or position.visa
        if kind == "extension" and position.visa:
            position.given.append((day, until, position.visa))


def _move(position: Position, same_day: list[tuple[int, tuple[Date, str, str, Date]]]) -> None:
    """A departure first for a person inside, an arrival first for one abroad."""
    remaining = list(same_day)
    while remaining:
        wanted = "out" if position.inside else "in"
        number = next((n for n, (_, move) in enumerate(remaining) if move[1] == wanted), 0)
        position.index, move = remaining.pop(number)
        if move[1] == "in":
            position.arrive(move[0], move[2], move[3])
        else:
            position.inside = False


def answer(history: History) -> dict[str, object]:
    """The obligation, as the API names it, with the kind of what the date stands on."""
    position = replay(history)
    nothing = dict.fromkeys(("due_on", "late_after", "opens_on", "can_file_from"))
    if not position.inside:
        return {"regime": None, "state": "none", "basis": "", **nothing}
    if position.due is None:
        return {"regime": position.regime, "state": "none", "basis": "", **nothing}
    return {
        "regime": position.regime,
        "state": _state(position, history.today),
        "basis": position.basis,
        "due_on": position.due,
        "late_after": position.not_late,
        "opens_on": position.due - position.opens_before,
        "can_file_from": _can_file_from(position.due - position.opens_before, history),
    }


def _can_file_from(opens_on: Date, history: History) -> Date:
    """The earliest day of a window that is open or still to come, by any reading; before the window in force opens."""
    if history.today >= opens_on:
        return opens_on
    days = [opens_on]
    for other in (replay(history, reading) for reading in READINGS):
        if other.due and other.not_late and other.not_late >= history.today:
            days.append(other.due - other.opens_before)
    return min(days)


def _state(position: Position, today: Date) -> str:
    assert position.due is not None
    assert position.not_late is not None
    assert position.until is not None
    if position.until <= position.due:
        return "none"
    if today > position.not_late:
        return "late"
    if today > position.due:
        return "in-grace"
    if today == position.due:
        return "due-today"
    return "open" if (position.due - today).days <= 15 else "not-open"
