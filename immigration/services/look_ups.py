"""Officers looking a person up by a passport's number: found or not, beyond their offices or not, it is recorded."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from foundation import events
from foundation.db import ReadSession, Session
from foundation.errors import NotFound
from foundation.identity import Principal
from immigration.events import ResidentLookedUp
from immigration.models.approvals import Approval, OfficeException
from immigration.models.cases import ResidentCase
from immigration.models.people import Passport, document_key, find_passport, holders_of
from immigration.models.reports import Receipt, Report
from immigration.rules import numbers
from immigration.rules.codes import Alarm, ApprovalKind, Link
from immigration.services import alarms, approvals, conflicts, scope
from immigration.services.conflicts import HasConflict


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Whom an officer looks for and why; `reason` and `stated_case` say why they look beyond their offices."""

    issuing_state: str
    document_number: str
    purpose: str
    reason: str = ""
    stated_case: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What an officer looked for, as a blind index, and why."""

    purpose: str
    index: bytes


def look_up(
    session: Session, wanted: LookUp, *, officer: Principal, now: datetime
) -> Passport | Approval | HasConflict | None:
    """The passport an officer asks for, None if there is none for them; who asked and why is recorded either way.

    Beyond the officer's offices a stated case of that person opens an exception; a reason alone asks for an approval,
    whether there is such a passport or not, so that the answer does not tell. A conflict of interest is to be raised
    after the transaction, so that the record of the look is kept.
    """
    key = document_key(wanted.issuing_state, wanted.document_number)
    passport = find_passport(session, key)
    sought = Sought(purpose=wanted.purpose, index=key.exact)
    try:
        link = _link(session, passport, wanted, officer=officer, now=now) if passport else None
    except HasConflict as conflict:
        record_in_vain(session, sought, officer=officer, now=now)
        return conflict
    if link is None and wanted.reason and not wanted.stated_case:
        return _ask(session, passport, wanted, officer=officer, now=now)
    if passport is None or link is None:
        record_in_vain(session, sought, officer=officer, now=now)
        return None
    record(session, passport.holder, sought, link=link, officer=officer, now=now)
    alarms.watch_volume(session, officer=officer, now=now)
    return passport


def _link(session: Session, passport: Passport, wanted: LookUp, *, officer: Principal, now: datetime) -> Link | None:
    """What makes a passport an officer's to see; a stated case opens an exception. Raises HasConflict."""
    link = scope.link_to_person(session, passport.person_id, officer=officer, now=now)
    if link is None and wanted.reason and wanted.stated_case and _is_about(session, wanted.stated_case, passport):
        conflicts.refuse(session, passport.person_id, officer=officer)
        reason = scope.Reason(text=wanted.reason, stated_case=numbers.normalise(wanted.stated_case))
        scope.open_exception(session, passport.person_id, reason, officer=officer, now=now)
        return Link.EXCEPTION
    return link


def record_in_vain(session: Session, sought: Sought, *, officer: Principal, now: datetime) -> None:
    """Record that an officer looked for a person and was shown nobody."""
    record(session, None, sought, link=None, officer=officer, now=now)
    alarms.watch_volume(session, officer=officer, now=now)


def record(
    session: Session, person_id: UUID | None, sought: Sought, *, link: Link | None, officer: Principal, now: datetime
) -> None:
    """Record that an officer looked for a person, found or not; one of no office is an alarm."""
    event = ResidentLookedUp(
        subject=str(person_id or "nobody"),
        person_id=person_id,
        purpose=sought.purpose,
        offices=sorted(officer.offices),
        link=link or "",
        sought=sought.index.hex(),
    )
    events.record(session, event, actor=officer.actor, at=now)
    if link == Link.NO_OFFICE:
        alarms.sound(session, Alarm.NO_OFFICE, officer=officer, person_id=person_id, now=now)


def open_report_exception(
    session: Session, number: str, reason: str, *, officer: Principal, now: datetime
) -> OfficeException:
    """Let an officer look at a report of another office whose number they were given: that is the stated case."""
    report = session.scalars(select(Report).where(Report.number == numbers.normalise(number))).one_or_none()
    if report is None:
        raise NotFound()
    stated = scope.Reason(text=reason, stated_case=report.number)
    return scope.open_exception(session, report.person_id, stated, officer=officer, now=now)


def _ask(session: Session, passport: Passport | None, wanted: LookUp, *, officer: Principal, now: datetime) -> Approval:
    """Ask a second person, of the officer's offices or of the person's, for a look without a stated case."""
    concerned = scope.offices_of(session, passport.person_id, now=now) if passport else frozenset()
    return approvals.request(
        session,
        ApprovalKind.LOOK,
        {
            "purpose": wanted.purpose,
            "reason": wanted.reason,
            "sought": document_key(wanted.issuing_state, wanted.document_number).exact.hex(),
        },
        officer=officer,
        offices=officer.offices | concerned,
        person_id=passport.person_id if passport else None,
        now=now,
    )


def _is_about(session: ReadSession, number: str, passport: Passport) -> bool:
    """Whether a number is that of a report, a receipt or a case of the passport's person."""
    given = numbers.normalise(number)
    holders = holders_of(passport.person_id)
    cases = select(ResidentCase.id).where(ResidentCase.number == given, ResidentCase.person_id.in_(holders))
    if session.scalars(cases).first() is not None:
        return True
    of_person = select(Report.id).where(Report.person_id == passport.person_id)
    receipts = select(Receipt.report_id).where(Receipt.number == given)
    about = of_person.where((Report.number == given) | Report.id.in_(receipts))
    return session.scalars(about).first() is not None
