"""Reports as they are filed and shown to their author."""

import json
from typing import Any

from marshmallow import Schema, fields, validate

from foundation.clock import rfc3339
from foundation.fields import Instant, Pattern
from immigration.models.reports import Receipt, Report
from immigration.registries import offices
from immigration.rules.addresses import Address
from immigration.rules.findings import kept
from immigration.schemas.common import STATE, CheckOut, Names, email, line, phone, reasons
from immigration.services.judging import ReportForm
from immigration.services.receipts import VerdictStatus
from immigration.services.storing import FiledReport, from_json


class AddressIn(Schema):
    """An address in Thailand; the subdistrict by its TIS 1099 code."""

    house_number = line(100, required=True, shortest=1)
    building = line(200)
    moo = line(100)
    soi = line(150)
    road = line(150)
    subdistrict_code = fields.String(required=True, validate=Pattern(r"^[0-9]{6}$"))
    postal_code = fields.String(required=True, validate=Pattern(r"^[0-9]{5}$"))


class ReportIn(Schema):
    """A report as its author sends it."""

    address = fields.Nested(AddressIn, required=True)
    phone = phone(absent="", load_default="")
    email = email(absent="", load_default="")


def form(data: dict[str, Any]) -> ReportForm:
    """The service's form of a loaded ReportIn."""
    return ReportForm(Address(**data["address"]), data["phone"], data["email"])


class ReceiptRef(Schema):
    """Which receipt, and the next due date it states."""

    number = fields.String(required=True)
    next_due_on = fields.Date(required=True)


class VisitOut(Schema):
    """Where to go, when it is open, and what to bring."""

    office = fields.String(required=True)
    name = fields.Nested(Names, required=True)
    weekdays = fields.List(fields.Integer(), required=True)
    opens = fields.String(required=True)
    closes = fields.String(required=True)
    bring = fields.List(fields.String(), required=True)


class ReportOut(Schema):
    """A report as its author sees it."""

    number = fields.String(required=True)
    status = fields.String(required=True, validate=STATE)
    filed_at = Instant(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    filing_statement = fields.String(required=True)
    checks = fields.List(fields.Nested(CheckOut), required=True)
    reasons = reasons()
    receipt = fields.Nested(ReceiptRef, required=True, allow_none=True)
    office = fields.String(required=True)
    address = fields.Nested(AddressIn)
    phone = fields.String()
    email = fields.String()
    note = fields.String(allow_none=True, metadata={"description": "what the officer wrote"})
    decided_at = Instant(allow_none=True)
    next_due_on_counts = fields.Boolean(
        metadata={"description": "false once a correction of the records contradicts the report"}
    )
    visit = fields.Nested(VisitOut, allow_none=True, metadata={"description": "set when the status is needs-visit"})


class FiledOut(ReportOut):
    """The answer to a filing."""

    class Meta:
        """What a filing answers."""

        exclude = ("address", "phone", "email", "note", "decided_at", "next_due_on_counts", "visit")


class ReportsOut(Schema):
    """A page of reports."""

    items = fields.List(fields.Nested(ReportOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ReceiptOut(Schema):
    """A receipt."""

    number = fields.String(required=True)
    report = fields.String(required=True)
    issued_at = Instant(required=True)
    next_due_on = fields.Date(required=True)
    office = fields.String(required=True)
    statement = fields.String(required=True, metadata={"description": "compact JWS, ES256; keys in jwks.json"})


class VerifyIn(Schema):
    """A receipt's number, a report's number, or a signed statement."""

    receipt = line(4000, required=True, shortest=1)


class SaysOut(Schema):
    """What a report or receipt states. A member that it does not state is left out."""

    report = fields.String()
    document_number = fields.String(metadata={"description": "all but the last characters hidden"})
    filed_at = fields.String(metadata={"format": "date-time"})
    due_on = fields.String(allow_none=True, metadata={"format": "date"})
    receipt = fields.String()
    outcome = fields.String(validate=validate.OneOf(("accepted",)))
    decided_at = fields.String(metadata={"format": "date-time"})
    next_due_on = fields.String(metadata={"format": "date"})
    statement = fields.String(validate=validate.OneOf(("filed", "decided")))
    iss = fields.String(metadata={"description": "who signed the statement"})


class VerifyOut(Schema):
    """Whether it is ours, and what it says."""

    valid = fields.Boolean(required=True)
    status = fields.String(required=True, validate=validate.OneOf(tuple(VerdictStatus)))
    says = fields.Nested(SaysOut, required=True)


def report_view(report: Report, receipt: Receipt | None) -> dict[str, Any]:
    """A report as ReportOut shows it."""
    contact = from_json(report.contact)
    return {
        "number": report.number,
        "status": report.status,
        "filed_at": report.filed_at,
        "due_on": report.due_on,
        "filing_statement": report.filing_statement,
        "checks": kept(report.checks),
        "reasons": report.reasons,
        "receipt": receipt,
        "office": report.office,
        "address": from_json(report.address),
        "phone": contact["phone"],
        "email": contact["email"],
        "note": report.note,
        "decided_at": report.decided_at,
        "next_due_on_counts": report.contradicted_at is None,
        "visit": visit_view(report.office) if report.status == "needs-visit" else None,
    }


def filed_json(filed: FiledReport) -> str:
    """The answer to a filing as FiledOut describes it.

    Written out, because marshmallow needs 120 µs for it, a twentieth of what a filing takes; a test compares the two.
    """
    judgement, receipt = filed.judgement, filed.acceptance and filed.acceptance.receipt
    shown = {"number": receipt.number, "next_due_on": receipt.next_due_on.isoformat()} if receipt else None
    return json.dumps(
        {
            "number": filed.number,
            "status": judgement.status,
            "filed_at": rfc3339(filed.filed_at),
            "due_on": judgement.due_on.isoformat() if judgement.due_on else None,
            "filing_statement": filed.filing_statement,
            "checks": [finding.as_dict() for finding in judgement.findings],
            "reasons": judgement.reasons,
            "receipt": shown,
            "office": filed.filing.office,
        }
    )


def receipt_view(report: Report, receipt: Receipt) -> dict[str, Any]:
    """A receipt as ReceiptOut shows it."""
    return {
        "number": receipt.number,
        "report": report.number,
        "issued_at": receipt.issued_at,
        "next_due_on": receipt.next_due_on,
        "office": report.office,
        "statement": receipt.statement,
    }


def visit_view(code: str) -> dict[str, Any] | None:
    """An office as VisitOut shows it."""
    office = offices.office(code)
    if office is None:
        return None
    return {
        "office": office.code,
        "name": {"en": office.name_en, "th": office.name_th},
        "weekdays": list(office.hours.weekdays),
        "opens": office.hours.opens.isoformat("minutes"),
        "closes": office.hours.closes.isoformat("minutes"),
        "bring": list(office.bring),
    }
