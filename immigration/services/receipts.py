"""Receipts: issued with acceptance, void when a report is reopened, verifiable by anyone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from foundation.clock import rfc3339
from foundation.db import ReadSession, Session
from foundation.errors import NotFound
from immigration.models.address_corrections import AddressCorrection
from immigration.models.people import Passport
from immigration.models.reports import Receipt, Report
from immigration.rules import numbers
from immigration.rules.codes import ReportStatus, StatementKind, VerdictStatus
from immigration.services.keys import InvalidSignature, Signer

_FILED = (Report.number.label("report"), Report.filed_at, Report.due_on, Passport.document_number)
_BY_RECEIPT = (
    select(Receipt.issued_at, Receipt.next_due_on, Receipt.voided_at, Report.contradicted_at, Report.status, *_FILED)
    .join(Report, Report.id == Receipt.report_id)
    .join(Passport, Passport.id == Report.passport_id)
    .where(Receipt.number == bindparam("number"))
)
_BY_REPORT = (
    select(Report.status, *_FILED)
    .join(Passport, Passport.id == Report.passport_id)
    .where(Report.number == bindparam("number"))
)


_BY_CORRECTION = (
    select(AddressCorrection.status, AddressCorrection.decided_at, AddressCorrection.subdistrict_code, *_FILED)
    .join(Report, Report.id == AddressCorrection.report_id)
    .join(Passport, Passport.id == Report.passport_id)
    .where(AddressCorrection.number == bindparam("number"))
)


_JOSE = "eyJ"
"""How every signed statement begins: a JSON object in base64 (RFC 7515)."""
_KINDS = {
    "decided": (StatementKind.RECEIPT, "receipt"),
    "filed": (StatementKind.FILING, "report"),
    "address-corrected": (StatementKind.ADDRESS_CORRECTION, "correction"),
}
"""What each statement stands for that we sign, and which of its claims is the number on record."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a text stands for, what is known of that at present, and what it says."""

    kind: StatementKind | None
    status: VerdictStatus
    says: dict[str, Any]

    @property
    def valid(self) -> bool:
        """Whether it is the receipt of an acceptance that stands. That a report was filed is proof of no acceptance."""
        return self.kind == StatementKind.RECEIPT and self.status == VerdictStatus.ACCEPTED


def void(session: Session, report: Report, now: datetime) -> str | None:
    """Make the valid receipt of a report void; its number, if there was one."""
    if receipt := find_valid_receipt(session, report):
        receipt.voided_at = now
        return receipt.number
    return None


def find_valid_receipt(session: ReadSession, report: Report) -> Receipt | None:
    """The receipt of a report that is not void."""
    return session.scalars(select(Receipt).where(Receipt.report_id == report.id, Receipt.voided_at.is_(None))).first()


def verify(session: ReadSession, text: str, *, signer: Signer) -> Verdict:
    """Check a receipt's number, a report's number or a signed statement, as anybody holds it."""
    text = numbers.compact(text)
    if text.startswith(_JOSE):
        return _verify_statement(session, text, signer=signer)
    if not numbers.is_valid(text):
        mistyped = numbers.has_the_shape(text)
        return Verdict(None, VerdictStatus.WRONG_CHECK_CHARACTER if mistyped else VerdictStatus.NOT_OF_THIS_SERVICE, {})
    return by_number(session, numbers.normalise(text)) or Verdict(None, VerdictStatus.NOT_OF_THIS_SERVICE, {})


def _verify_statement(session: ReadSession, text: str, *, signer: Signer) -> Verdict:
    try:
        claims = signer.verify_statement(text)
    except InvalidSignature:
        return Verdict(None, VerdictStatus.INVALID_SIGNATURE, {})
    kind, number = _KINDS[claims["statement"]]
    on_record = by_number(session, claims[number])
    return Verdict(kind, on_record.status if on_record else VerdictStatus.NOT_ON_RECORD, claims)


def by_number(session: ReadSession, number: str) -> Verdict | None:
    """What is on record under the number of a receipt, of a report that was filed, or of a corrected address."""
    if number.startswith(numbers.CORRECTION):
        return _correction(session, number)
    if (row := session.execute(_BY_RECEIPT, {"number": number}).one_or_none()) is not None:
        says = _says(row) | {
            "receipt": number,
            "decided_at": rfc3339(row.issued_at),
            "next_due_on": row.next_due_on.isoformat() if row.next_due_on else None,
        }
        return Verdict(StatementKind.RECEIPT, _status_of_receipt(row), says)
    filed = session.execute(_BY_REPORT, {"number": number}).one_or_none()
    return None if filed is None else Verdict(StatementKind.FILING, VerdictStatus(filed.status), _says(filed))


def _correction(session: ReadSession, number: str) -> Verdict | None:
    found = session.execute(_BY_CORRECTION, {"number": number}).one_or_none()
    if found is None:
        return None
    says = _says(found) | {"correction": number}
    if found.status == VerdictStatus.APPLIED:
        says |= {"corrected_at": rfc3339(found.decided_at), "subdistrict_code": found.subdistrict_code}
    return Verdict(StatementKind.ADDRESS_CORRECTION, VerdictStatus(found.status), says)


def _status_of_receipt(row: Any) -> VerdictStatus:
    """Whether the acceptance stands that a receipt was issued with."""
    if row.voided_at or row.status != ReportStatus.ACCEPTED:
        return VerdictStatus.VOID
    return VerdictStatus.RECORD_CORRECTED if row.contradicted_at else VerdictStatus.ACCEPTED


def _says(row: Any) -> dict[str, Any]:
    return {
        "report": row.report,
        "document_number": numbers.masked(row.document_number),
        "filed_at": rfc3339(row.filed_at),
        "due_on": row.due_on.isoformat() if row.due_on else None,
    }


def get_valid_receipt(session: ReadSession, report: Report) -> Receipt:
    """The valid receipt of a report; NotFound until it is accepted."""
    if (receipt := find_valid_receipt(session, report)) is None:
        raise NotFound("the report has no receipt")
    return receipt
