"""Alarms for auditors: acts of officers that are allowed and unusual. Thresholds are in the law file `access`."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select, text

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import Session
from foundation.events import EventRecord
from foundation.identity import Principal
from immigration.events import AlarmRaised, CaseOpenedByOfficer, ListExported, ReportOpened, ResidentLookedUp
from immigration.registries.access import terms
from immigration.rules.codes import Alarm

READS = (ResidentLookedUp.kind, ReportOpened.kind, CaseOpenedByOfficer.kind, ListExported.kind)
_DAY = timedelta(days=1)
# Two acts of one officer at once would both be counted by neither.
_ONE_AFTER_THE_OTHER = text("select pg_advisory_xact_lock(hashtext('reads of ' || :actor))")


def sound(
    session: Session, alarm: Alarm, *, officer: Principal, person_id: UUID | None, now: datetime, count: int = 1
) -> None:
    """Raise an alarm about an officer's act, in the transaction of the act."""
    event = AlarmRaised(
        subject=officer.actor, person_id=person_id, alarm=alarm, offices=sorted(officer.offices), count=count
    )
    events.record(session, event, actor=officer.actor, at=now)


def watch_volume(session: Session, *, officer: Principal, now: datetime) -> None:
    """Raise an alarm, once in a day and a night, where an officer read or sought in vain more than is usual.

    The act itself is recorded before, in the same transaction.
    """
    session.execute(_ONE_AFTER_THE_OTHER, {"actor": officer.actor})
    session.flush()
    term = terms(bangkok_date(now))
    own = (EventRecord.actor == officer.actor, EventRecord.at > now - _DAY, events.of_staff())
    misses = func.count().filter(EventRecord.kind == ResidentLookedUp.kind, EventRecord.person_id.is_(None))
    counts = session.execute(select(func.count(), misses).where(*own, EventRecord.kind.in_(READS))).one()
    limits = ((Alarm.MANY_READS, term.reads_per_day), (Alarm.MANY_MISSES, term.misses_per_day))
    for (alarm, most), count in zip(limits, counts, strict=True):
        raised = exists().where(*own, EventRecord.kind == AlarmRaised.kind, EventRecord.data["alarm"].astext == alarm)
        if count > most and not session.scalar(select(raised)):
            sound(session, alarm, officer=officer, person_id=None, now=now, count=count)
