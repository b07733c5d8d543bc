"""No officer handles what is their own or of a person close to them: declared by themself, or flagged by a colleague.

A conflict stands until a supervisor ends it who is not the officer it is about. It holds for everything of the person:
reports, corrections, cases, approvals, codes and links, whichever of the person's passports they came by.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session, execute_bulk
from foundation.errors import Forbidden, NotFound
from foundation.identity import Principal, Role
from foundation.paging import Page, page
from immigration.events import ConflictDeclared, ConflictEnded
from immigration.models.access import Officer
from immigration.models.claims import Claim
from immigration.models.conflicts import ConflictOfInterest
from immigration.models.people import Person, get_person_id
from immigration.models.reports import Report
from immigration.rules.offices import HEADQUARTERS, overlap
from immigration.services.officers import UnknownOfficer


class HasConflict(Forbidden):
    """You have nothing to do with what is this person's: a conflict of interest is on record."""

    code = "conflict-of-interest"


def _standing_of(officer_id: UUID) -> ColumnElement[bool]:
    return (ConflictOfInterest.officer_id == officer_id) & ConflictOfInterest.ended_at.is_(None)


def people_of(session: ReadSession, officer_id: UUID) -> frozenset[UUID]:
    """The people that an officer has nothing to do with, by the links that stand now; of nearly all officers, none."""
    named = session.scalars(select(ConflictOfInterest.person_id).where(_standing_of(officer_id)))
    return frozenset(get_person_id(session, person_id) for person_id in named)


def refuse(session: ReadSession, person_id: UUID, *, officer: Principal) -> None:
    """Raise HasConflict, which says why, where an officer has nothing to do with a person."""
    if get_person_id(session, person_id) not in people_of(session, officer.id):
        return
    standing = select(ConflictOfInterest).where(_standing_of(officer.id))
    about = [each for each in session.scalars(standing) if _is_about(session, each, person_id)]
    raise HasConflict(_said(about[0], officer))


def _is_about(session: ReadSession, conflict: ConflictOfInterest, person_id: UUID) -> bool:
    return get_person_id(session, conflict.person_id) == get_person_id(session, person_id)


def _said(conflict: ConflictOfInterest, officer: Principal) -> str:
    """Who stated it (a colleague is not named), when, and why."""
    by = "you" if conflict.made_as.partition(":")[2] == officer.name else "a colleague"
    return f"{by} stated on {bangkok_date(conflict.made_at).isoformat()}: {conflict.reason}"


def declare(
    session: Session, person_id: UUID, reason: str, *, name: str | None, by: Principal, now: datetime
) -> ConflictOfInterest:
    """Record that an officer, the asking one or a named colleague, has nothing to do with a person.

    What the officer has in hand of the person is put back. The same again, while it stands, changes nothing. Whether
    the person is the asking officer's to see is the caller's to check. Raises UnknownOfficer, NotFound for no person.
    """
    if session.get(Person, person_id) is None:
        raise NotFound()
    wanted = Officer.id == by.id if name is None else Officer.name == name
    officer = session.scalars(select(Officer).where(wanted).with_for_update()).one_or_none()
    if officer is None:
        raise UnknownOfficer()
    own = session.scalars(select(ConflictOfInterest).where(_standing_of(officer.id)))
    if standing := next((each for each in own if _is_about(session, each, person_id)), None):
        return standing
    conflict = ConflictOfInterest(
        person_id=get_person_id(session, person_id),
        officer_id=officer.id,
        officer=f"{officer.role}:{officer.name}",
        offices=officer.offices,
        reason=reason,
        made_as=by.actor,
        made_at=now,
    )
    session.add(conflict)
    reports = select(Report.id).where(Report.person_id == conflict.person_id)
    execute_bulk(session, delete(Claim).where(Claim.officer_id == officer.id, Claim.report_id.in_(reports)))
    event = ConflictDeclared(
        subject=str(conflict.person_id),
        person_id=conflict.person_id,
        officer=conflict.officer,
        reason=reason,
        offices=sorted(by.offices),
    )
    events.record(session, event, actor=by.actor, at=now)
    session.flush()
    return conflict


def end(session: Session, reference: UUID, reason: str, *, supervisor: Principal, now: datetime) -> None:
    """End a conflict of an officer of the supervisor's offices, not of their own; again, nothing changes.

    Raises NotFound, HasConflict for who it is about.
    """
    wanted = select(ConflictOfInterest).where(ConflictOfInterest.reference == reference).with_for_update()
    conflict = session.scalars(wanted).one_or_none()
    if conflict is None or not overlap(supervisor.offices, conflict.offices):
        raise NotFound()
    if conflict.officer_id == supervisor.id:
        raise HasConflict("another supervisor ends what is about you")
    if conflict.ended_at is not None:
        return
    conflict.ended_at, conflict.ended_as, conflict.ended_because = now, supervisor.actor, reason
    event = ConflictEnded(
        subject=str(conflict.person_id),
        person_id=conflict.person_id,
        officer=conflict.officer,
        reason=reason,
        offices=sorted(supervisor.offices),
    )
    events.record(session, event, actor=supervisor.actor, at=now)


def list_standing(
    session: ReadSession, *, reader: Principal, cursor: str | None = None, limit: int = 20
) -> Page[ConflictOfInterest]:
    """A page of what stands about officers of the reader's offices, newest first; to an officer, their own only."""
    query = select(ConflictOfInterest).where(ConflictOfInterest.ended_at.is_(None))
    if reader.role == Role.OFFICER:
        query = query.where(ConflictOfInterest.officer_id == reader.id)
    elif HEADQUARTERS not in reader.offices:
        query = query.where(ConflictOfInterest.offices.overlap(sorted(reader.offices)))
    if cursor:
        query = query.where(ConflictOfInterest.id < int(cursor))
    rows = session.scalars(query.order_by(ConflictOfInterest.id.desc()).limit(limit + 1)).all()
    return page(rows, limit, lambda conflict: str(conflict.id))
