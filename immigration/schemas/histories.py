"""What stands around a person and their reports, as an officer sees it beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from foundation.fields import Instant
from foundation.services import SentMessage
from immigration.rules.codes import AccessAct
from immigration.schemas.common import STATE, reasons
from immigration.services.audit import Access


class SentMessageOut(Schema):
    """A message to the person, and what became of it last: written, sent, delivered, opened, or not arrived."""

    at = Instant(required=True)
    title = fields.String(required=True, metadata={"description": "by Accept-Language"})
    stage = fields.String(required=True)
    channel = fields.String(required=True, allow_none=True)


class AccessOut(Schema):
    """Somebody of an office saw the resident's data; `purpose` is what they stated."""

    at = Instant(required=True)
    office = fields.String(required=True)
    role = fields.String(required=True)
    act = fields.String(required=True, validate=validate.OneOf(tuple(AccessAct)))
    purpose = fields.String(required=True, allow_none=True)
    report = fields.String(required=True, allow_none=True, metadata={"description": "number of the report opened"})


class RelatedReportOut(Schema):
    """Another report of the person, in a line."""

    number = fields.String(required=True)
    status = fields.String(required=True, validate=STATE)
    filed_at = Instant(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    office = fields.String(required=True)
    reasons = reasons()


class AroundPerson(Schema):
    """Messages to a person, and who looked at their data, each newest first and the last few only."""

    messages = fields.List(fields.Nested(SentMessageOut), required=True)
    accesses = fields.List(fields.Nested(AccessOut), required=True)


@dataclass(frozen=True, kw_only=True)
class Around:
    """Messages to a person, and who looked at their data."""

    messages: Sequence[SentMessage]
    accesses: Sequence[Access]

    def as_dict(self) -> dict[str, Any]:
        """As AroundPerson shows it."""
        return {"messages": self.messages, "accesses": self.accesses}
