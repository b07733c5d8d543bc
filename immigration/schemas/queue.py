"""The queue as officers see it, and what they choose by. Lists carry no names."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from foundation.fields import FieldFault, Instant, Pattern, Sentence
from foundation.identity import Principal
from immigration.registries import offices
from immigration.rules.codes import Assurance
from immigration.rules.offices import EVERY_OFFICE
from immigration.rules.policies import Policy
from immigration.rules.reports import answer_by
from immigration.schemas.common import REASON, STATE, PageArgs, line, reasons
from immigration.services.queue import MOST_COUNTED, QueueEntry

OLDEST = 3650
"""Days; what waits for longer is no longer in this service."""


def known_office(code: str) -> None:
    """Refuse a code that no office has."""
    if code != EVERY_OFFICE and not offices.is_known(code):
        raise ValidationError(Sentence("No immigration office has this code.", FieldFault.NOT_ONE_OF))


class QueueArgs(PageArgs):
    """Which reports: by state, by office (`all`: each that the officer acts for), and by what they are."""

    status = fields.String(load_default="under-review", validate=STATE)
    office = fields.String(load_default=EVERY_OFFICE, validate=known_office)
    contradicted = fields.Boolean(
        load_default=False,
        metadata={"description": "instead of a state: accepted reports that a correction of the records contradicts"},
    )
    mine = fields.Boolean(load_default=False, metadata={"description": "only those that the officer has in hand"})
    reason = fields.String(load_default=None, validate=REASON)
    nationality = fields.String(load_default=None, validate=Pattern(r"^[A-Z]{1,3}$"))
    visa_class = line(40)
    assurance = fields.String(load_default=None, validate=validate.OneOf(tuple(Assurance)))
    waiting_days = fields.Integer(
        load_default=0, validate=validate.Range(0, OLDEST), metadata={"description": "only those that wait as long"}
    )


class QueueItem(Schema):
    """A line of the queue."""

    number = fields.String(required=True)
    status = fields.String(required=True, validate=STATE)
    filed_at = Instant(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    answer_by = fields.Date(
        required=True, metadata={"description": "the last working day on which the office answers in time"}
    )
    office = fields.String(required=True)
    reasons = reasons()
    nationality = fields.String(required=True)
    visa_class = fields.String(required=True, allow_none=True)
    assurance = fields.String(required=True, validate=validate.OneOf(tuple(Assurance)))
    claimed_by = fields.String(required=True, allow_none=True)
    mine = fields.Boolean(required=True)


class QueueOut(Schema):
    """A page of the queue, oldest first."""

    items = fields.List(fields.Nested(QueueItem), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class CountsOut(Schema):
    """How many reports wait in each fixed view, counted up to `most`; one more than that means more."""

    mine = fields.Integer(required=True)
    office = fields.Integer(required=True, metadata={"description": "as `all`: of every office of the account"})
    all = fields.Integer(required=True)
    most = fields.Constant(MOST_COUNTED, metadata={"type": "integer"}, required=True)


def queue_view(entry: QueueEntry, officer: Principal, policy: Policy) -> dict[str, Any]:
    """A line of the queue as QueueItem shows it to an officer."""
    report, holder = entry.report, entry.holder
    in_province = policy.in_province(policy.office_provinces.get(report.office))
    return {
        "number": report.number,
        "status": report.status,
        "filed_at": report.filed_at,
        "due_on": report.due_on,
        "answer_by": answer_by(report.filed_on, in_province),
        "office": report.office,
        "reasons": report.reasons,
        "nationality": entry.nationality,
        "visa_class": entry.visa_class,
        "assurance": report.assurance,
        "claimed_by": holder and holder.name,
        "mine": holder is not None and holder.officer_id == officer.id,
    }
