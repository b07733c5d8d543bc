"""Whose something is by the links that stand: sign-ins, reports, records keep the passport or holder they came by."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, select, text, union
from sqlalchemy.orm import aliased

from foundation.db import ReadSession
from foundation.events import EventRecord
from immigration.models.access import TokenFamily
from immigration.models.people import get_person_id, holders_of
from immigration.models.reports import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """By what is known that something belongs to a person."""

    families: Sequence[str]
    reports: Sequence[str]
    bases: Sequence[str]


# Every name that a basis can have, see `rules/due_dates.py`: one of the person's own records, or a report.
_BASES = text("""
select 'arrival:' || m.movement_id from movements m join passports p on p.id = m.passport_id
where p.person_id = :person_id
union all select n.kind || ':' || n.permission_id from permissions n join passports p on p.id = n.passport_id
where p.person_id = :person_id
union all select 'office-report:' || o.receipt_number from office_reports o join passports p on p.id = o.passport_id
where p.person_id = :person_id
union all select 'report:' || r.number from reports r where r.person_id = :person_id
""")


def belongings(session: ReadSession, person_id: UUID) -> Belongings:
    """What belongs to a person: sign-ins, reports filed, and what a due date can stand on."""
    reports = session.scalars(_reports_of(person_id)).all()
    families = session.scalars(select(TokenFamily.id).where(TokenFamily.person_id.in_(holders_of(person_id))))
    bases = session.scalars(_BASES, {"person_id": person_id}).all()
    return Belongings(families=[str(family) for family in families], reports=reports, bases=bases)


def uses_the_service(session: ReadSession, person_id: UUID) -> bool:
    """Whether a phone was ever activated with one of the person's passports."""
    return bool(session.scalar(select(exists().where(TokenFamily.person_id.in_(holders_of(person_id))))))


def person_concerned(session: ReadSession, event: EventRecord) -> UUID | None:
    """The person whom an event concerns now: who has its report, or is the holder or person it names."""
    if event.kind.startswith("report."):
        author = select(Report.person_id).where(Report.number == event.subject)
        if (person_id := session.scalars(author).first()) is not None:
            return person_id
    return None if event.person_id is None else get_person_id(session, event.person_id)


def timeline(session: ReadSession, person_id: UUID) -> list[EventRecord]:
    """Everything that happened to a person, oldest first."""
    return [*session.scalars(select(EventRecord).where(concerns(person_id)).order_by(EventRecord.id))]


def concerns(person_id: UUID, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether an event concerns a person and meets some conditions.

    Events are never rewritten. While people were joined, their events name one of them: an event belongs to who has
    the report that it is about. Each half is found by an index of its own; with `or` between them the whole table would
    be read.
    """
    halves = (_names(person_id), EventRecord.subject.in_(_reports_of(person_id)))
    return EventRecord.id.in_(union(*(select(EventRecord.id).where(half, *conditions) for half in halves)))


def _names(person_id: UUID) -> ColumnElement[bool]:
    """Whether an event names a person, and is about no report of somebody else."""
    other = aliased(Report)
    elsewhere = exists().where(other.number == EventRecord.subject, other.person_id != person_id)
    return EventRecord.person_id.in_(holders_of(person_id)) & ~elsewhere


def _reports_of(person_id: UUID) -> Select[str]:
    return select(Report.number).where(Report.person_id == person_id)
