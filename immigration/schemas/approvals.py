"""What waits for a second person, and looks beyond an officer's offices, as officers see and send them."""

from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate

from foundation.fields import Instant
from foundation.identity import Principal
from immigration.models.approvals import Approval
from immigration.models.reports import Report
from immigration.rules.codes import ApprovalKind, ApprovalOutcome, ApprovalState
from immigration.schemas.common import statement
from immigration.services import approvals

HIDDEN = frozenset({"sought"})
"""What a request keeps that nobody is shown: the blind index of a passport."""


class WaitingOut(Schema):
    """What was asked for waits for another person: `approval` is its id under `/review/approvals`."""

    approval = fields.String(required=True)


class ApprovalOut(Schema):
    """An act that another person approves or refuses."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(ApprovalKind)))
    state = fields.String(required=True, validate=validate.OneOf(tuple(ApprovalState)))
    report = fields.String(required=True, allow_none=True, metadata={"description": "number of the report"})
    asked = fields.Dict(required=True, metadata={"description": "outcome, note, next_due_on, purpose or reason"})
    requested_by = fields.String(required=True)
    mine = fields.Boolean(required=True, metadata={"description": "whether I asked for it: another person approves it"})
    requested_at = Instant(required=True)
    expires_at = Instant(required=True)
    settled_by = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)


class ApprovalsOut(Schema):
    """A page of approvals that wait, oldest first."""

    items = fields.List(fields.Nested(ApprovalOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class SettleIn(Schema):
    """What the second person answers."""

    outcome = fields.String(required=True, validate=validate.OneOf(tuple(ApprovalOutcome)))
    note = statement(2000)


class ExceptionIn(Schema):
    """Why an officer has to look at a report of another office."""

    reason = statement(200, required=True, shortest=3)


class ExceptionOut(Schema):
    """A look beyond an officer's offices; `offices` are those of the person, which see it here."""

    officer = fields.String(required=True)
    officer_offices = fields.List(fields.String(), required=True)
    offices = fields.List(fields.String(), required=True)
    resident_id = fields.UUID(required=True, attribute="person_id")
    reason = fields.String(required=True)
    stated_case = fields.String(required=True, allow_none=True)
    approved_by = fields.String(required=True, allow_none=True, attribute="approved_as")
    opened_at = Instant(required=True)
    expires_at = Instant(required=True)


class ExceptionsOut(Schema):
    """A page of exceptions, newest first."""

    items = fields.List(fields.Nested(ExceptionOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def waiting_view(approval: Approval) -> dict[str, Any]:
    """What the call that asked for it answers."""
    return {"approval": str(approval.reference)}


def approval_view(approval: Approval, report: Report | None, *, reader: Principal, now: datetime) -> dict[str, Any]:
    """An approval as ApprovalOut shows it to an officer."""
    return {
        "id": str(approval.reference),
        "kind": approval.kind,
        "state": approvals.state(approval, now),
        "report": report.number if report else None,
        "asked": {name: value for name, value in approval.request.items() if name not in HIDDEN},
        "requested_by": approval.requested_as,
        "mine": approval.requested_by == reader.id,
        "requested_at": approval.requested_at,
        "expires_at": approval.expires_at,
        "settled_by": approval.settled_as,
        "note": approval.note,
    }
