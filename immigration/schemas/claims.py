"""Who has a report in hand, as officers see it."""

from typing import Any

from marshmallow import Schema, fields

from foundation.fields import Instant
from foundation.identity import Principal
from immigration.models.reports import Report
from immigration.schemas.common import STATE
from immigration.services.claims import Holder


class ClaimOut(Schema):
    """The state of a report, and who has it in hand; nobody where `claimed_by` is null."""

    number = fields.String(required=True)
    status = fields.String(required=True, validate=STATE)
    claimed_by = fields.String(required=True, allow_none=True)
    mine = fields.Boolean(required=True)
    expires_at = Instant(required=True, allow_none=True)


def claim_view(report: Report, holder: Holder | None, officer: Principal) -> dict[str, Any]:
    """A claim as ClaimOut shows it to an officer."""
    return {
        "number": report.number,
        "status": report.status,
        "claimed_by": holder and holder.name,
        "mine": holder is not None and holder.officer_id == officer.id,
        "expires_at": holder and holder.expires_at,
    }
