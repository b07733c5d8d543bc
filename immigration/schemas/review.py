"""What officers see and send."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from foundation.events import EventRecord
from foundation.fields import Instant
from immigration.models.people import Passport
from immigration.models.reports import Decision, Receipt, Report
from immigration.registries.records import Case
from immigration.rules.codes import Assurance, Channel, Direction, Outcome, PassportStatus, PermissionKind
from immigration.rules.facts import Facts
from immigration.rules.findings import kept
from immigration.rules.reports import OUTCOMES, DecisionRequest
from immigration.schemas.common import REASON, STATE, CheckOut, PageArgs, line, reasons
from immigration.schemas.reports import ReceiptRef, ReportOut, report_view
from immigration.schemas.stay import StayOut
from immigration.services.review import REOPENED


class QueueArgs(PageArgs):
    """Which reports: by state, and by office (default: the officer's own, `all` for every office)."""

    status = fields.String(load_default="under-review", validate=STATE)
    office = fields.String(load_default=None, validate=validate.Length(max=20))
    contradicted = fields.Boolean(
        load_default=False,
        metadata={"description": "instead of a state: accepted reports that a correction of the records contradicts"},
    )


class QueueItem(Schema):
    """A line of the queue."""

    number = fields.String(required=True)
    status = fields.String(required=True, validate=STATE)
    filed_at = Instant(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    office = fields.String(required=True)
    reasons = reasons()
    name = fields.String(required=True)
    nationality = fields.String(required=True)


class QueueOut(Schema):
    """A page of the queue, oldest first."""

    items = fields.List(fields.Nested(QueueItem), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PassportOut(Schema):
    """A passport on record."""

    document_number = fields.String(required=True)
    issuing_state = fields.String(required=True)
    nationality = fields.String(required=True)
    surname = fields.String(required=True)
    given_names = fields.String(required=True)
    birth_date = fields.String(
        attribute="born",
        required=True,
        metadata={"example": "1968-05-00", "description": "00 where the passport leaves month or day open"},
    )
    sex = fields.String(required=True)
    expires_on = fields.Date(required=True)
    status = fields.String(required=True, validate=validate.OneOf(tuple(PassportStatus)))


class MovementOut(Schema):
    """An arrival or a departure on record."""

    movement_id = fields.String(required=True, attribute="id")
    direction = fields.String(required=True, validate=validate.OneOf(tuple(Direction)))
    occurred_on = fields.Date(required=True, attribute="on")
    visa_class = fields.String(required=True, allow_none=True)
    permitted_until = fields.Date(required=True, allow_none=True)


class PermissionOut(Schema):
    """An extension of stay or a change of visa on record."""

    permission_id = fields.String(required=True, attribute="id")
    kind = fields.String(required=True, validate=validate.OneOf(tuple(PermissionKind)))
    granted_on = fields.Date(required=True, attribute="on")
    permitted_until = fields.Date(required=True)
    visa_class = fields.String(required=True, allow_none=True)


class ReportOnRecordOut(Schema):
    """A report that counts: taken at an office, or accepted here."""

    number = fields.String(required=True)
    filed_on = fields.Date(required=True, attribute="on")
    channel = fields.String(required=True, validate=validate.OneOf(tuple(Channel)))
    office = fields.String(required=True)
    next_due_on = fields.Date(required=True, allow_none=True)


class ResidenceOut(Schema):
    """A residence that a host notified (TM.30)."""

    subdistrict_code = fields.String(required=True)
    address = fields.String(required=True)
    from_on = fields.Date(required=True)
    until_on = fields.Date(required=True, allow_none=True)


class RecordsOut(Schema):
    """The records a report is judged by, each kind oldest first; empty while they cannot be read."""

    passports = fields.List(fields.Nested(PassportOut), required=True)
    movements = fields.List(fields.Nested(MovementOut), required=True)
    permissions = fields.List(fields.Nested(PermissionOut), required=True)
    reports = fields.List(fields.Nested(ReportOnRecordOut), required=True)
    residences = fields.List(fields.Nested(ResidenceOut), required=True)
    available = fields.Boolean(required=True)


class EventOut(Schema):
    """Something that happened."""

    at = Instant(required=True)
    kind = fields.String(required=True)
    actor = fields.String(required=True)
    data = fields.Dict(required=True)


class DecisionOut(Schema):
    """A decision."""

    outcome = fields.String(required=True, validate=validate.OneOf((*OUTCOMES, REOPENED)))
    reasons = reasons()
    note = fields.String(required=True)
    next_due_on = fields.Date(required=True, allow_none=True)
    overridden = fields.Boolean(required=True)
    policy_version = fields.String(required=True)
    decided_by = fields.String(required=True)
    decided_at = Instant(required=True)


class ReviewOut(Schema):
    """A report beside the records it was checked against, and its history."""

    report = fields.Nested(ReportOut, required=True)
    resident_id = fields.String(required=True)
    assurance = fields.String(required=True, validate=validate.OneOf(tuple(Assurance)))
    records = fields.Nested(RecordsOut, required=True)
    stay = fields.Nested(StayOut, required=True, allow_none=True)
    differences = fields.List(fields.Nested(CheckOut), required=True)
    decisions = fields.List(fields.Nested(DecisionOut), required=True)
    history = fields.List(fields.Nested(EventOut), required=True)


class DecisionIn(Schema):
    """A decision about a report under review."""

    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    reasons = fields.List(fields.String(validate=REASON), load_default=list, validate=validate.Length(max=20))
    note = line(2000)
    next_due_on = fields.Date(load_default=None, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> DecisionRequest:
        """As the service takes it."""
        return DecisionRequest(**data | {"outcome": Outcome(data["outcome"])})


class SearchIn(Schema):
    """Whom an officer looks for, and why."""

    document_number = line(20, required=True, shortest=1)
    issuing_state = line(3, required=True, shortest=1)
    purpose = line(200, required=True, shortest=3)


class LinkIn(Schema):
    """Another passport of a resident, and why it is theirs."""

    document_number = line(20, required=True, shortest=1)
    issuing_state = line(3, required=True, shortest=1)
    reason = line(200, required=True, shortest=3)


class UnlinkIn(Schema):
    """Why a link is taken back."""

    reason = line(200)


class LinkOut(Schema):
    """A link between two passports that an officer made."""

    id = fields.UUID(required=True)
    reason = fields.String(required=True)
    made_by = fields.String(required=True)
    made_at = Instant(required=True)


class ResidentReport(Schema):
    """A report of a resident, in a line."""

    number = fields.String(required=True)
    status = fields.String(required=True, validate=STATE)
    filed_at = Instant(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    reasons = reasons()
    receipt = fields.Nested(ReceiptRef, required=True, allow_none=True)


class ResidentOut(StayOut):
    """A resident as an officer finds them."""

    resident_id = fields.String(required=True)
    passports = fields.List(fields.Nested(PassportOut), required=True)
    links = fields.List(fields.Nested(LinkOut), required=True)
    reports = fields.List(fields.Nested(ResidentReport), required=True)
    records = fields.Nested(RecordsOut, required=True)


def queue_view(report: Report, passport: Passport) -> dict[str, Any]:
    """A line of the queue as QueueItem shows it."""
    return {
        "number": report.number,
        "status": report.status,
        "filed_at": report.filed_at,
        "due_on": report.due_on,
        "office": report.office,
        "reasons": report.reasons,
        "name": f"{passport.surname}, {passport.given_names}".strip(", "),
        "nationality": passport.nationality,
    }


def records_view(case: Case, passports: list[Passport]) -> dict[str, Any]:
    """The records of a person as RecordsOut shows them."""
    facts = case.facts or Facts()
    return {
        "available": case.facts is not None,
        "passports": passports,
        "movements": sorted(facts.movements, key=lambda movement: movement.on),
        "permissions": sorted(facts.permissions, key=lambda permission: permission.on),
        "reports": sorted(facts.reports, key=lambda report: report.on),
        "residences": sorted(facts.residences, key=lambda residence: residence.from_on),
    }


def review_view(
    report: Report,
    receipt: Receipt | None,
    case: Case,
    passports: list[Passport],
    stay: dict[str, Any],
    decisions: list[Decision],
    history: list[EventRecord],
) -> dict[str, Any]:
    """A report beside its records as ReviewOut shows it; differences are the checks that did not pass."""
    return {
        "report": report_view(report, receipt),
        "resident_id": str(report.person_id),
        "assurance": report.assurance,
        "records": records_view(case, passports),
        "stay": stay,
        "differences": [finding for finding in kept(report.checks) if finding.reason],
        "decisions": decisions,
        "history": history,
    }
