"""Receipts: issued with acceptance, void when a report is reopened, verifiable by anyone."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, select

from foundation.clock import rfc3339
from foundation.db import ReadSession, Session
from foundation.errors import NotFound
from immigration.models.people import Passport
from immigration.models.reports import Receipt, Report
from immigration.rules import numbers
from immigration.services.keys import InvalidSignature, Signer

_FILED = (Report.number.label("report"), Report.filed_at, Report.due_on, Passport.document_number)
_BY_RECEIPT = (
    select(Receipt.issued_at, Receipt.next_due_on, Receipt.voided_at, Report.contradicted_at, *_FILED)
    .join(Report, Report.id == Receipt.report_id)
    .join(Passport, Passport.id == Report.passport_id)
    .where(Receipt.number == bindparam("number"))
)
_BY_REPORT = (
    select(*_FILED).join(Passport, Passport.id == Report.passport_id).where(Report.number == bindparam("number"))
)


class VerdictStatus(StrEnum):
    """What is known of a number or a statement that somebody holds."""

    GENUINE = "genuine"
    VOID = "void"
    RECORD_CORRECTED = "record-corrected"
    UNKNOWN = "unknown"
    INVALID_SIGNATURE = "invalid-signature"
    WRONG_CHECK_CHARACTER = "wrong-check-character"


GENUINE, VOID, UNKNOWN = VerdictStatus.GENUINE, VerdictStatus.VOID, VerdictStatus.UNKNOWN


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a receipt or report is ours and stands, and what it says."""

    status: VerdictStatus
    says: dict[str, Any]

    @property
    def valid(self) -> bool:
        """Whether it may be relied on."""
        return self.status == GENUINE


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
    text = "".join(text.split())
    if text.count(".") == 2:
        try:
            claims = signer.verify_statement(text)
        except InvalidSignature:
            return Verdict(VerdictStatus.INVALID_SIGNATURE, {})
        on_record = by_number(session, claims.get("receipt") or claims.get("report", ""))
        status = on_record[1] if on_record else UNKNOWN
        return Verdict(status, claims)
    if not numbers.is_valid(text):
        return Verdict(VerdictStatus.WRONG_CHECK_CHARACTER if text else UNKNOWN, {})
    on_record = by_number(session, numbers.normalise(text))
    if on_record is None:
        return Verdict(UNKNOWN, {})
    says, status = on_record
    return Verdict(status, says)


def by_number(session: ReadSession, number: str) -> tuple[dict[str, Any], VerdictStatus] | None:
    """What is on record under the number of a receipt, or of a report that was filed."""
    if (row := session.execute(_BY_RECEIPT, {"number": number}).one_or_none()) is not None:
        says = _says(row) | {
            "receipt": number,
            "decided_at": rfc3339(row.issued_at),
            "next_due_on": row.next_due_on.isoformat(),
        }
        if row.voided_at:
            return says, VOID
        return says, VerdictStatus.RECORD_CORRECTED if row.contradicted_at else GENUINE
    filed = session.execute(_BY_REPORT, {"number": number}).one_or_none()
    return None if filed is None else (_says(filed), GENUINE)


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
