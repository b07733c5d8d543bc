"""What auditors ask of the events, and a person's access log."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from foundation.fields import Instant, Pattern
from foundation.verifications import VerificationState
from immigration.rules.codes import Alarm
from immigration.schemas.common import PageArgs
from immigration.schemas.histories import AccessOut
from immigration.schemas.queue import known_office
from immigration.schemas.review import PassportIn
from immigration.services.audit import AuditFilter


class AlarmArgs(PageArgs):
    """Which alarms: about an officer's name, an office, or a civil day in Bangkok."""

    officer = fields.String(load_default=None, validate=validate.Length(1, 64))
    office = fields.String(load_default=None, validate=known_office)
    day = fields.Date(load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """As the service takes it."""
        paging = {name: data.pop(name) for name in ("cursor", "limit")}
        return paging | {"wanted": AuditFilter(**data)}


class AuditArgs(AlarmArgs):
    """Which events: those of alarms, and about a resident or of a kind."""

    person_id = fields.UUID(data_key="person", load_default=None, metadata={"description": "id of a resident"})
    kind = fields.String(load_default=None, validate=validate.Length(1, 64))


class SeekersIn(PassportIn):
    """A passport, to see who sought it."""

    cursor = fields.String(load_default=None, allow_none=True, validate=Pattern(r"^[0-9]{1,18}$"))
    limit = fields.Integer(strict=True, load_default=20, validate=validate.Range(1, 100))


class AuditEventOut(Schema):
    """What somebody did."""

    at = Instant(required=True)
    kind = fields.String(required=True)
    actor = fields.String(required=True)
    subject = fields.String(required=True)
    person = fields.UUID(required=True, allow_none=True, attribute="person_id")
    data = fields.Dict(required=True)


class AuditOut(Schema):
    """A page of events, newest first."""

    items = fields.List(fields.Nested(AuditEventOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AlarmOut(Schema):
    """An act that is allowed and unusual."""

    at = Instant(required=True)
    alarm = fields.String(required=True, validate=validate.OneOf(tuple(Alarm)), attribute="data.alarm")
    officer = fields.String(required=True, attribute="actor")
    offices = fields.List(fields.String(), required=True, attribute="data.offices")
    person = fields.UUID(required=True, allow_none=True, attribute="person_id")
    count = fields.Integer(required=True, attribute="data.count")


class AlarmsOut(Schema):
    """A page of alarms, newest first."""

    items = fields.List(fields.Nested(AlarmOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AccessLogOut(Schema):
    """A page of the access log, newest first."""

    items = fields.List(fields.Nested(AccessOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class VerificationOut(Schema):
    """A run through all events and their seals; the counts are null until it is through, or where it was not made."""

    state = fields.String(required=True, validate=validate.OneOf(tuple(VerificationState)))
    asked_by = fields.String(
        required=True, allow_none=True, attribute="asked_as", metadata={"description": "null: the daily one"}
    )
    asked_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)
    up_to_seal = fields.Integer(required=True, allow_none=True)
    events = fields.Integer(required=True, allow_none=True)
    removed = fields.Integer(
        required=True, allow_none=True, metadata={"description": "in due time, with a certificate"}
    )
    waiting = fields.Integer(required=True, allow_none=True, metadata={"description": "for a seal, some seconds"})
    witnessed = fields.Boolean(
        required=True, allow_none=True, metadata={"description": "whether a witness outside has the same seals"}
    )
    faults = fields.Integer(required=True, allow_none=True)
    first_fault = fields.String(
        required=True, allow_none=True, metadata={"description": "or why the verification could not be made"}
    )


class VerificationsOut(Schema):
    """A page of verifications, newest first."""

    items = fields.List(fields.Nested(VerificationOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
