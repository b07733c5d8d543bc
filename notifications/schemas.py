"""Devices and the inbox as JSON."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from foundation.fields import Instant
from foundation.words import LANGUAGES
from notifications.rules import DeliveryStatus, NotificationStatus, Platform, TargetKind
from notifications.services.devices import Registration

_PLATFORM = validate.OneOf(tuple(Platform))
_KIND = validate.OneOf(tuple(TargetKind))
LONGEST_TARGET = 4096
DEVICE_ID = r"[A-Za-z0-9._-]{1,64}"


class DeviceIn(Schema):
    """What an app says of its device."""

    platform = fields.String(required=True, validate=_PLATFORM)
    kind = fields.String(required=True, validate=_KIND)
    target = fields.String(
        required=True,
        validate=validate.Length(min=1, max=LONGEST_TARGET),
        metadata={"description": "the push address: a Firebase installation id, a token, or a web push subscription"},
    )
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Registration:
        """As the service takes it."""
        return Registration(**data | {"platform": Platform(data["platform"]), "kind": TargetKind(data["kind"])})


class DeviceOut(Schema):
    """A registered device; its push address is not shown again."""

    device_id = fields.String(required=True)
    platform = fields.String(required=True, validate=_PLATFORM)
    kind = fields.String(required=True, validate=_KIND)
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    updated_at = Instant(required=True)


class LanguageQuery(Schema):
    """In which language the words are wanted."""

    language = fields.String(
        validate=validate.OneOf(LANGUAGES), metadata={"description": "otherwise by Accept-Language, otherwise en"}
    )


class InboxQuery(LanguageQuery):
    """Which page of the inbox is wanted."""

    cursor = fields.String(validate=validate.Length(max=200), metadata={"description": "next_cursor of the last page"})
    limit = fields.Integer(load_default=20, validate=validate.Range(min=1, max=100))


class ArrivalOut(Schema):
    """What became of a message on one device."""

    device_id = fields.String(required=True)
    platform = fields.String(required=True, allow_none=True, validate=_PLATFORM)
    status = fields.String(required=True, validate=validate.OneOf(tuple(DeliveryStatus)))
    sent_at = Instant(required=True, allow_none=True, metadata={"description": "when the provider took it"})


class NotificationOut(Schema):
    """A message, and what became of it."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    report = fields.String(
        required=True, allow_none=True, metadata={"description": "the report it is about; never pushed"}
    )
    due_on = fields.Date(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(tuple(NotificationStatus)))
    created_at = Instant(required=True)
    read_at = Instant(required=True, allow_none=True)
    deliveries = fields.List(fields.Nested(ArrivalOut), required=True)


class InboxOut(Schema):
    """A page of the inbox, newest first."""

    items = fields.List(fields.Nested(NotificationOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
