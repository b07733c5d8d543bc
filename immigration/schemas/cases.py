"""Cases as residents and officers see and send them."""

from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from foundation.clock import bangkok_date
from foundation.fields import MISSING, Instant
from immigration.models.cases import ResidentCase
from immigration.rules.codes import CaseOutcome, CaseStatus, CaseSubject
from immigration.rules.policies import Policy
from immigration.rules.working_days import working_days_since
from immigration.schemas.common import SEVERAL_LINES, AtOffice, Line, PageArgs, at_office_days, line, plain_lines
from immigration.services.cases import Answer

_STATUS = validate.OneOf(tuple(CaseStatus))
_OUTCOME = validate.OneOf(tuple(CaseOutcome))


class CaseIn(Schema):
    """What is wrong, in the resident's words; `correction` and `erasure` are requests with a limit in law."""

    about = line(
        60,
        required=True,
        shortest=1,
        about="a subject (" + ", ".join(CaseSubject) + "), the number of a report, or a fact that is shown",
    )
    text = Line(required=True, validate=[plain_lines, validate.Length(3, 4000)], metadata=SEVERAL_LINES)


class CaseOut(Schema):
    """A case of the resident's; `due_by` is the last day of the answer."""

    number = fields.String(required=True)
    status = fields.String(required=True, validate=_STATUS)
    about = fields.String(required=True)
    text = fields.String(required=True)
    office = fields.String(required=True)
    opened_at = Instant(required=True)
    due_by = fields.Date(required=True)
    outcome = fields.String(required=True, allow_none=True, validate=_OUTCOME)
    answer = fields.String(required=True, allow_none=True)
    answered_at = Instant(required=True, allow_none=True)


class CasesOut(Schema):
    """A page of cases, newest first."""

    items = fields.List(fields.Nested(CaseOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class CaseQueueArgs(PageArgs):
    """Which cases: those that wait, or those that were answered."""

    answered = fields.Boolean(load_default=False)
    at_office_days = at_office_days()


class CaseQueueItem(AtOffice):
    """A line of the officers' list; whose case it is and what they wrote shows when it is opened."""

    number = fields.String(required=True)
    status = fields.String(required=True, validate=_STATUS)
    about = fields.String(required=True)
    office = fields.String(required=True)
    opened_at = Instant(required=True)
    due_by = fields.Date(required=True)
    overdue = fields.Boolean(required=True)


class CaseQueueOut(Schema):
    """A page of cases, the longest waiting first."""

    items = fields.List(fields.Nested(CaseQueueItem), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class OfficerCaseOut(CaseOut):
    """A case as an officer opens it."""

    resident_id = fields.UUID(required=True, attribute="person_id")
    office_since = Instant(required=True, attribute="at_office_since")


class AnswerIn(Schema):
    """What was found, or the office that the case is given to: one of the two."""

    outcome = fields.String(load_default=None, allow_none=True, validate=_OUTCOME)
    text = Line(load_default="", validate=[plain_lines, validate.Length(max=4000)], metadata=SEVERAL_LINES)
    transfer_to = line(10)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """An answer has an outcome and a text, a transfer neither."""
        if data.get("transfer_to"):
            if data.get("outcome") or data.get("text"):
                raise ValidationError("Give either an answer or the other office.", "transfer_to")
        elif not data.get("outcome"):
            raise ValidationError({"outcome": [MISSING]})
        elif len(data.get("text", "").strip()) < 3:
            raise ValidationError({"text": [MISSING]})

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Answer:
        """As the service takes it."""
        outcome = CaseOutcome(data["outcome"]) if data["outcome"] else None
        return Answer(outcome=outcome, text=data["text"], transfer_to=data["transfer_to"] or None)


def queue_line(case: ResidentCase, policy: Policy, now: datetime) -> dict[str, Any]:
    """A line of the officers' list as CaseQueueItem shows it."""
    since, today = bangkok_date(case.at_office_since), bangkok_date(now)
    waits = case.status != CaseStatus.ANSWERED
    return {
        "number": case.number,
        "status": case.status,
        "about": case.about,
        "office": case.office,
        "at_office_since": case.at_office_since,
        "office_days": working_days_since(since, today, policy.of_office(case.office)),
        "opened_at": case.opened_at,
        "due_by": case.due_by,
        "overdue": waits and case.due_by < today,
    }
