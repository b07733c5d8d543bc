"""Override and return rates by office and officer: counted by a worker, and hidden where they are small."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, text

from foundation.clock import bangkok_date, bangkok_day
from foundation.db import ReadSession, Session, execute_bulk
from foundation.identity import Principal
from immigration.models.decision_rates import DecisionRate
from immigration.registries import fairness, figures
from immigration.rules.suppression import Line, hidden
from immigration.services.scope import in_own_offices

MEASURES = ("returned", "refused", "overridden", "flagged", "reopened")
# The decisions of the days are found by the index of their time, what became of each by that of its report. A report
# that is decided again after it was reopened counts for both officers, the first of whom did not stand.
_COUNT = text("""
insert into decision_rates
  (office, officer, decided, returned, refused, overridden, flagged, reopened, since, counted_at)
select r.office, d.decided_by, count(*),
  count(*) filter (where d.outcome = 'returned'),
  count(*) filter (where d.outcome in ('rejected', 'needs-visit')),
  count(*) filter (where l.id is not null),
  count(*) filter (where l.result = 'flagged'),
  count(*) filter (where exists (
    select from decisions later where later.report_id = d.report_id and later.id > d.id and later.outcome = 'reopened'
    and not exists (select from decisions b where b.report_id = d.report_id and b.id > d.id and b.id < later.id))),
  :since, :now
from decisions d join reports r on r.id = d.report_id
left join second_reviews l on l.report_id = d.report_id and l.kind = 'override' and l.decided_at = d.decided_at
where d.decided_at >= :begins and d.outcome <> 'reopened' and d.decided_by ~ '^(officer|supervisor):'
group by r.office, d.decided_by
""")


@dataclass(frozen=True, slots=True)
class Rated:
    """What was decided in an office, by one officer or (None) by all, and how much of it is of each measure.

    `decided` and the counts are None where they are not shown.
    """

    office: str
    officer: str | None
    decided: int | None
    counts: Mapping[str, int | None]


def count(session: Session, *, now: datetime) -> int:
    """Count the rates anew; how many lines there are."""
    since = bangkok_date(now) - timedelta(days=fairness.terms(bangkok_date(now)).rate_days)
    execute_bulk(session, delete(DecisionRate))
    values = {"since": since, "begins": bangkok_day(since)[0], "now": now}
    return execute_bulk(session, _COUNT.bindparams(**values))


def read(session: ReadSession, *, reader: Principal, now: datetime) -> tuple[list[Rated], date | None, datetime | None]:
    """The rates of the reader's offices, of each office the sum first; since which day, and when they were counted."""
    query = select(DecisionRate).where(in_own_offices(DecisionRate.office, reader))
    rows = session.scalars(query.order_by(DecisionRate.office, DecisionRate.officer)).all()
    offices: dict[str, list[DecisionRate]] = {}
    for row in rows:
        offices.setdefault(row.office, []).append(row)
    least = figures.terms(bangkok_date(now)).least
    rated = [line for office, of_it in offices.items() for line in _shown(office, of_it, least)]
    return rated, rows[0].since if rows else None, rows[0].counted_at if rows else None


def _shown(office: str, rows: Sequence[DecisionRate], least: int) -> list[Rated]:
    """The lines of an office; those are hidden that stand on few decisions, and what would give them away."""
    total = sum(row.decided for row in rows)
    decided: dict[str, int] = {"": total} | {row.officer: row.decided for row in rows}
    secret = hidden(decided, [Line("", tuple(row.officer for row in rows))], least=least)
    summed = {name: sum(getattr(row, name) for row in rows) for name in MEASURES}
    lines = [Rated(office, None, *_unless("" in secret, total, summed))]
    for row in rows:
        counts = {name: getattr(row, name) for name in MEASURES}
        lines.append(Rated(office, row.officer, *_unless(row.officer in secret, row.decided, counts)))
    return lines


def _unless(secret: bool, decided: int, counts: Mapping[str, int]) -> tuple[int | None, Mapping[str, int | None]]:
    return (None, dict.fromkeys(counts)) if secret else (decided, dict(counts))
