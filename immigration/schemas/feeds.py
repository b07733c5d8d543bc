"""Feeds of records and their imports, as administrators see them."""

from marshmallow import Schema, fields, validate

from foundation.fields import Instant
from immigration.rules.feeds import FeedState
from immigration.rules.rows import KINDS
from immigration.schemas.common import statement

_KIND = validate.OneOf(tuple(KINDS))


class ImportOut(Schema):
    """What an import did; `fault` says why it was not read to the end."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=_KIND)
    at = Instant(required=True)
    actor = fields.String(required=True)
    imported = fields.Integer(required=True)
    updated = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    fault = fields.String(required=True, allow_none=True)


class FeedOut(Schema):
    """A kind of records: its last import that was read to the end, and whether that is as fresh as expected."""

    kind = fields.String(required=True, validate=_KIND)
    state = fields.String(required=True, validate=validate.OneOf(tuple(FeedState)))
    last = fields.Nested(ImportOut, required=True, allow_none=True)
    expected_hours = fields.Integer(required=True)


class FeedsOut(Schema):
    """Every feed, and the last imports of all of them, the latest first."""

    feeds = fields.List(fields.Nested(FeedOut), required=True)
    imports = fields.List(fields.Nested(ImportOut), required=True)


class RejectsIn(Schema):
    """Why rows about people are read."""

    purpose = statement(200, required=True, shortest=3)


class RejectedRowOut(Schema):
    """A row that was not taken, as it was sent."""

    line = fields.Integer(required=True)
    reason = fields.String(required=True)
    values = fields.List(fields.String(), required=True)


class RejectsOut(Schema):
    """The rows that an import refused, at most as many as are kept; none after 30 days."""

    kind = fields.String(required=True, validate=_KIND)
    columns = fields.List(fields.String(), required=True)
    items = fields.List(fields.Nested(RejectedRowOut), required=True)
