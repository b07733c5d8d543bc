"""What an officer signs in with, and is given."""

from marshmallow import Schema, fields, validate

from immigration.rules.officers import LONGEST_PASSWORD


class SignInIn(Schema):
    """Name, password, and the second factor where the account has one."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=64))
    password = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_PASSWORD))
    totp = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=16))


class SignedInOut(Schema):
    """A bearer token for at most `expires_in` seconds; it ends earlier when it is not used."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    role = fields.String(required=True)
    office = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
