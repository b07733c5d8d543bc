"""A second implementation of the due date, written from the rules in words alone; it shares no code with the first.

It replays a history event by event; the rules under test replay the records of the last stay only.
`python -m tests.compare_histories 1000000` compares a million random histories and prints how many differ.
"""

import datetime as dt
import random
from dataclasses import dataclass, field

import holidays

DAY = dt.timedelta(1)
YEARLY, NINETY = {"LTR", "SMART"}, {"NON-B", "NON-O", "NON-OA", "NON-ED", "NON-LA", "TR", "DTV", "PE"}
EXEMPT = {"DIPLOMATIC", "OFFICIAL", "PR"}
KNOWN = holidays.country_holidays("TH", years=range(2014, 2047), categories=("public", "government"))
CLOSED = {day for day, name in KNOWN.items() if "Labor Day" not in name}
CLOSED_IN_BANGKOK = {dt.date(2026, 10, 16), *(dt.date(2022, 11, day) for day in (16, 17, 18))}
CLOSED_IN_BANGKOK |= {dt.date(2019, 11, day) for day in (4, 5)}


@dataclass
class History:
    """Records as tuples: moves (day, in or out, class, until), extensions (day, until), reports (day, how, printed).

    All reports were taken by the office in Bangkok; one that is not listed may have been, too.
    """

    moves: list[tuple[dt.date, str, str, dt.date]] = field(default_factory=list)
    extensions: list[tuple[dt.date, dt.date]] = field(default_factory=list)
    reports: list[tuple[dt.date, str, dt.date | None]] = field(default_factory=list)
    today: dt.date = dt.date(2026, 1, 1)
    in_bangkok: bool = False


def random_history(rng: random.Random) -> History:
    """A history of some years with trips (some of no day), extensions and reports early, late, printed and not."""
    history, day = History(), dt.date(2015, 1, 1) + DAY * rng.randrange(9000)
    classes = sorted(NINETY | YEARLY | EXEMPT | {"CABINET", "ODD"})
    weights = [8 if c in NINETY else 1 for c in classes]
    trips = rng.randrange(1, 5)
    for trip in range(trips):
        until = day + DAY * rng.choice([29, 59, 88, 89, 90, 179, 364, 1000])
        history.moves.append((day, "in", rng.choices(classes, weights)[0], until))
        for _ in range(rng.choice([0, 0, 1, 2])):
            granted = day + DAY * rng.randrange(120)
            history.extensions.append((granted, granted + DAY * 365))
        reported_on = day
        for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
            reported_on += DAY * rng.choice([1, 60, 75, 89, 90, 97, 98, 105, 130])
            printed = reported_on + DAY * rng.choice([60, 89, 90]) if rng.random() < 0.4 else None
            history.reports.append((reported_on, rng.choice(["counter", "agent", "online", "post"]), printed))
        if trip == trips - 1 and rng.random() < 0.85:
            break
        day += DAY * rng.choice([0, 3, 30, 89, 90, 120, 200, 400])
        if rng.random() < 0.8:
            history.moves.append((day, "out", "", until))
            day += DAY * rng.choice([0, 0, 1, 5, 40])
    last = max(day, *(r[0] for r in history.reports)) if history.reports and rng.random() < 0.5 else day
    history.today = last + DAY * rng.choice([-30, 0, 1, 50, 74, 75, 76, 89, 90, 91, 96, 97, 98, 99, 100, 101, 150])
    rng.shuffle(history.moves)
    return history


def roll(day: dt.date, closed: set[dt.date]) -> dt.date:
    """The day itself, or the first after it on which offices are open."""
    while day.weekday() > 4 or day in closed:
        day += DAY
    return day


def a_year_later(day: dt.date) -> dt.date:
    """The same date next year; the day before for a 29 February that does not come."""
    if (day.month, day.day) == (2, 29):
        return dt.date(day.year + 1, 2, 28)
    return dt.date(day.year + 1, day.month, day.day)


class Position:
    """The stay and the due date of a person after the events of a day."""

    def __init__(self, closed: set[dt.date]) -> None:
        self.closed = closed
        self.inside = False
        self.arrived: dt.date | None = None
        self.visa = ""
        self.until: dt.date | None = None
        self.due: dt.date | None = None
        self.not_late: dt.date | None = None
        self.extended = False

    def arrive(self, day: dt.date, visa: str, until: dt.date) -> None:
        """Day one of ninety; lateness by the lenient reading, in which the day of arrival is left out."""
        self.inside, self.arrived, self.visa, self.until, self.extended = True, day, visa, until, False
        self.due = a_year_later(day) if visa in YEARLY else day + DAY * 89
        self.not_late = roll(self.due + DAY * 7 if visa in YEARLY else day + DAY * 97, self.closed)

    def settle(self, due: dt.date) -> None:
        """A new due date, with seven days of grace."""
        self.due, self.not_late = due, roll(due + DAY * 7, self.closed)

    def extend(self, day: dt.date, until: dt.date) -> None:
        """The first extension of a stay counts as a report in person."""
        if not self.extended and self.visa not in YEARLY:
            self.settle(day + DAY * 90)
        self.extended, self.until = True, until

    def report(self, day: dt.date, how: str, printed: dt.date | None) -> None:
        """A printed date wins; in person from the day itself, online from the due date while not late."""
        assert self.due is not None
        assert self.not_late is not None
        if printed is not None:
            self.settle(printed)
        elif self.visa in YEARLY:
            self.settle(a_year_later(day))
        elif how == "online" and day <= self.not_late:
            self.settle(self.due + DAY * 90)
        else:
            self.settle(day + DAY * 90)


def replay(history: History) -> Position:
    """The position after all events up to the history's today."""
    in_bangkok = history.in_bangkok or any(day <= history.today for day, _, _ in history.reports)
    position = Position(CLOSED | CLOSED_IN_BANGKOK if in_bangkok else CLOSED)
    days = {m[0] for m in history.moves} | {e[0] for e in history.extensions} | {r[0] for r in history.reports}
    for day in sorted(d for d in days if d <= history.today):
        _move(position, [m for m in history.moves if m[0] == day])
        if not position.inside:
            continue
        for granted, until in sorted(e for e in history.extensions if e[0] == day):
            position.extend(granted, until)
        for number, how, printed in _numbered(history, day):
            assert number
            position.report(day, how, printed)
    return position


def _numbered(history: History, day: dt.date) -> list[tuple[str, str, dt.date | None]]:
    reports = [(f"R{n:03}", how, printed) for n, (on, how, printed) in enumerate(history.reports) if on == day]
    return sorted(reports, key=lambda r: r[0])


def _move(position: Position, same_day: list[tuple[dt.date, str, str, dt.date]]) -> None:
    """A departure first for a person inside, an arrival first for one abroad."""
    remaining = list(same_day)
    while remaining:
        wanted = "out" if position.inside else "in"
        move = next((m for m in remaining if m[1] == wanted), remaining[0])
        remaining.remove(move)
        if move[1] == "in":
            position.arrive(move[0], move[2], move[3])
        else:
            position.inside = False


def answer(history: History) -> dict[str, object]:
    """The obligation: regime, state, due date and last day that is not late, as the API names them."""
    position = replay(history)
    if not position.inside:
        return {"regime": None, "state": "none", "due_on": None, "late_after": None}
    regime = "yearly" if position.visa in YEARLY else "90-day" if position.visa in NINETY else "unclear"
    regime = "exempt" if position.visa in EXEMPT else regime
    if regime in ("exempt", "unclear"):
        return {"regime": regime, "state": "none", "due_on": None, "late_after": None}
    assert position.due is not None
    assert position.not_late is not None
    assert position.until is not None
    return {
        "regime": regime,
        "state": _state(position, history.today),
        "due_on": position.due,
        "late_after": position.not_late,
    }


def _state(position: Position, today: dt.date) -> str:
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
