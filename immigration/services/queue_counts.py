"""How many reports wait in the fixed views of the queue: a worker counts them, so that showing them is a look-up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, text, true

from foundation.db import ReadSession, Session, execute_bulk
from foundation.identity import Principal
from immigration.models.queue import QueueCount
from immigration.models.reports import Report
from immigration.rules.codes import ReportStatus
from immigration.rules.offices import HEADQUARTERS
from immigration.services import conflicts

ALL = ""
"""What stands in a row for every office, or for any reason."""
# All reports that wait are read once, by the index of the queue. `()` makes a row also where none waits, which says
# that it was counted.
_COUNT = text("""
with waiting as materialized (select office, reasons from reports where status = 'under-review')
insert into queue_counts (office, reason, reports, counted_at)
select coalesce(office, ''), '', count(*), :now from waiting group by grouping sets ((office), ())
union all
select coalesce(office, ''), reason, count(*), :now
from waiting cross join lateral (select distinct unnest(reasons)) as each (reason)
group by grouping sets ((office, reason), (reason))
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """Reports that wait for an officer: all they may handle, and these by office and by reason; None: never counted."""

    total: int | None
    offices: Mapping[str, int]
    reasons: Mapping[str, int]
    counted_at: datetime | None


def count(session: Session, *, now: datetime) -> int:
    """Count anew; how many lines there are. Readers see the former ones until this transaction is over."""
    execute_bulk(session, delete(QueueCount))
    return execute_bulk(session, _COUNT.bindparams(now=now))


def read(session: ReadSession, *, officer: Principal) -> QueueCounts:
    """What was counted last of the officer's offices, without what a conflict of interest keeps from them."""
    counted_at = session.scalar(select(QueueCount.counted_at).where(QueueCount.office == ALL, QueueCount.reason == ALL))
    if counted_at is None:
        return QueueCounts(total=None, offices={}, reasons={}, counted_at=None)
    everywhere = HEADQUARTERS in officer.offices
    own = QueueCount.office.in_(sorted(officer.offices))
    of_office = QueueCount.reason == ALL, QueueCount.office != ALL, true() if everywhere else own
    of_reason = QueueCount.reason != ALL, QueueCount.office == ALL if everywhere else own
    of_each = session.execute(select(QueueCount.office, QueueCount.reports).where(*of_office))
    offices = {office: number for office, number in of_each}
    summed = select(QueueCount.reason, func.sum(QueueCount.reports)).where(*of_reason).group_by(QueueCount.reason)
    reasons = {reason: int(number) for reason, number in session.execute(summed)}
    for office, of_report in _refused(session, officer, counted_at):
        if office in offices:
            _take(offices, office)
            for reason in set(of_report):
                _take(reasons, reason)
    return QueueCounts(total=sum(offices.values()), offices=offices, reasons=reasons, counted_at=counted_at)


def _refused(session: ReadSession, officer: Principal, counted_at: datetime) -> list[tuple[str, list[str]]]:
    """Offices and reasons of the reports that wait and that the officer must not handle; of nearly all, none."""
    people = conflicts.people_of(session, officer.id)
    if not people:
        return []
    waiting = select(Report.office, Report.reasons).where(
        Report.person_id.in_(people), Report.status == ReportStatus.UNDER_REVIEW, Report.filed_at <= counted_at
    )
    return [(office, reasons) for office, reasons in session.execute(waiting)]


def _take(counts: dict[str, int], key: str) -> None:
    counts[key] = max(0, counts.get(key, 0) - 1)
