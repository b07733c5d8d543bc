"""What auditors ask of the events, and who looked at a person's data. What an auditor asks is recorded too."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects.postgresql import array

from foundation import events, verifications
from foundation.clock import bangkok_day
from foundation.db import ReadSession, Session
from foundation.events import EventRecord
from foundation.identity import Principal
from foundation.paging import Page, page
from foundation.verifications import Verification
from immigration.events import (
    ActivationCodeIssued,
    AlarmRaised,
    AuditRead,
    CaseOpenedByOfficer,
    OfficeExceptionOpened,
    ReportOpened,
    ResidentLookedUp,
    VerificationAsked,
)
from immigration.models.people import document_key, get_person_id
from immigration.rules.codes import AccessAct
from immigration.rules.offices import HEADQUARTERS
from immigration.services import belongings

_ACTS: Mapping[str, AccessAct] = {
    ResidentLookedUp.kind: AccessAct.LOOKED_UP,
    ReportOpened.kind: AccessAct.REPORT_OPENED,
    OfficeExceptionOpened.kind: AccessAct.EXCEPTION_OPENED,
    ActivationCodeIssued.kind: AccessAct.CODE_ISSUED,
    AuditRead.kind: AccessAct.AUDITED,
    CaseOpenedByOfficer.kind: AccessAct.CASE_READ,
}


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which events an auditor asks for; what is None filters nothing. `day` is a civil date in Bangkok."""

    officer: str | None = None
    person_id: UUID | None = None
    office: str | None = None
    day: date | None = None
    kind: str | None = None


@dataclass(frozen=True, kw_only=True)
class Access:
    """One entry of a person's access log."""

    at: datetime
    office: str
    role: str
    act: AccessAct
    purpose: str | None
    report: str | None


def read(
    session: Session,
    wanted: AuditFilter,
    *,
    auditor: Principal,
    now: datetime,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[EventRecord]:
    """A page of what staff and the command line did, newest first. A cursor is the row id of an event."""
    found = find(session, wanted, auditor=auditor, cursor=cursor, limit=limit)
    note_reading(session, wanted, auditor=auditor, now=now)
    return found


def find(
    session: ReadSession, wanted: AuditFilter, *, auditor: Principal, cursor: str | None = None, limit: int = 20
) -> Page[EventRecord]:
    """The same, where the caller sees to it that reading about a person is recorded."""
    conditions = _conditions(wanted, auditor)
    if wanted.person_id is not None:
        conditions = [belongings.concerns(get_person_id(session, wanted.person_id), *conditions)]
    return _page(session, select(EventRecord).where(*conditions), cursor, limit)


def note_reading(session: Session, wanted: AuditFilter, *, auditor: Principal, now: datetime) -> None:
    """Record that an auditor asked about a person, where they did."""
    if wanted.person_id is not None:
        event = AuditRead(subject=str(wanted.person_id), person_id=wanted.person_id, offices=sorted(auditor.offices))
        events.record(session, event, actor=auditor.actor, at=now)


def alarms(
    session: ReadSession, wanted: AuditFilter, *, auditor: Principal, cursor: str | None = None, limit: int = 20
) -> Page[EventRecord]:
    """A page of the alarms, newest first. A cursor is the row id of an event."""
    query = select(EventRecord).where(*_conditions(replace(wanted, kind=AlarmRaised.kind), auditor))
    return _page(session, query, cursor, limit)


def seekers(
    session: Session,
    *,
    issuing_state: str,
    document_number: str,
    auditor: Principal,
    now: datetime,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[EventRecord]:
    """A page of who sought a passport by its number, found or not, newest first."""
    sought = document_key(issuing_state, document_number).exact.hex()
    query = select(EventRecord).where(
        *_conditions(AuditFilter(kind=ResidentLookedUp.kind), auditor), EventRecord.data["sought"].astext == sought
    )
    found = _page(session, query, cursor, limit)
    event = AuditRead(subject=sought, person_id=None, offices=sorted(auditor.offices))
    events.record(session, event, actor=auditor.actor, at=now)
    return found


def ask_verification(session: Session, *, auditor: Principal, now: datetime) -> Verification:
    """Ask a worker to verify the audit trail now; while one waits or runs, that is it."""
    verification, is_new = verifications.ask(session, asked_as=auditor.actor, now=now)
    if is_new:
        event = VerificationAsked(subject=str(verification.id), person_id=None, offices=sorted(auditor.offices))
        events.record(session, event, actor=auditor.actor, at=now)
    return verification


def list_verifications(session: ReadSession, *, cursor: str | None = None, limit: int = 20) -> Page[Verification]:
    """A page of the verifications of the audit trail, newest first. A cursor is the row id of one."""
    query = select(Verification).order_by(Verification.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(Verification.id < int(cursor))
    return page(session.scalars(query).all(), limit, lambda verification: str(verification.id))


def access_log(
    session: ReadSession, resident: Principal, *, cursor: str | None = None, limit: int = 20
) -> Page[Access]:
    """A page of who of which office looked at the resident's data, newest first. A cursor is the row id of an event."""
    return list_accesses(session, get_person_id(session, resident.id), cursor=cursor, limit=limit)


def list_accesses(session: ReadSession, person_id: UUID, *, cursor: str | None = None, limit: int = 20) -> Page[Access]:
    """The same for who may see it beside the person: officers who opened a report of theirs."""
    about = belongings.concerns(person_id, EventRecord.kind.in_(_ACTS), events.of_staff())
    found = _page(session, select(EventRecord).where(about), cursor, limit)
    return Page([_access(event) for event in found.items], found.next_cursor)


def _access(event: EventRecord) -> Access:
    role, _, _ = event.actor.partition(":")
    return Access(
        at=event.at,
        office=", ".join(event.data.get("offices") or ()),
        role=role,
        act=_ACTS[event.kind],
        purpose=event.data.get("purpose") or event.data.get("reason"),
        report=event.subject if event.kind == ReportOpened.kind else None,
    )


def _of_offices(codes: Collection[str]) -> ColumnElement[bool]:
    """Whether an event is an act of one of some offices, or about somebody of theirs."""
    wanted = array(sorted(codes))
    named = [EventRecord.data[name].has_any(wanted) for name in ("offices", "of_offices")]
    return or_(*named, EventRecord.data["office"].astext.in_(codes))


def _conditions(wanted: AuditFilter, auditor: Principal) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [events.of_staff()]
    if HEADQUARTERS not in auditor.offices:
        conditions.append(_of_offices(auditor.offices))
    if wanted.officer:
        conditions.append(EventRecord.actor.in_(events.actors_named(wanted.officer)))
    if wanted.office:
        conditions.append(_of_offices([wanted.office]))
    if wanted.day:
        begins, ends = bangkok_day(wanted.day)
        conditions.append((EventRecord.at >= begins) & (EventRecord.at < ends))
    if wanted.kind:
        conditions.append(EventRecord.kind == wanted.kind)
    return conditions


def _page(session: ReadSession, query: Any, cursor: str | None, limit: int) -> Page[EventRecord]:
    if cursor:
        query = query.where(EventRecord.id < int(cursor))
    rows = session.scalars(query.order_by(EventRecord.id.desc()).limit(limit + 1)).all()
    return page(rows, limit, lambda event: str(event.id))
