"""The queue as officers see it, and what they choose by. Lists carry no names."""

from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from foundation.clock import bangkok_date
from foundation.fields import FieldFault, Instant, Pattern, Sentence
from foundation.identity import Principal
from immigration.registries import offices
from immigration.rules.codes import Assurance
from immigration.rules.offices import EVERY_OFFICE
from immigration.rules.policies import Policy
from immigration.rules.reports import answer_by
from immigration.rules.working_days import working_days_since
from immigration.schemas.common import REASON, STATE, AtOffice, PageArgs, at_office_days, line, reasons
from immigration.services.queue import MOST_COUNTED, QueueEntry
from immigration.services.queue_counts import QueueCounts

OLDEST = 3650
"""Days; what waits for longer is no longer in this service."""


def known_office(code: str) -> None:
    """Refuse a code that no office has."""
    if code != EVERY_OFFICE and not offices.is_known(code):
        raise ValidationError(Sentence("No immigration office has this code.", FieldFault.NOT_ONE_OF))


class QueueFilterArgs(Schema):
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
    at_office_days = at_office_days()


class QueueArgs(QueueFilterArgs, PageArgs):
    """A page of the reports that are filtered so."""


class QueueItem(AtOffice):
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


class OfficeCount(Schema):
    """How many reports wait at an office."""

    office = fields.String(required=True)
    reports = fields.Integer(required=True)


class ReasonCount(Schema):
    """How many reports wait for a reason, at all offices of the account."""

    reason = fields.String(required=True, validate=REASON)
    reports = fields.Integer(required=True)


class CountsOut(Schema):
    """How many reports wait in each fixed view: `mine` now, up to `most` (one more means more), the others lately."""

    mine = fields.Integer(required=True)
    most = fields.Constant(MOST_COUNTED, metadata={"type": "integer"}, required=True)
    all = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "of every office of the account; null: a worker has not counted yet"},
    )
    offices = fields.List(fields.Nested(OfficeCount), required=True)
    reasons = fields.List(fields.Nested(ReasonCount), required=True)
    counted_at = Instant(required=True, allow_none=True, metadata={"description": "when the worker counted"})


def counts_view(mine: int, counts: QueueCounts) -> dict[str, Any]:
    """The counts as CountsOut shows them."""
    return {
        "mine": mine,
        "all": counts.total,
        "offices": [{"office": office, "reports": number} for office, number in sorted(counts.offices.items())],
        "reasons": [{"reason": reason, "reports": number} for reason, number in sorted(counts.reasons.items())],
        "counted_at": counts.counted_at,
    }


def queue_view(entry: QueueEntry, officer: Principal, policy: Policy, today: date) -> dict[str, Any]:
    """A line of the queue as QueueItem shows it to an officer."""
    report, holder = entry.report, entry.holder
    of_office = policy.of_office(report.office)
    return {
        "number": report.number,
        "status": report.status,
        "filed_at": report.filed_at,
        "due_on": report.due_on,
        "answer_by": answer_by(report.filed_on, of_office),
        "office": report.office,
        "at_office_since": report.at_office_since,
        "office_days": working_days_since(bangkok_date(report.at_office_since), today, of_office),
        "reasons": report.reasons,
        "nationality": entry.nationality,
        "visa_class": entry.visa_class,
        "assurance": report.assurance,
        "claimed_by": holder and holder.name,
        "mine": holder is not None and holder.officer_id == officer.id,
    }
