"""Override and return rates as supervisors and auditors see them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from marshmallow import Schema, fields

from foundation.fields import Instant
from immigration.services.decision_rates import Rated


class MeasureOut(Schema):
    """How many decisions are of a kind, and their share; null where the line is not shown."""

    count = fields.Integer(required=True, allow_none=True)
    share = fields.Float(required=True, allow_none=True, metadata={"description": "0 to 1", "example": 0.034})


class DecisionRateOut(Schema):
    """What was decided in an office; null where it stands on few decisions, or would give such a line away."""

    office = fields.String(required=True)
    officer = fields.String(required=True, allow_none=True, metadata={"description": "null: all of the office"})
    decided = fields.Integer(required=True, allow_none=True)
    returned = fields.Nested(MeasureOut, required=True)
    refused = fields.Nested(MeasureOut, required=True, metadata={"description": "rejected, or asked to come"})
    overridden = fields.Nested(MeasureOut, required=True, metadata={"description": "against the records"})
    flagged = fields.Nested(
        MeasureOut, required=True, metadata={"description": "overrides that a second person flagged"}
    )
    reopened = fields.Nested(MeasureOut, required=True, metadata={"description": "did not stand"})


class DecisionRatesOut(Schema):
    """The lines of each office, its sum first; both times are null before the first count."""

    items = fields.List(fields.Nested(DecisionRateOut), required=True)
    since = fields.Date(required=True, allow_none=True)
    counted_at = Instant(required=True, allow_none=True)


def rates_view(rated: Sequence[Rated], since: date | None, counted_at: datetime | None) -> dict[str, Any]:
    """The rates as DecisionRatesOut shows them."""
    return {"items": [_line(each) for each in rated], "since": since, "counted_at": counted_at}


def _line(rated: Rated) -> dict[str, Any]:
    named = rated.officer.partition(":")[2] if rated.officer else None
    shown = {name: {"count": count, "share": _share(count, rated.decided)} for name, count in rated.counts.items()}
    return {"office": rated.office, "officer": named, "decided": rated.decided, **shown}


def _share(count: int | None, decided: int | None) -> float | None:
    return round(count / decided, 3) if count is not None and decided else None
