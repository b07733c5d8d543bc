"""What an officer signs in with, and is given."""

from marshmallow import Schema, fields, validate

from foundation.identity import STAFF
from immigration.rules.passwords import LONGEST_PASSWORD

ONLY_OFFICE = "the only office; null at the headquarters, and of an account with several"
EVERY_OFFICE = "HQ: every office"


class AccountIn(Schema):
    """Name and password of an account."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=64))
    password = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_PASSWORD))


class SignInIn(AccountIn):
    """Name, password, and the code of the authenticator app where the account has one."""

    totp = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=16))


class PasswordChangeIn(Schema):
    """The present password of my account, and the next one."""

    current_password = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_PASSWORD))
    password = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_PASSWORD))


class SignedInOut(Schema):
    """A bearer token for at most `expires_in` seconds; it ends earlier when it is not used."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    role = fields.String(required=True)
    office = fields.String(required=True, allow_none=True, metadata={"description": ONLY_OFFICE})
    offices = fields.List(fields.String(), required=True, metadata={"description": EVERY_OFFICE})
    name = fields.String(required=True)


class ConsoleSessionOut(Schema):
    """Who is signed in at the console; without a request for `idle_seconds` the session ends."""

    name = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(tuple(sorted(STAFF))))
    office = fields.String(required=True, allow_none=True, metadata={"description": ONLY_OFFICE})
    offices = fields.List(fields.String(), required=True, metadata={"description": EVERY_OFFICE})
    idle_seconds = fields.Integer(required=True)
    password_length = fields.Integer(required=True, metadata={"description": "the fewest characters of a password"})


class WaysInOut(Schema):
    """How officers may sign in at the console."""

    openid = fields.Boolean(required=True, metadata={"description": "with an identity provider, at /console/openid"})
    training = fields.Boolean(
        required=True, metadata={"description": "all people are invented; the console says so on every page"}
    )
