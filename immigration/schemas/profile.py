"""A resident as the phone shows them, and what they may change."""

from marshmallow import Schema, fields, validate

from foundation.words import LANGUAGES
from immigration.rules.codes import Assurance
from immigration.schemas.common import email, phone


class ProfileIn(Schema):
    """What is to change; a member that is left out stays, null or an empty text takes contact data away."""

    language = fields.String(validate=validate.OneOf(LANGUAGES))
    email = email(absent=None)
    phone = phone(absent=None)


class ProfileOut(Schema):
    """Who is signed in."""

    resident_id = fields.UUID(required=True)
    document_number = fields.String(required=True, metadata={"description": "masked but for the last three characters"})
    issuing_state = fields.String(required=True)
    surname = fields.String(required=True)
    given_names = fields.String(required=True)
    name = fields.String(required=True)
    nationality = fields.String(required=True)
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    email = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    assurance = fields.String(required=True, validate=validate.OneOf(tuple(Assurance)))
