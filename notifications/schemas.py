"""Devices and the inbox as JSON."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from foundation.fields import Instant
from foundation.http import language
from foundation.words import LANGUAGES, sentence
from notifications.channels.acknowledgements import LENGTH
from notifications.channels.registry import CHANNELS
from notifications.rules import (
    HOURS,
    DeliveryStatus,
    Failure,
    GapCause,
    NotificationStatus,
    Platform,
    Stage,
    TargetKind,
)
from notifications.services.devices import Registration
from notifications.services.preferences import Wanted

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


class FirebaseWebOut(Schema):
    """The web app that a browser registers with at Firebase."""

    project_id = fields.String(required=True)
    api_key = fields.String(required=True)
    app_id = fields.String(required=True)
    sender_id = fields.String(required=True)
    vapid_key = fields.String(required=True, metadata={"description": "the project's key, in the form of public_key"})


class WebPushKeyOut(Schema):
    """The key that a browser subscribes with, and the other way where there is one."""

    public_key = fields.String(required=True, metadata={"description": "a point of P-256, uncompressed, base64url"})
    firebase = fields.Nested(
        FirebaseWebOut,
        required=True,
        allow_none=True,
        metadata={"description": "where this is given, a browser registers there first, and its device as fid"},
    )


class WantedIn(Schema):
    """When and whether a person wants to be reminded."""

    hour = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        validate=validate.OneOf(tuple(HOURS)),
        metadata={"description": "hour of the day in Bangkok; null: from 09:00, spread until 10:30"},
    )
    optional_reminders = fields.Boolean(
        required=True,
        truthy={True},
        falsy={False},
        metadata={"description": "false: only on the due day and on the last day to act"},
    )
    mail = fields.Boolean(
        required=True,
        truthy={True},
        falsy={False},
        metadata={"description": "whether mail brings each receipt, and follows where push does not help"},
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Wanted:
        """As the service takes it."""
        return Wanted(**data)


class WantedOut(WantedIn):
    """What a person chose, and what cannot be switched off."""

    always = fields.Function(
        lambda _: sentence(language(), "reminders", "always"),
        metadata={"type": "string", "description": "which reminders come in any case, and why"},
    )


class CoverageQuery(Schema):
    """Which gaps are wanted."""

    cause = fields.String(validate=validate.OneOf(tuple(GapCause)))
    cursor = fields.UUID(metadata={"description": "next_cursor of the last page"})
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=100))


class CauseOut(Schema):
    """How many people were not told for one cause."""

    cause = fields.String(required=True, validate=validate.OneOf(tuple(GapCause)))
    count = fields.Integer(required=True)


class GapOut(Schema):
    """A person who was not told."""

    resident_id = fields.UUID(required=True, attribute="person_id")
    step = fields.String(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    cause = fields.String(required=True, validate=validate.OneOf(tuple(GapCause)))


class CoverageOut(Schema):
    """The last check of who must have been told by then."""

    checked_at = Instant(required=True, allow_none=True)
    expected = fields.Integer(required=True, metadata={"description": "people who had to be told, of all offices"})
    causes = fields.List(fields.Nested(CauseOut), required=True)
    items = fields.List(fields.Nested(GapOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class FailedQuery(Schema):
    """Which messages that failed are wanted."""

    channel = fields.String(validate=validate.OneOf([kind.name for kind in CHANNELS]))
    cursor = fields.UUID(metadata={"description": "next_cursor of the last page"})
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=100))


class FailedOut(Schema):
    """A message that failed for good by a channel, and reached its person by no other."""

    id = fields.UUID(required=True, metadata={"description": "of the message by this channel"})
    resident_id = fields.UUID(required=True, attribute="person_id")
    kind = fields.String(required=True)
    channel = fields.String(required=True)
    error = fields.String(required=True, allow_none=True, metadata={"description": "the provider's last code"})
    why = fields.String(required=True, validate=validate.OneOf(tuple(Failure)))
    created_at = Instant(required=True)
    failed_at = Instant(required=True, allow_none=True)


class FailedListOut(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(FailedOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PreviewOut(Schema):
    """A message as people would read it, with invented values."""

    kind = fields.String(required=True)
    yearly = fields.Boolean(required=True, metadata={"description": "for those who report once a year"})
    at_any_hour = fields.Boolean(required=True, metadata={"description": "false: only from 08:00 to 20:00"})
    every_channel = fields.Boolean(required=True, metadata={"description": "sent by every channel at once"})
    title = fields.String(required=True, attribute="text.title")
    body = fields.String(required=True, attribute="text.body")


class PreviewsOut(Schema):
    """Every kind of message, in one language."""

    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    items = fields.List(fields.Nested(PreviewOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


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
    """What became of a message on one device, or by one channel to the person."""

    device_id = fields.String(required=True, metadata={"description": "@ and the channel where no device is meant"})
    channel = fields.String(required=True, metadata={"description": "such as push or mail"})
    platform = fields.String(required=True, allow_none=True, validate=_PLATFORM)
    status = fields.String(required=True, validate=validate.OneOf(tuple(DeliveryStatus)))
    sent_at = Instant(required=True, allow_none=True, metadata={"description": "when the provider took it"})
    delivered_at = Instant(required=True, allow_none=True, metadata={"description": "when the phone had it"})
    opened_at = Instant(required=True, allow_none=True, metadata={"description": "when it was opened there"})


class HappenedOut(Schema):
    """One thing that happened to a message."""

    at = Instant(required=True)
    stage = fields.String(
        required=True,
        validate=validate.OneOf(tuple(Stage)),
        metadata={"description": "replaced: the channel followed, since what was tried before did not help"},
    )
    channel = fields.String(required=True, allow_none=True)
    why = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(tuple(Failure)),
        metadata={"description": "only where it failed"},
    )


class AcknowledgementIn(Schema):
    """What a phone says of a message that came to it."""

    acknowledgement = fields.String(
        required=True,
        validate=validate.Length(equal=LENGTH),
        metadata={"description": "as it came with the message"},
    )
    opened = fields.Boolean(
        required=True,
        truthy={True},
        falsy={False},
        metadata={"description": "true: the person opened it; false: it arrived"},
    )


class NotificationOut(Schema):
    """A message, and what became of it."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    english = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "title and body in English, beside a language that no speaker has read yet"},
    )
    report = fields.String(
        required=True, allow_none=True, metadata={"description": "the report it is about; never pushed"}
    )
    due_on = fields.Date(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(tuple(NotificationStatus)))
    created_at = Instant(required=True)
    read_at = Instant(required=True, allow_none=True)
    deliveries = fields.List(fields.Nested(ArrivalOut), required=True)
    life = fields.List(
        fields.Nested(HappenedOut), required=True, metadata={"description": "what happened to it, oldest first"}
    )


class InboxOut(Schema):
    """A page of the inbox, newest first."""

    items = fields.List(fields.Nested(NotificationOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
