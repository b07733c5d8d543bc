"""A slip in the address of an accepted report: put right at once within the subdistrict, else by an officer."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from foundation import events
from foundation.db import BULK, ReadSession, Session
from foundation.errors import Conflict, NotFound
from foundation.identity import Principal
from foundation.paging import Page, page
from foundation.sealing import bound
from immigration.events import AddressCorrected, AddressCorrectionRefused, AddressCorrectionRequested, ReportOpened
from immigration.models.address_corrections import AddressCorrection
from immigration.models.people import Passport
from immigration.models.reports import IdempotencyKey, Report, holds
from immigration.rules import numbers
from immigration.rules.addresses import Address
from immigration.rules.codes import CorrectionOutcome, CorrectionStatus, Link, ReportStatus
from immigration.rules.offices import covers
from immigration.services import alarms, conflicts, judging, reports, statements, storing, verification
from immigration.services.judging import FilingContext
from immigration.services.reports import Answer, IdempotencyKeyReused
from immigration.services.scope import in_own_offices

Render = Callable[[AddressCorrection, Report], str]
"""How the answer is written as JSON. It is kept with the idempotency key, to be given again as it was."""


class CannotCorrectAddress(Conflict):
    """The address of this report cannot be corrected."""

    code = "cannot-correct-address"


class AddressCorrectionWaiting(Conflict):
    """An officer has not decided the last correction of this address yet."""

    code = "address-correction-waiting"


class CannotDecideCorrection(Conflict):
    """This correction cannot be decided so."""

    code = "cannot-decide-correction"


@dataclass(frozen=True, slots=True)
class Request:
    """The corrected address, the idempotency key it came under, and the SHA-256 of what was asked."""

    address: Address
    key: str
    body_digest: bytes


def correct(
    session: Session,
    number: str,
    request: Request,
    *,
    author: Principal,
    context: FilingContext,
    render: Render,
    now: datetime,
) -> Answer:
    """Correct the address of an accepted report; the same key and body again get the same answer.

    The report is locked, so that of two requests at once the second finds what the first did.
    Raises AddressUnknown, IdempotencyKeyReused, VerificationRequired, NotFound, and as `_refuse` does.
    """
    report = reports.get(session, number, author=author, lock=True)
    if answered := _find_answer(session, report, request, author):
        return Answer(answered, replayed=True)
    office = judging.office_of(request.address)
    if office is None:
        raise judging.unknown_address(request.address)
    _refuse(session, report, request.address)
    verification.check_verified(session, author, now=now)
    correction = AddressCorrection(
        number=numbers.correction_number(secrets.token_bytes(12)),
        report_id=report.id,
        status=CorrectionStatus.UNDER_REVIEW,
        requested_at=now,
        subdistrict_code=request.address.subdistrict_code,
        office=office,
        address=storing.as_json(request.address.as_dict()),
    )
    session.add(correction)
    if request.address.subdistrict_code == report.subdistrict_code:
        _apply(session, correction, report, actor=author.actor, context=context, now=now)
    else:
        events.record(session, _requested(correction, report), actor=author.actor, at=now)
    session.flush()
    _remember(session, request, answer := render(correction, report), author=author, now=now)
    return Answer(answer)


def _requested(correction: AddressCorrection, report: Report) -> AddressCorrectionRequested:
    """The event that an officer has to look at a correction."""
    return AddressCorrectionRequested(
        subject=report.number, person_id=report.person_id, correction=correction.number, office=correction.office
    )


def _find_answer(session: ReadSession, report: Report, request: Request, author: Principal) -> str | None:
    """What was answered under the key, to whichever of the person's sign-ins; raises IdempotencyKeyReused."""
    holders = select(Passport.holder_id).where(Passport.person_id == report.person_id)
    known = select(IdempotencyKey).where(
        IdempotencyKey.key == request.key,
        or_(IdempotencyKey.person_id == author.id, IdempotencyKey.person_id.in_(holders)),
    )
    answered = session.scalars(known).first()
    if answered and answered.body_digest != request.body_digest:
        raise IdempotencyKeyReused()
    return answered.answer if answered else None


def _remember(session: Session, request: Request, answer: str, *, author: Principal, now: datetime) -> None:
    """Keep the answer; a filing that took the key at this very moment keeps it, and this request is refused."""
    values = {"body_digest": request.body_digest, "status": 201, "created_at": now}
    values["answer"] = bound(answer, request.key)
    kept = insert(IdempotencyKey).values(person_id=author.id, key=request.key, **values).on_conflict_do_nothing()
    if session.scalars(kept.returning(IdempotencyKey.key), execution_options=BULK).first() is None:
        raise IdempotencyKeyReused()


def _refuse(session: ReadSession, report: Report, address: Address) -> None:
    """Raise where there is nothing to correct: the report does not stand, is not the last one, or has this address."""
    if report.status != ReportStatus.ACCEPTED:
        raise CannotCorrectAddress(f"the report is {report.status}; only that of an accepted report is corrected")
    if report.contradicted_at:
        raise CannotCorrectAddress("the records contradict the report; an officer looks at it")
    later = select(Report.number).where(Report.person_id == report.person_id, Report.id > report.id, holds())
    if newer := session.scalars(later.limit(1)).first():
        raise CannotCorrectAddress(f"report {newer} has your address by now", number=newer)
    if waiting := session.scalars(_WAITING.where(AddressCorrection.report_id == report.id)).first():
        raise AddressCorrectionWaiting(number=waiting.number)
    if address.as_dict() == storing.from_json(report.address):
        raise CannotCorrectAddress("the report has this address already")


_WAITING = select(AddressCorrection).where(AddressCorrection.status == CorrectionStatus.UNDER_REVIEW)


def _apply(
    session: Session,
    correction: AddressCorrection,
    report: Report,
    *,
    actor: str,
    context: FilingContext,
    now: datetime,
) -> None:
    """Give the report its corrected address: status, receipt, dates and the office that took it stay."""
    document = session.scalars(select(Passport.document_number).where(Passport.id == report.passport_id)).one()
    report.address, report.subdistrict_code = correction.address, correction.subdistrict_code
    correction.status, correction.decided_at, correction.decided_by = CorrectionStatus.APPLIED, now, actor
    correction.statement = statements.address_corrected(
        context.signer,
        context.issuer,
        number=report.number,
        correction=correction.number,
        document=document,
        corrected_at=now,
        subdistrict_code=correction.subdistrict_code,
    )
    event = AddressCorrected(subject=report.number, person_id=report.person_id, correction=correction.number)
    events.record(session, event, actor=actor, at=now)


def find_last(session: ReadSession, report: Report) -> AddressCorrection | None:
    """The last correction of the address of a report, if there was one."""
    newest = select(AddressCorrection).where(AddressCorrection.report_id == report.id)
    return session.scalars(newest.order_by(AddressCorrection.id.desc()).limit(1)).first()


Entry = tuple[AddressCorrection, Report]


def read(session: Session, number: str, *, officer: Principal, now: datetime) -> Entry:
    """A correction of the officer's offices and its report; that it was opened, and by whom, is recorded.

    Raises NotFound, HasConflict.
    """
    correction, report = _find(session, number, officer=officer)
    event = ReportOpened(
        subject=report.number, person_id=report.person_id, offices=sorted(officer.offices), link=Link.OWN_OFFICE
    )
    events.record(session, event, actor=officer.actor, at=now)
    alarms.watch_volume(session, officer=officer, now=now)
    return correction, report


def _find(session: ReadSession, number: str, *, officer: Principal, lock: bool = False) -> Entry:
    """A correction that waits, or waited, for the officer's offices, and its report. Raises NotFound, HasConflict."""
    found = select(AddressCorrection).where(AddressCorrection.number == numbers.normalise(number))
    correction = session.scalars(found).one_or_none()
    if correction is None or not covers(officer.offices, correction.office):
        raise NotFound()
    wanted = select(Report).where(Report.id == correction.report_id)
    report = session.scalars(wanted.with_for_update() if lock else wanted).one()
    conflicts.refuse(session, report.person_id, officer=officer)
    return correction, report


def queue(session: ReadSession, *, officer: Principal, cursor: str | None = None, limit: int = 20) -> Page[Entry]:
    """A page of the corrections that wait for the officer's offices, oldest first. A cursor is a row id.

    The addresses are not for the list: they are shown where a correction is opened, which is recorded.
    """
    waiting = _WAITING.add_columns(Report).join(Report, Report.id == AddressCorrection.report_id)
    waiting = waiting.where(in_own_offices(AddressCorrection.office, officer))
    if refused := conflicts.people_of(session, officer.id):
        waiting = waiting.where(Report.person_id.not_in(refused))
    if cursor:
        waiting = waiting.where(AddressCorrection.id > int(cursor))
    rows = session.execute(waiting.order_by(AddressCorrection.id).limit(limit + 1))
    return page([(correction, report) for correction, report in rows], limit, lambda entry: str(entry[0].id))


def decide(
    session: Session,
    number: str,
    outcome: CorrectionOutcome,
    note: str,
    *,
    officer: Principal,
    context: FilingContext,
    now: datetime,
) -> Entry:
    """Apply or refuse a correction that waits; its author is told. The same decision again changes nothing.

    An office decides what moves an address to it. Raises CannotDecideCorrection, NotFound.
    """
    correction, report = _find(session, number, officer=officer, lock=True)
    session.refresh(correction)
    if (correction.status, correction.decided_by, correction.note) == (outcome, officer.actor, note):
        return correction, report
    if correction.status != CorrectionStatus.UNDER_REVIEW:
        raise CannotDecideCorrection(f"it is {correction.status}")
    correction.note = note
    if outcome == CorrectionOutcome.APPLIED:
        if report.status != ReportStatus.ACCEPTED or report.contradicted_at:
            raise CannotDecideCorrection("its report is not an accepted one any more; refuse it")
        _apply(session, correction, report, actor=officer.actor, context=context, now=now)
        return correction, report
    if not note.strip():
        raise CannotDecideCorrection("a refusal needs a note")
    correction.status, correction.decided_at, correction.decided_by = CorrectionStatus.REFUSED, now, officer.actor
    event = AddressCorrectionRefused(subject=report.number, person_id=report.person_id, correction=correction.number)
    events.record(session, event, actor=officer.actor, at=now)
    return correction, report
