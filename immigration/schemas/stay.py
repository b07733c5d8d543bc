"""A stay and what it obliges to."""

from typing import Any

from marshmallow import Schema, fields, validate

from immigration.rules.codes import ObligationState, RegimeName, StepCode
from immigration.rules.explanations import Step
from immigration.schemas.words import LANGUAGES_OF_LAW, state_text, step_text
from immigration.services.obligations import ObligationToday


class StepOut(Schema):
    """One step of the reasoning, to be worded in any language."""

    code = fields.String(required=True, validate=validate.OneOf(tuple(StepCode)))
    date = fields.Date(required=True, allow_none=True)
    source = fields.String(required=True)
    grade = fields.String(required=True, allow_none=True)
    params = fields.Dict(required=True)
    text = fields.String(required=True, metadata={"description": "the step as a sentence, by Accept-Language"})
    original = fields.String(
        required=True, allow_none=True, metadata={"description": "the step in English, where `text` is a translation"}
    )


class ObligationOut(Schema):
    """When the next report is due, and why."""

    regime = fields.String(required=True, allow_none=True, validate=validate.OneOf(tuple(RegimeName)))
    state = fields.String(required=True, validate=validate.OneOf(tuple(ObligationState)))
    text = fields.String(required=True, metadata={"description": "the state as a sentence, by Accept-Language"})
    due_on = fields.Date(required=True, allow_none=True)
    opens_on = fields.Date(required=True, allow_none=True)
    online_closes_on = fields.Date(required=True, allow_none=True)
    grace_ends_on = fields.Date(required=True, allow_none=True)
    last_day_to_act = fields.Date(
        required=True, allow_none=True, metadata={"description": "the last day to advise; a working day for offices"}
    )
    late_after = fields.Date(
        required=True, allow_none=True, metadata={"description": "judges lateness; never a day to act by"}
    )
    can_file_from = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "the earliest day on which some accepted reading of the rules lets one file"},
    )
    explanation = fields.List(fields.Nested(StepOut), required=True)


class StayOut(Schema):
    """The present stay by the records; nulls abroad."""

    entered_on = fields.Date(required=True, allow_none=True)
    permitted_until = fields.Date(required=True, allow_none=True)
    visa_class = fields.String(required=True, allow_none=True)
    obligation = fields.Nested(ObligationOut, required=True)


def stay_view(stay: ObligationToday, language: str) -> dict[str, Any]:
    """An obligation as StayOut shows it, with its sentences in a language."""
    owed = stay.owed
    return {
        "entered_on": owed.entered_on,
        "permitted_until": owed.permitted_until,
        "visa_class": owed.visa_class,
        "obligation": obligation_view(stay, language),
    }


def obligation_view(stay: ObligationToday, language: str) -> dict[str, Any]:
    """An obligation as ObligationOut shows it, with its sentences in a language."""
    owed, window = stay.owed, stay.owed.window
    return {
        "regime": owed.regime,
        "state": owed.state(stay.today),
        "text": state_text(owed, stay.today, language),
        "due_on": window and window.due_on,
        "opens_on": window and window.opens_on,
        "online_closes_on": window and window.online_closes_on,
        "grace_ends_on": window and window.grace_ends_on,
        "last_day_to_act": window and window.last_day_to_act,
        "late_after": window and window.late_after,
        "can_file_from": stay.can_file_from,
        "explanation": [_step_view(step, language) for step in owed.explanation],
    }


def _step_view(step: Step, language: str) -> dict[str, Any]:
    return {
        "code": step.code,
        "date": step.date,
        "source": step.source,
        "grade": step.grade,
        "params": step.params,
        "text": step_text(step, language),
        "original": None if language in LANGUAGES_OF_LAW else step_text(step, LANGUAGES_OF_LAW[0]),
    }
