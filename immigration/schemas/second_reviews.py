"""Second reviews and their rates as officers see and send them."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from foundation.fields import MISSING, Instant
from foundation.identity import Principal
from immigration.models.second_reviews import SecondReview
from immigration.rules.fairness import ReviewKind, ReviewResult
from immigration.rules.overrides import Override
from immigration.rules.reports import OUTCOMES
from immigration.schemas.common import PageArgs, line, statement


class SecondReviewArgs(PageArgs):
    """Which second reviews: those that wait, or those that were done."""

    settled = fields.Boolean(load_default=False)


class SecondReviewOut(Schema):
    """A decision that a second person reviews."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(ReviewKind)))
    grounds = fields.List(
        fields.String(validate=validate.OneOf(tuple(Override))),
        required=True,
        metadata={"description": "of an override: in what the decision goes against the records"},
    )
    report = fields.String(required=True, metadata={"description": "number of the report"})
    office = fields.String(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    decided_at = Instant(required=True)
    mine = fields.Boolean(required=True, metadata={"description": "whether I was drawn to review it"})
    assigned_at = Instant(required=True, allow_none=True, metadata={"description": "null: nobody was drawn yet"})
    result = fields.String(required=True, allow_none=True, validate=validate.OneOf(tuple(ReviewResult)))
    note = fields.String(required=True, allow_none=True)
    settled_by = fields.String(required=True, allow_none=True)
    approval = fields.String(
        required=True, allow_none=True, metadata={"description": "of a flagged one: what waits for a supervisor"}
    )


class SecondReviewsOut(Schema):
    """A page of second reviews: those that wait oldest first, those that were done newest first."""

    items = fields.List(fields.Nested(SecondReviewOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class SecondReviewIn(Schema):
    """What the second person found; flagging says why, and asks for the report to be reopened."""

    outcome = fields.String(required=True, validate=validate.OneOf(tuple(ReviewResult)))
    note = statement(2000)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """What is flagged has a reason."""
        if data.get("outcome") == ReviewResult.FLAGGED and not data.get("note"):
            raise ValidationError({"note": [MISSING]})


class SamplingRateIn(Schema):
    """How many of 1,000 automatic acceptances of an office are reviewed from now on."""

    office = line(10, required=True, shortest=1)
    per_mille = fields.Integer(required=True, strict=True, validate=validate.Range(0, 1000))
    reason = statement(200, required=True, shortest=3)


class SamplingRateOut(Schema):
    """A rate that a supervisor set, and from when on it counts."""

    office = fields.String(required=True)
    per_mille = fields.Integer(required=True)
    reason = fields.String(required=True)
    set_by = fields.String(required=True, attribute="set_as")
    set_at = Instant(required=True)


class SamplingRatesOut(Schema):
    """A page of the rates that were ever set, newest first, and their limits; all in 1,000."""

    items = fields.List(fields.Nested(SamplingRateOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
    default = fields.Integer(required=True, metadata={"description": "of an office for which none was set"})
    least = fields.Integer(required=True)
    most = fields.Integer(required=True)


def second_review_view(review: SecondReview, number: str, *, reader: Principal) -> dict[str, Any]:
    """A second review as SecondReviewOut shows it. Who decided is not said: what was decided is to be judged."""
    return {
        "id": str(review.reference),
        "kind": review.kind,
        "grounds": review.grounds,
        "report": number,
        "office": review.office,
        "outcome": review.outcome,
        "decided_at": review.decided_at,
        "mine": review.assigned_to == reader.id,
        "assigned_at": review.assigned_at,
        "result": review.result,
        "note": review.note,
        "settled_by": review.settled_as,
        "approval": str(review.approval) if review.approval else None,
    }
