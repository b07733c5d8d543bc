"""Reports as they are filed and shown to their author."""

import json
from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate

from foundation.clock import rfc3339
from foundation.fields import Instant, Pattern
from foundation.words import sentence
from immigration.models.address_corrections import AddressCorrection
from immigration.models.reports import Receipt, Report
from immigration.registries import offices
from immigration.rules.addresses import Address
from immigration.rules.codes import CorrectionStatus, StatementKind, VerdictStatus
from immigration.rules.findings import kept
from immigration.rules.numbers import compact
from immigration.schemas.common import STATE, CheckOut, Names, email, line, phone, plain_text, reasons
from immigration.services.judging import ReportForm
from immigration.services.receipts import Verdict
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


NONE_DUE = {"description": "null where an officer stated that no report is due any more"}


class ReceiptRef(Schema):
    """Which receipt, and the next due date it states."""

    number = fields.String(required=True)
    next_due_on = fields.Date(required=True, allow_none=True, metadata=NONE_DUE)


class VisitOut(Schema):
    """Where to go, when it is open, and what to bring."""

    office = fields.String(required=True)
    name = fields.Nested(Names, required=True)
    weekdays = fields.List(fields.Integer(), required=True)
    opens = fields.String(required=True)
    closes = fields.String(required=True)
    bring = fields.List(fields.String(), required=True)


class AddressCorrectionOut(Schema):
    """A correction; `statement` is signed once it is applied."""

    number = fields.String(required=True)
    report = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(tuple(CorrectionStatus)))
    requested_at = Instant(required=True)
    address = fields.Nested(AddressIn, required=True)
    statement = fields.String(required=True, allow_none=True)
    decided_at = Instant(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True, metadata={"description": "what the officer wrote"})


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
    office_report = fields.String(
        allow_none=True,
        metadata={"description": "receipt number of the report at an office for which this one was closed"},
    )
    address_correction = fields.Nested(
        AddressCorrectionOut,
        allow_none=True,
        metadata={"description": "the last correction of its address; in lists always null"},
    )


class FiledOut(ReportOut):
    """The answer to a filing."""

    class Meta:
        """What a filing answers."""

        exclude = (
            "address",
            "phone",
            "email",
            "note",
            "decided_at",
            "next_due_on_counts",
            "visit",
            "office_report",
            "address_correction",
        )


class ReportsOut(Schema):
    """A page of reports."""

    items = fields.List(fields.Nested(ReportOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ReceiptOut(Schema):
    """A receipt."""

    number = fields.String(required=True)
    report = fields.String(required=True)
    issued_at = Instant(required=True)
    next_due_on = fields.Date(required=True, allow_none=True, metadata=NONE_DUE)
    office = fields.String(required=True)
    statement = fields.String(required=True, metadata={"description": "compact JWS, ES256; keys in jwks.json"})


class Compact(fields.String):
    """Text in which white space does not count, wherever it stands: a statement is copied from paper and from mails."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return compact(super()._deserialize(value, attr, data, **kwargs))


class VerifyIn(Schema):
    """A receipt's number, a report's number, or a signed statement."""

    receipt = Compact(required=True, validate=[plain_text, validate.Length(1, 4000)])


class SaysOut(Schema):
    """What a report or receipt states. A member that it does not state is left out."""

    report = fields.String()
    document_number = fields.String(metadata={"description": "all but the last characters hidden"})
    filed_at = fields.String(metadata={"format": "date-time"})
    due_on = fields.String(allow_none=True, metadata={"format": "date"})
    receipt = fields.String()
    outcome = fields.String(validate=validate.OneOf(("accepted",)))
    decided_at = fields.String(metadata={"format": "date-time"})
    next_due_on = fields.String(allow_none=True, metadata={"format": "date"})
    correction = fields.String()
    corrected_at = fields.String(metadata={"format": "date-time"})
    subdistrict_code = fields.String()
    statement = fields.String(validate=validate.OneOf(("filed", "decided", "address-corrected")))
    iss = fields.String(metadata={"description": "who signed the statement"})


class VerifyOut(Schema):
    """Whether it is the receipt of an acceptance that stands, what it is, how that stands, and what it says."""

    valid = fields.Boolean(required=True)
    kind = fields.String(required=True, allow_none=True, validate=validate.OneOf(tuple(StatementKind)))
    status = fields.String(required=True, validate=validate.OneOf(tuple(VerdictStatus)))
    title = fields.String(required=True, metadata={"description": "the status as a sentence, by Accept-Language"})
    says = fields.Nested(SaysOut, required=True)


def report_view(report: Report, receipt: Receipt | None, correction: AddressCorrection | None = None) -> dict[str, Any]:
    """A report as ReportOut shows it; the last correction of its address is shown with a single report only."""
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
        "office_report": report.office_report,
        "address_correction": correction_view(correction, report) if correction else None,
    }


def correction_view(correction: AddressCorrection, report: Report) -> dict[str, Any]:
    """A correction as AddressCorrectionOut shows it."""
    return {
        "number": correction.number,
        "report": report.number,
        "status": correction.status,
        "requested_at": correction.requested_at,
        "address": from_json(correction.address),
        "statement": correction.statement,
        "decided_at": correction.decided_at,
        "note": correction.note,
    }


def _as_text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def filed_json(filed: FiledReport) -> str:
    """The answer to a filing as FiledOut describes it.

    Written out, because marshmallow needs 120 µs for it, a twentieth of what a filing takes; a test compares the two.
    """
    judgement, receipt = filed.judgement, filed.acceptance and filed.acceptance.receipt
    shown = {"number": receipt.number, "next_due_on": _as_text(receipt.next_due_on)} if receipt else None
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


def verdict_view(verdict: Verdict, language: str) -> dict[str, Any]:
    """What a verification found as VerifyOut shows it."""
    return {
        "valid": verdict.valid,
        "kind": verdict.kind,
        "status": verdict.status,
        "title": sentence(language, "verdicts", verdict.status, part=verdict.kind or "none"),
        "says": verdict.says,
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
