"""Accounts of officers, as administrators see and change them."""

from marshmallow import Schema, ValidationError, fields, validate

from foundation.fields import FieldFault, Instant, Pattern, Sentence
from foundation.identity import STAFF
from immigration.rules.officers import LONGEST_NAME, AccountObstacle, is_name
from immigration.schemas.common import line
from immigration.schemas.officers import EVERY_OFFICE

_ROLES = tuple(sorted(STAFF))
_MOST_OFFICES = 100


def _check_name(name: str) -> None:
    if not is_name(name):
        text = "A name has 1 to 64 printable characters, no colon, and no spaces around it."
        raise ValidationError(Sentence(text, FieldFault.WRONG_FORM))


class AccountsQuery(Schema):
    """Which accounts, by name."""

    name = line(LONGEST_NAME, about="part of the name")
    cursor = fields.UUID(load_default=None)
    limit = fields.Integer(load_default=30, validate=validate.Range(1, 100))


class AccessIn(Schema):
    """What an account may do, and where."""

    role = fields.String(required=True, validate=validate.OneOf(_ROLES))
    offices = fields.List(
        fields.String(validate=validate.Length(min=1, max=16)),
        required=True,
        validate=validate.Length(min=1, max=_MOST_OFFICES),
        metadata={"description": f"codes of offices; {EVERY_OFFICE}"},
    )


class NewAccountIn(AccessIn):
    """A new account."""

    name = fields.String(required=True, validate=[validate.Length(min=1, max=LONGEST_NAME), _check_name])


class ChangedAccessIn(AccessIn):
    """Another role, or other offices; `version` is that of the account as it was seen."""

    version = fields.String(required=True, validate=Pattern(r"^[0-9a-f]{16}$"))


class AccountOut(Schema):
    """An account. `obstacles` says why its access cannot be changed or ended; `signed_in_at` reaches back 90 days."""

    id = fields.UUID(required=True, attribute="officer.id")
    name = fields.String(required=True, attribute="officer.name")
    role = fields.String(required=True, attribute="officer.role", validate=validate.OneOf(_ROLES))
    offices = fields.List(
        fields.String(), required=True, attribute="officer.offices", metadata={"description": EVERY_OFFICE}
    )
    closed_at = Instant(required=True, allow_none=True, attribute="officer.disabled_at")
    authenticator = fields.Function(
        lambda account: account.officer.totp_secret is not None,
        metadata={"type": "boolean", "description": "whether an authenticator app is set up"},
        required=True,
    )
    openid = fields.Function(
        lambda account: account.officer.openid_subject is not None,
        metadata={"type": "boolean", "description": "whether it came from the identity provider"},
        required=True,
    )
    passkeys = fields.Integer(required=True)
    sessions = fields.Integer(required=True)
    signed_in_at = Instant(required=True, allow_none=True)
    mine = fields.Boolean(required=True)
    obstacles = fields.List(fields.String(validate=validate.OneOf(tuple(AccountObstacle))), required=True)
    version = fields.String(required=True)


class AccountsOut(Schema):
    """A page of accounts, by name."""

    items = fields.List(fields.Nested(AccountOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class FirstUseCodeIn(Schema):
    """With `replace`, passkeys, authenticator app and sessions of the account end: they were lost."""

    replace = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class FirstUseCodeOut(AccountOut):
    """An account with the code with which it registers a passkey, once: it is shown this once."""

    code = fields.String(required=True)
    expires_at = Instant(required=True, attribute="officer.first_use_ends_at")


class PasswordOut(AccountOut):
    """An account with the password that was made for it: it is shown this once."""

    password = fields.String(required=True)
