"""A person by the number or the QR code of a receipt, of a report, or of a paper receipt of an office."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from foundation.db import ReadSession, Session
from foundation.identity import Principal
from foundation.sealing import keyring
from immigration.models.people import Passport, get_person_id
from immigration.models.records import OfficeReport
from immigration.models.reports import Report
from immigration.rules import numbers
from immigration.rules.codes import Link
from immigration.services import alarms, conflicts, receipts, scope
from immigration.services.conflicts import HasConflict
from immigration.services.keys import Signer
from immigration.services.look_ups import Sought, record, record_in_vain


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptSearch:
    """The receipt that an officer holds, and why they look; `reason` says why beyond their offices."""

    receipt: str
    purpose: str
    reason: str = ""


def search(
    session: Session, wanted: ReceiptSearch, *, officer: Principal, signer: Signer, now: datetime
) -> UUID | HasConflict | None:
    """The person of a receipt, None where there is none for the officer; it is recorded either way.

    Beyond the officer's offices the receipt is the stated case: with a reason it opens an exception. A conflict of
    interest is to be raised after the transaction, so that the record of the look is kept.
    """
    report = _find_report(session, wanted.receipt, signer=signer)
    person_id = report.person_id if report else _person_of_office_report(session, wanted.receipt)
    sought = Sought(purpose=wanted.purpose, index=keyring().index("receipt", numbers.normalise(wanted.receipt)))
    try:
        link = _link(session, person_id, report, wanted, officer=officer, now=now) if person_id else None
    except HasConflict as conflict:
        record_in_vain(session, sought, officer=officer, now=now)
        return conflict
    return _answer(session, person_id, sought, link=link, officer=officer, now=now)


def _link(
    session: Session,
    person_id: UUID,
    report: Report | None,
    wanted: ReceiptSearch,
    *,
    officer: Principal,
    now: datetime,
) -> Link | None:
    """What makes the person an officer's to see; the report is a stated case. Raises HasConflict."""
    link = scope.link_to_person(session, person_id, officer=officer, now=now)
    if link is None and report and wanted.reason:
        conflicts.refuse(session, person_id, officer=officer)
        reason = scope.Reason(text=wanted.reason, stated_case=report.number)
        scope.open_exception(session, person_id, reason, officer=officer, now=now)
        return Link.EXCEPTION
    return link


def open_person(
    session: Session, resident_id: UUID, purpose: str, *, officer: Principal, now: datetime
) -> UUID | HasConflict | None:
    """A person that a search showed, None where they are not the officer's to see; it is recorded either way.

    It is recorded as a look-up by their passport. A conflict of interest is to be raised after the transaction.
    """
    person_id = get_person_id(session, resident_id)
    document_index = _document_index(session, person_id)
    sought = Sought(purpose=purpose, index=document_index or b"")
    try:
        link = scope.link_to_person(session, person_id, officer=officer, now=now) if document_index else None
    except HasConflict as conflict:
        record_in_vain(session, sought, officer=officer, now=now)
        return conflict
    return _answer(session, person_id, sought, link=link, officer=officer, now=now)


def _answer(
    session: Session, person_id: UUID | None, sought: Sought, *, link: Link | None, officer: Principal, now: datetime
) -> UUID | None:
    """The person, where they are the officer's to see; the look is recorded either way."""
    if person_id is None or link is None:
        record_in_vain(session, sought, officer=officer, now=now)
        return None
    record(session, person_id, sought, link=link, officer=officer, now=now)
    alarms.watch_volume(session, officer=officer, now=now)
    return person_id


def _document_index(session: ReadSession, person_id: UUID) -> bytes | None:
    """The blind index of a person's passport, of several the one that expires last; None for no person on record."""
    query = select(Passport.document_index).where(Passport.person_id == person_id)
    return session.scalars(query.order_by(Passport.expires_on.desc(), Passport.id.desc()).limit(1)).first()


def _find_report(session: ReadSession, text: str, *, signer: Signer) -> Report | None:
    """The report that a number or a signed statement is about."""
    number = receipts.verify(session, text, signer=signer).says.get("report")
    return session.scalars(select(Report).where(Report.number == number)).one_or_none() if number else None


def _person_of_office_report(session: ReadSession, number: str) -> UUID | None:
    """The person of a paper receipt."""
    paper = select(Passport.person_id).join(OfficeReport, OfficeReport.passport_id == Passport.id)
    return session.scalars(paper.where(OfficeReport.receipt_number == number.strip())).first()
