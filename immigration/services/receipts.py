"""Receipts: issued with acceptance, void when a report is reopened, verifiable by anyone."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.clock import rfc3339
from foundation.errors import NotFound
from immigration.models.people import Passport
from immigration.models.reports import Receipt, Report
from immigration.rules import numbers
from immigration.services import statements
from immigration.services.keys import InvalidSignature, Signer

GENUINE, VOID, SUPERSEDED, UNKNOWN = "genuine", "void", "record-corrected", "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a receipt is ours, and what it says. `reason` is machine-readable where it is not valid."""

    valid: bool
    status: str
    says: dict[str, Any]


def issue(
    session: Session, report: Report, next_due_on: date, *, signer: Signer, issuer: str, now: datetime
) -> Receipt:
    """The receipt of a report that is accepted now."""
    number = numbers.receipt_number(secrets.token_bytes(12))
    passport = session.get_one(Passport, report.passport_id)
    statement = statements.decided(
        signer,
        issuer,
        number=report.number,
        receipt=number,
        document=passport.document_number,
        decided_at=now,
        next_due_on=next_due_on,
    )
    receipt = Receipt(number=number, report_id=report.id, issued_at=now, next_due_on=next_due_on, statement=statement)
    session.add(receipt)
    return receipt


def void(session: Session, report: Report, now: datetime) -> str | None:
    """Make the valid receipt of a report void; its number, if there was one."""
    if receipt := valid(session, report):
        receipt.voided_at = now
        return receipt.number
    return None


def valid(session: Session, report: Report) -> Receipt | None:
    """The receipt of a report that is not void."""
    return session.scalars(select(Receipt).where(Receipt.report_id == report.id, Receipt.voided_at.is_(None))).first()


def verify(session: Session, text: str, *, signer: Signer) -> Verdict:
    """Check a receipt's number, a report's number or a signed statement, as anybody holds it."""
    text = "".join(text.split())
    if text.count(".") == 2:
        try:
            claims = signer.verify_statement(text)
        except InvalidSignature:
            return Verdict(False, "invalid-signature", {})
        found = by_number(session, claims.get("receipt") or claims.get("report", ""))
        status = found[1] if found else UNKNOWN
        return Verdict(status == GENUINE, status, claims)
    if not numbers.is_valid(text):
        return Verdict(False, "wrong-check-character" if text else UNKNOWN, {})
    found = by_number(session, numbers.normalise(text))
    if found is None:
        return Verdict(False, UNKNOWN, {})
    says, status = found
    return Verdict(status == GENUINE, status, says)


def by_number(session: Session, number: str) -> tuple[dict[str, Any], str] | None:
    """What is on record under the number of a receipt, or of a report that was filed."""
    joined = select(Receipt, Report, Passport).join(Report, Report.id == Receipt.report_id)
    row = session.execute(
        joined.join(Passport, Passport.id == Report.passport_id).where(Receipt.number == number)
    ).one_or_none()
    if row is not None:
        receipt, report, passport = row
        says = _says(report, passport) | {
            "receipt": receipt.number,
            "decided_at": rfc3339(receipt.issued_at),
            "next_due_on": receipt.next_due_on.isoformat(),
        }
        if receipt.voided_at:
            return says, VOID
        return says, SUPERSEDED if report.contradicted_at else GENUINE
    filed = select(Report, Passport).join(Passport, Passport.id == Report.passport_id).where(Report.number == number)
    if (found := session.execute(filed).one_or_none()) is None:
        return None
    return _says(*found), GENUINE


def _says(report: Report, passport: Passport) -> dict[str, Any]:
    return {
        "report": report.number,
        "document_number": numbers.masked(passport.document_number),
        "filed_at": rfc3339(report.filed_at),
        "due_on": report.due_on.isoformat() if report.due_on else None,
    }


def of(session: Session, report: Report) -> Receipt:
    """The valid receipt of a report; NotFound until it is accepted."""
    if (receipt := valid(session, report)) is None:
        raise NotFound("the report has no receipt")
    return receipt
