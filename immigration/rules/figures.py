"""The figures that are published: what they count, over which days, and by which terms."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple

from immigration.rules.suppression import Line, hidden, rounded

EVERYWHERE = ""
"""In place of an office: all of them."""
STEP = 5
"""Days that one bar of the forecast stands for; 15, 30 and 90 are multiples."""
SPANS = {"0-14": range(3), "15-29": range(3, 6), "30-89": range(6, 18)}
"""The bars of the forecast, counted from today, that make up its three spans."""
AHEAD = 90
"""Days that the forecast looks ahead."""
TOTAL = "total"
_WEEK = timedelta(days=7)


class FigureKind(StrEnum):
    """What a published figure is about."""

    FORECAST = "forecast"
    DUE = "due"
    RATES = "rates"
    CHANNELS = "channels"
    DECISIONS = "decisions"
    WAITS = "waits"
    CHANGES = "changes"
    OUTAGES = "outages"
    ERRORS = "errors"
    REMINDERS = "reminders"
    COVERAGE = "coverage"
    WEEKS = "weeks"


class Cell(NamedTuple):
    """What one figure counts: a kind, an item of it, and where it applies an office, a nationality or a day."""

    kind: FigureKind
    item: str
    office: str = EVERYWHERE
    nationality: str = ""
    day: date | None = None


@dataclass(frozen=True)
class FigureTerms:
    """The terms in force on a day; the values, with grade and source, are in the law file `figures`."""

    least: int
    rounded_to: int
    weeks: int
    reminded_within: timedelta


@dataclass(frozen=True)
class Period:
    """The days that figures are counted over: complete weeks, both days included."""

    since: date
    until: date

    def mondays(self) -> list[date]:
        """The first day of each week."""
        return [self.since + each * _WEEK for each in range(((self.until - self.since).days + 1) // 7)]


def period(today: date, weeks: int) -> Period:
    """The last complete weeks before a day, from Monday to Sunday."""
    monday = today - timedelta(days=today.weekday())
    return Period(monday - weeks * _WEEK, monday - timedelta(days=1))


def publish(numbers: Mapping[Cell, int], lines: Iterable[Line[Cell]], terms: FigureTerms) -> dict[Cell, int | None]:
    """What is shown of some counts: rounded, and None for what is small or would give away what is small."""
    secret = hidden(numbers, lines, least=terms.least)
    return {cell: None if cell in secret else rounded(number, terms.rounded_to) for cell, number in numbers.items()}


def table(
    counts: Mapping[tuple[str, str], int], kind: FigureKind, *, by: Literal["office", "nationality", "day"]
) -> tuple[dict[Cell, int], list[Line[Cell]]]:
    """Counts by (row, item) as cells with all of their sums; a row is an office, a nationality, or a day (`by`).

    The sums are of each row (TOTAL), of each item over all rows, and of everything.
    """
    rows, items = sorted({row for row, _ in counts}), sorted({item for _, item in counts})

    def cell(row: str, item: str) -> Cell:
        if not row:
            return Cell(kind, item)
        if by == "day":
            return Cell(kind, item, day=date.fromisoformat(row))
        return Cell(kind, item, office=row) if by == "office" else Cell(kind, item, nationality=row)

    numbers = {cell(row, item): counts.get((row, item), 0) for row in rows for item in items}
    lines = []
    for row in rows:
        lines.append(_sum(numbers, cell(row, TOTAL), [cell(row, item) for item in items]))
    for item in (*items, TOTAL):
        lines.append(_sum(numbers, cell(EVERYWHERE, item), [cell(row, item) for row in rows]))
    lines.append(Line(cell(EVERYWHERE, TOTAL), tuple(cell(EVERYWHERE, item) for item in items)))
    return numbers, lines


def same(one: Cell, other: Cell) -> Line[Cell]:
    """That two cells of different tables are the same count, so that one does not show what the other hides."""
    return Line(one, (other,))


def _sum(numbers: dict[Cell, int], total: Cell, parts: list[Cell]) -> Line[Cell]:
    """Add a sum to the numbers; the line that says what it is the sum of."""
    numbers[total] = sum(numbers[part] for part in parts)
    return Line(total, tuple(parts))
