"""A second implementation of the due date, written from the rules in words alone; it shares no code with the first.

It walks through a life event by event and keeps a diary; the rules under test replay the records of the last stay.
`python -m tests.compare_histories 1000000` compares a million random lives and says how many differed.
"""

import datetime as dt
import random
from dataclasses import dataclass, field

import holidays

ONE = dt.timedelta(1)
YEARLY, NINETY = {"LTR", "SMART"}, {"NON-B", "NON-O", "NON-OA", "NON-ED", "NON-LA", "TR", "DTV", "PE"}
EXEMPT = {"DIPLOMATIC", "OFFICIAL", "PR"}
CLOSED = set(holidays.country_holidays("TH", years=range(2014, 2047), categories=("public", "government")))


@dataclass
class Life:
    """Records as tuples: moves (day, in or out, class, until), extensions (day, until), reports (day, how, printed)."""

    moves: list[tuple[dt.date, str, str, dt.date]] = field(default_factory=list)
    extensions: list[tuple[dt.date, dt.date]] = field(default_factory=list)
    reports: list[tuple[dt.date, str, dt.date | None]] = field(default_factory=list)
    today: dt.date = dt.date(2026, 1, 1)


def random_life(rng: random.Random) -> Life:
    """A life of some years with trips (some of no day), extensions and reports early, late, printed and not."""
    life, day = Life(), dt.date(2015, 1, 1) + ONE * rng.randrange(9000)
    classes = sorted(NINETY | YEARLY | EXEMPT | {"CABINET", "ODD"})
    weights = [8 if c in NINETY else 1 for c in classes]
    trips = rng.randrange(1, 5)
    for trip in range(trips):
        until = day + ONE * rng.choice([29, 59, 88, 89, 90, 179, 364, 1000])
        life.moves.append((day, "in", rng.choices(classes, weights)[0], until))
        for _ in range(rng.choice([0, 0, 1, 2])):
            granted = day + ONE * rng.randrange(120)
            life.extensions.append((granted, granted + ONE * 365))
        at = day
        for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
            at += ONE * rng.choice([1, 60, 75, 89, 90, 97, 98, 105, 130])
            printed = at + ONE * rng.choice([60, 89, 90]) if rng.random() < 0.4 else None
            life.reports.append((at, rng.choice(["counter", "agent", "online", "post"]), printed))
        if trip == trips - 1 and rng.random() < 0.85:
            break
        day += ONE * rng.choice([0, 3, 30, 89, 90, 120, 200, 400])
        if rng.random() < 0.8:
            life.moves.append((day, "out", "", until))
            day += ONE * rng.choice([0, 0, 1, 5, 40])
    last = max(day, *(r[0] for r in life.reports)) if life.reports and rng.random() < 0.5 else day
    life.today = last + ONE * rng.choice([-30, 0, 1, 50, 74, 75, 76, 89, 90, 91, 96, 97, 98, 99, 100, 101, 150])
    rng.shuffle(life.moves)
    return life


def roll(day: dt.date) -> dt.date:
    """The day itself, or the first after it on which offices are open."""
    while day.weekday() > 4 or day in CLOSED:
        day += ONE
    return day


def a_year_later(day: dt.date) -> dt.date:
    """The same date next year; the day before for a 29 February that does not come."""
    if (day.month, day.day) == (2, 29):
        return dt.date(day.year + 1, 2, 28)
    return dt.date(day.year + 1, day.month, day.day)


class Diary:
    """Where a person stands after each day that something happened on."""

    def __init__(self) -> None:
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
        self.due = a_year_later(day) if visa in YEARLY else day + ONE * 89
        self.not_late = roll(self.due + ONE * 7) if visa in YEARLY else roll(day + ONE * 97)

    def settle(self, due: dt.date) -> None:
        """A new due date, with seven days of grace."""
        self.due, self.not_late = due, roll(due + ONE * 7)

    def extend(self, day: dt.date, until: dt.date) -> None:
        """The first one of a stay counts as a report in person."""
        if not self.extended and self.visa not in YEARLY:
            self.settle(day + ONE * 90)
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
            self.settle(self.due + ONE * 90)
        else:
            self.settle(day + ONE * 90)


def diary(life: Life) -> Diary:
    """Live the life up to its today."""
    book = Diary()
    days = {m[0] for m in life.moves} | {e[0] for e in life.extensions} | {r[0] for r in life.reports}
    for day in sorted(d for d in days if d <= life.today):
        _move(book, [m for m in life.moves if m[0] == day])
        if not book.inside:
            continue
        for granted, until in sorted(e for e in life.extensions if e[0] == day):
            book.extend(granted, until)
        for number, how, printed in _numbered(life, day):
            assert number
            book.report(day, how, printed)
    return book


def _numbered(life: Life, day: dt.date) -> list[tuple[str, str, dt.date | None]]:
    found = [(f"R{n:03}", how, printed) for n, (on, how, printed) in enumerate(life.reports) if on == day]
    return sorted(found, key=lambda r: r[0])


def _move(book: Diary, same_day: list[tuple[dt.date, str, str, dt.date]]) -> None:
    """Out before in when inside, in before out when abroad."""
    left = list(same_day)
    while left:
        wanted = "out" if book.inside else "in"
        move = next((m for m in left if m[1] == wanted), left[0])
        left.remove(move)
        if move[1] == "in":
            book.arrive(move[0], move[2], move[3])
        else:
            book.inside = False


def answer(life: Life) -> dict[str, object]:
    """What the person owes, in the words of the interface."""
    book = diary(life)
    if not book.inside:
        return {"regime": None, "state": "none", "due_on": None, "late_after": None}
    regime = "yearly" if book.visa in YEARLY else "90-day" if book.visa in NINETY else "unclear"
    regime = "exempt" if book.visa in EXEMPT else regime
    if regime in ("exempt", "unclear"):
        return {"regime": regime, "state": "none", "due_on": None, "late_after": None}
    assert book.due is not None
    assert book.not_late is not None
    assert book.until is not None
    return {"regime": regime, "state": _state(book, life.today), "due_on": book.due, "late_after": book.not_late}


def _state(book: Diary, today: dt.date) -> str:
    assert book.due is not None
    assert book.not_late is not None
    assert book.until is not None
    if book.until <= book.due:
        return "none"
    if today > book.not_late:
        return "late"
    if today > book.due:
        return "in-grace"
    if today == book.due:
        return "due-today"
    return "open" if (book.due - today).days <= 15 else "not-open"
