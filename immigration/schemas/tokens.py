"""What a signed-in phone is given, and sends to stay signed in."""

from marshmallow import Schema, fields, validate


class RefreshIn(Schema):
    """A refresh token that was not used before."""

    refresh_token = fields.String(required=True, validate=validate.Length(min=1, max=256))


class TokenPairOut(Schema):
    """An access token for `expires_in` seconds, and the refresh token that gets the next one."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    refresh_token = fields.String(required=True)
    resident_id = fields.UUID(required=True)
