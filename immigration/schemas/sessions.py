"""A person's sign-ins."""

from marshmallow import Schema, fields, validate

from immigration.rules.codes import Assurance
from immigration.schemas.common import line


class SessionNameIn(Schema):
    """What a sign-in is to be called."""

    name = line(60, required=True)


class SessionOut(Schema):
    """A sign-in: which phone, how it was activated, and when it was last used."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    assurance = fields.String(required=True, validate=validate.OneOf(tuple(Assurance)))
    created_at = fields.AwareDateTime(format="iso", required=True)
    last_used_at = fields.AwareDateTime(format="iso", required=True)
    current = fields.Boolean(required=True, metadata={"description": "the sign-in that asks"})


class SessionsOut(Schema):
    """All sign-ins of a person that can still be used."""

    items = fields.List(fields.Nested(SessionOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class EndedOut(Schema):
    """How many sign-ins were ended."""

    ended = fields.Integer(required=True)
