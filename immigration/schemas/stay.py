"""A stay and what it obliges to."""

from typing import Any

from marshmallow import Schema, fields, validate

from immigration.rules.codes import ObligationState, RegimeName, StepCode
from immigration.rules.due_dates import Obligation


class StepOut(Schema):
    """One step of the reasoning, to be worded in any language."""

    code = fields.String(required=True, validate=validate.OneOf(tuple(StepCode)))
    date = fields.Date(required=True, allow_none=True)
    source = fields.String(required=True)
    grade = fields.String(required=True, allow_none=True)
    params = fields.Dict(required=True)


class ObligationOut(Schema):
    """When the next report is due, and why."""

    regime = fields.String(required=True, allow_none=True, validate=validate.OneOf(tuple(RegimeName)))
    state = fields.String(required=True, validate=validate.OneOf(tuple(ObligationState)))
    due_on = fields.Date(required=True, allow_none=True)
    opens_on = fields.Date(required=True, allow_none=True)
    online_closes_on = fields.Date(required=True, allow_none=True)
    grace_ends_on = fields.Date(required=True, allow_none=True)
    late_after = fields.Date(required=True, allow_none=True)
    explanation = fields.List(fields.Nested(StepOut), required=True)


class StayOut(Schema):
    """The present stay by the records; nulls abroad."""

    entered_on = fields.Date(required=True, allow_none=True)
    permitted_until = fields.Date(required=True, allow_none=True)
    visa_class = fields.String(required=True, allow_none=True)
    obligation = fields.Nested(ObligationOut, required=True)


def stay_view(owed: Obligation, today: Any) -> dict[str, Any]:
    """An obligation as StayOut shows it."""
    window = owed.window
    return {
        "entered_on": owed.entered_on,
        "permitted_until": owed.permitted_until,
        "visa_class": owed.visa_class,
        "obligation": {
            "regime": owed.regime,
            "state": owed.state(today),
            "due_on": window and window.due_on,
            "opens_on": window and window.opens_on,
            "online_closes_on": window and window.online_closes_on,
            "grace_ends_on": window and window.grace_ends_on,
            "late_after": window and window.late_after,
            "explanation": owed.explanation,
        },
    }
