"""The published figures: what is small is hidden before anything is stored, and pages read what is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, or_, select

from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from immigration.models.figures import Figure, FigureCount
from immigration.registries.figures import terms
from immigration.rules import figures as rules
from immigration.rules.figures import EVERYWHERE, TOTAL, Cell, FigureKind, FigureTerms, Period
from immigration.rules.suppression import Line
from immigration.services import counting
from immigration.services.counting import Counts, Wait

BATCH = 5000
Shown = dict[Cell, int | None]


@dataclass(frozen=True, slots=True)
class Published:
    """Figures as they are shown, and when and over which days they were counted; None before the first count."""

    count: FigureCount | None
    shown: Mapping[Cell, int | None]

    def number(self, kind: FigureKind, item: str, office: str = EVERYWHERE) -> int | None:
        """A figure of an office; 0 where nothing was counted, None where it is not shown."""
        return self.shown.get(Cell(kind, item, office), 0) if self.count else None

    def rows(self, kind: FigureKind | None = None) -> list[Cell]:
        """All figures, of one kind where it is named, in order."""
        return sorted(
            (cell for cell in self.shown if kind in (None, cell.kind)),
            key=lambda cell: (cell.kind, cell.day or date.min, cell.office, cell.nationality, cell.item),
        )


def period(now: datetime) -> Period:
    """The weeks that are counted at an instant."""
    today = bangkok_date(now)
    return rules.period(today, terms(today).weeks)


def is_counted(session: ReadSession, now: datetime) -> bool:
    """Whether the figures of a day are there."""
    today = bangkok_date(now)
    return session.scalars(select(FigureCount.today).where(FigureCount.today >= today)).first() is not None


def count(session: Session, now: datetime, *, reminders: Counts, coverage: Counts) -> int:
    """Count everything, hide what is small, and put it in place of the last figures; how many figures there are.

    What became of reminders comes from the package that sends them, by week and item.
    """
    today, over = bangkok_date(now), period(now)
    valid = terms(today)
    shown = _of_people(session, today, over, valid) | _of_reports(session, over, valid)
    for kind, counts in ((FigureKind.REMINDERS, reminders), (FigureKind.COVERAGE, coverage)):
        shown |= rules.publish(*rules.table(counts, kind, by="day"), valid)
    session.execute(delete(Figure))
    session.execute(delete(FigureCount))
    session.add(FigureCount(counted_at=now, today=today, since=over.since, until=over.until))
    rows = [cell._asdict() | {"number": number} for cell, number in shown.items()]
    for begin in range(0, len(rows), BATCH):
        session.execute(insert(Figure), rows[begin : begin + BATCH])
    return len(rows)


def read(session: ReadSession, kinds: Sequence[FigureKind], offices: Sequence[str] | None = None) -> Published:
    """The figures of some kinds, of some offices (None: of each) and of all together."""
    last = session.scalars(select(FigureCount).order_by(FigureCount.counted_at.desc()).limit(1)).first()
    query = select(Figure.kind, Figure.item, Figure.office, Figure.nationality, Figure.day, Figure.number)
    query = query.where(Figure.kind.in_(kinds))
    if offices is not None:
        query = query.where(or_(Figure.office == EVERYWHERE, Figure.office.in_(offices)))
    shown = {Cell(FigureKind(row.kind), *row[1:5]): row.number for row in session.execute(query)}
    return Published(last, shown)


def _of_people(session: ReadSession, today: date, over: Period, valid: FigureTerms) -> Shown:
    due, missed, nations_missed = counting.people(session, today, over)
    by_office, by_nation = counting.reported(session, today, over)
    rates, rate_lines = rules.table({**by_office, **missed}, FigureKind.RATES, by="office")
    nations, nation_lines = rules.table({**by_nation, **nations_missed}, FigureKind.RATES, by="nationality")
    # Both tables have the same sums over everything, so that what one hides the other must not show.
    numbers, lines = nations | rates, [*rate_lines, *nation_lines]
    return rules.publish(numbers, lines, valid) | _forecast(due, valid)


def _forecast(bars: Counts, valid: FigureTerms) -> Shown:
    """The spans by office, and where a span is shown the bars that make it up."""
    spans, lines = rules.table(counting.spans(bars), FigureKind.FORECAST, by="office")
    fine, fine_lines = rules.table(bars, FigureKind.DUE, by="office")
    within = [
        Line(span, tuple(Cell(FigureKind.DUE, str(bar), span.office) for bar in rules.SPANS[span.item]))
        for span in spans
        if span.item != TOTAL
    ]
    for line in within:
        fine |= {part: fine.get(part, 0) for part in line.parts}
    same = [rules.same(total, total._replace(kind=FigureKind.DUE)) for total in spans if total.item == TOTAL]
    return rules.publish(spans | fine, [*lines, *fine_lines, *within, *same], valid)


def _of_reports(session: ReadSession, over: Period, valid: FigureTerms) -> Shown:
    made = rules.publish(*rules.table(counting.channels(session, over), FigureKind.CHANNELS, by="office"), valid)
    decided = counting.decisions(session, over)
    decisions, lines = rules.table(decided.by_office, FigureKind.DECISIONS, by="office")
    weeks, week_lines = rules.table(decided.by_week, FigureKind.WEEKS, by="day")
    same = [rules.same(cell, cell._replace(kind=FigureKind.WEEKS)) for cell in decisions if cell.office == EVERYWHERE]
    shown = made | rules.publish(decisions | weeks, [*lines, *week_lines, *same], valid)
    waits = (wait for wait in decided.waits if _tells(wait, valid))
    shown |= {Cell(FigureKind.WAITS, wait.item, wait.office): wait.seconds for wait in waits}
    # These are no people: not even a single one is hidden.
    shown |= {Cell(FigureKind.ERRORS, item): number for item, number in counting.errors(session, over).items()}
    totals = {FigureKind.OUTAGES: decided.outages, FigureKind.CHANGES: counting.changes(session, over)}
    for kind, items in totals.items():
        shown |= rules.publish({Cell(kind, item): number for item, number in items.items()}, [], valid)
    return shown


def _tells(wait: Wait, valid: FigureTerms) -> bool:
    """Whether the share of a wait is about so many decisions that it says nothing about one of them."""
    share = counting.WAIT_SHARES[wait.item.rpartition("-")[2]]
    return wait.counted * (1 - share) >= valid.least
