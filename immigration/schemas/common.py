"""Pieces that several schemas share."""

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from foundation.fields import Pattern
from immigration.rules.codes import CheckOutcome
from immigration.rules.findings import CHECKS
from immigration.rules.reports import REASONS, STATES

# Besides control characters: what breaks lines or turns their direction, so that a reader sees other than was sent.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain_text(value: str) -> None:
    """Refuse control characters and lone surrogates."""
    if _CONTROL.search(value):
        raise ValidationError("Contains control characters.")


def line(longest: int, *, required: bool = False, shortest: int = 0) -> fields.String:
    """A single line of text without spaces around it; an optional one is empty when it is missing or null."""
    checks: list[Any] = [plain_text, validate.Length(min=shortest, max=longest)]
    if required:
        return Line(required=True, validate=checks)
    return NullableLine(load_default="", allow_none=True, validate=checks)


class Line(fields.String):
    """Text whose spaces at both ends do not count; line ends and other control characters there do."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, attr, data, **kwargs).strip(" ")


class NullableLine(Line):
    """A line for which null means empty."""

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """Null becomes the empty line."""
        return super().deserialize("" if value is None else value, attr, data, **kwargs)


REASON = validate.OneOf(REASONS)
STATE = validate.OneOf(STATES)


def reasons() -> fields.List[str]:
    """Reason codes, always there."""
    return fields.List(fields.String(validate=REASON), required=True)


class PageArgs(Schema):
    """Keyset paging."""

    cursor = fields.String(load_default=None, validate=Pattern(r"^[0-9]{1,18}$"))
    limit = fields.Integer(load_default=20, strict=False, validate=validate.Range(1, 100))


class CheckOut(Schema):
    """The outcome of one check."""

    check = fields.String(required=True, validate=validate.OneOf(CHECKS))
    outcome = fields.String(required=True, validate=validate.OneOf(tuple(CheckOutcome)))
    reason = fields.String(required=True, allow_none=True, validate=REASON)


class Names(Schema):
    """A name in English and in Thai."""

    en = fields.String(required=True)
    th = fields.String(required=True)


class NoteIn(Schema):
    """A note."""

    note = line(2000, required=True, shortest=1)
