"""Bringing what was kept in step with the records: what people owe, and which reports an office took meanwhile."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from foundation.clock import bangkok_date
from foundation.db import Database, ReadSession
from immigration.models.obligations import Obligation as Kept
from immigration.registries.law import Law
from immigration.registries.records import Records
from immigration.services import obligations, office_reports
from immigration.services.obligations import BATCH


def refresh(
    database: Database,
    *,
    records: Records,
    law: Law,
    now: datetime,
    actor: str,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Recompute every kept obligation that is out of date, a batch in a transaction; how many there were.

    Ends after the batch in hand once `stopping` is true.
    """
    total, after = 0, UUID(int=0)
    while True:
        with database.transaction() as session:
            people = needing_refresh(session, law=law, now=now, after=after)
            waiting = office_reports.lock(session, people)
            obligations.recompute(session, people, records=records, law=law, now=now, actor=actor, concluding=True)
            office_reports.settle(session, waiting, records=records, law=law, now=now, actor=actor)
        total += len(people)
        if len(people) < BATCH or stopping():
            return total
        after = people[-1]


def needing_refresh(session: ReadSession, *, law: Law, now: datetime, after: UUID) -> Sequence[UUID]:
    """Up to BATCH people, in order, whose kept obligation is out of date.

    A recorded row takes effect by today, the records were changed by an import, or the rules changed.
    """
    today = bangkok_date(now)
    version = law.on(today).version
    stale = or_(Kept.changes_on <= today, Kept.policy_version.is_distinct_from(version))
    return session.scalars(
        select(Kept.person_id).where(stale, Kept.person_id > after).order_by(Kept.person_id).limit(BATCH)
    ).all()
