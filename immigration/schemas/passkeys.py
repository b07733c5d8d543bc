"""Passkeys, as WebAuthn's JSON forms have them (W3C Web Authentication Level 3, 5.1)."""

from marshmallow import Schema, fields

from immigration.schemas.common import line
from immigration.schemas.officers import AccountIn


class PasskeyIn(Schema):
    """A new passkey: what `navigator.credentials.create()` answered, as JSON, and what to call it."""

    credential = fields.Dict(required=True, metadata={"description": "PublicKeyCredential.toJSON() of a registration"})
    name = line(60)


class PasskeyNameIn(Schema):
    """What to call a passkey."""

    name = line(60, required=True, shortest=1)


class FirstUseIn(AccountIn):
    """An account that registers its first passkey: name, password, and the code of first use."""

    code = line(40, required=True, shortest=1)


class FirstPasskeyIn(FirstUseIn):
    """The same with the new passkey, and what to call it."""

    credential = fields.Dict(required=True, metadata={"description": "PublicKeyCredential.toJSON() of a registration"})
    passkey_name = line(60)


class PasskeyProofIn(Schema):
    """What `navigator.credentials.get()` answered, as JSON."""

    credential = fields.Dict(
        required=True, metadata={"description": "PublicKeyCredential.toJSON() of an authentication"}
    )


class PasskeyOut(Schema):
    """A passkey of mine, or of my account."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    created_at = fields.AwareDateTime(format="iso", required=True)
    last_used_at = fields.AwareDateTime(format="iso", required=True, allow_none=True)


class PasskeysOut(Schema):
    """All my passkeys, or all of my account."""

    items = fields.List(fields.Nested(PasskeyOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
