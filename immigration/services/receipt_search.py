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
from immigration.rules.codes import Link
from immigration.services import alarms, receipts, scope
from immigration.services.keys import Signer
from immigration.services.look_ups import Sought, record


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptSearch:
    """The receipt that an officer holds, and why they look; `reason` says why beyond their offices."""

    receipt: str
    purpose: str
    reason: str = ""


def search(
    session: Session, wanted: ReceiptSearch, *, officer: Principal, signer: Signer, now: datetime
) -> UUID | None:
    """The person of a receipt, None where there is none for the officer; it is recorded either way.

    Beyond the officer's offices the receipt is the stated case: with a reason it opens an exception.
    """
    report = _find_report(session, wanted.receipt, signer=signer)
    person_id = report.person_id if report else _person_of_office_report(session, wanted.receipt)
    link = scope.link_to_person(session, person_id, officer=officer, now=now) if person_id else None
    if person_id and link is None and report and wanted.reason:
        reason = scope.Reason(text=wanted.reason, stated_case=report.number)
        scope.open_exception(session, person_id, reason, officer=officer, now=now)
        link = Link.EXCEPTION
    found = person_id if link else None
    sought = Sought(purpose=wanted.purpose, index=keyring().index("receipt", wanted.receipt))
    record(session, found, sought, link=link, officer=officer, now=now)
    alarms.watch_volume(session, officer=officer, now=now)
    return found


def open_person(session: Session, resident_id: UUID, purpose: str, *, officer: Principal, now: datetime) -> UUID | None:
    """A person that a search showed, None where they are not the officer's to see; it is recorded either way."""
    person_id = get_person_id(session, resident_id)
    link = scope.link_to_person(session, person_id, officer=officer, now=now) if _exists(session, person_id) else None
    found = person_id if link else None
    record(session, found, Sought(purpose=purpose, index=b""), link=link, officer=officer, now=now)
    alarms.watch_volume(session, officer=officer, now=now)
    return found


def _exists(session: ReadSession, person_id: UUID) -> bool:
    return session.scalars(select(Passport.id).where(Passport.person_id == person_id).limit(1)).first() is not None


def _find_report(session: ReadSession, text: str, *, signer: Signer) -> Report | None:
    """The report that a number or a signed statement is about."""
    number = receipts.verify(session, text, signer=signer).says.get("report")
    return session.scalars(select(Report).where(Report.number == number)).one_or_none() if number else None


def _person_of_office_report(session: ReadSession, number: str) -> UUID | None:
    """The person of a paper receipt."""
    paper = select(Passport.person_id).join(OfficeReport, OfficeReport.passport_id == Passport.id)
    return session.scalars(paper.where(OfficeReport.receipt_number == number.strip())).first()
