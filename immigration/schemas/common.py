"""Pieces that several schemas share."""

import re
from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from foundation.fields import FieldFault, Instant, Pattern, Sentence
from immigration.rules import contacts, document_numbers, working_days
from immigration.rules.codes import CheckOutcome
from immigration.rules.findings import CHECKS
from immigration.rules.reports import REASONS, STATES

# Besides control characters: what breaks lines or turns their direction, so that a reader sees other than was sent.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_HAS_CONTROL = Sentence(
    "This has signs in it that cannot be seen, such as the end of a line. Type it in one line.",
    FieldFault.CONTROL_CHARACTERS,
)


def plain_text(value: str) -> None:
    """Refuse control characters and lone surrogates."""
    if _CONTROL.search(value):
        raise ValidationError(_HAS_CONTROL)


def plain_lines(value: str) -> None:
    """Refuse control characters and lone surrogates, but for the ends of lines."""
    plain_text(value.replace("\n", " "))


SEVERAL_LINES = {"x-several-lines": True}
"""Marks a text in the API document that may have line ends."""


def lines(longest: int) -> fields.String:
    """Several lines of an officer without spaces around them and without a document number; null means empty."""
    checks: list[Any] = [plain_lines, validate.Length(max=longest), without_document_number]
    return NullableLine(load_default="", allow_none=True, validate=checks, metadata=SEVERAL_LINES)


_HAS_NUMBER = Sentence(
    "This seems to hold a passport's number. Say it without: what is written here is kept for ten years.",
    FieldFault.DOCUMENT_NUMBER,
)


def statement(longest: int, *, required: bool = False, shortest: int = 0, about: str = "") -> fields.String:
    """A line in which officers say why they do something: it is kept with the events, and holds no document number."""
    field = line(longest, required=required, shortest=shortest, about=about)
    field.validators.append(without_document_number)
    return field


def without_document_number(value: str) -> None:
    """Refuse what seems to be a passport's number."""
    if document_numbers.holds_number(value):
        raise ValidationError(_HAS_NUMBER)


def line(longest: int, *, required: bool = False, shortest: int = 0, about: str = "") -> fields.String:
    """A single line of text without spaces around it; an optional one is empty when it is missing or null."""
    described = {"description": about} if about else {}
    checks: list[Any] = [plain_text, validate.Length(min=shortest, max=longest)]
    if required:
        return Line(required=True, validate=checks, metadata=described)
    return NullableLine(load_default="", allow_none=True, validate=checks, metadata=described)


class Line(fields.String):
    """Text whose spaces at both ends do not count; line ends and other control characters there do."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, attr, data, **kwargs).strip(" ")


class NullableLine(Line):
    """A line for which null means empty."""

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """Null becomes the empty line."""
        return super().deserialize("" if value is None else value, attr, data, **kwargs)


class Contact(fields.String):
    """A phone number or an e-mail address, cleaned by the rules; null and what is blank are `absent`."""

    def __init__(self, normalise: Callable[[str], str], *, absent: str | None, longest: int, **options: Any) -> None:
        super().__init__(allow_none=True, metadata={"maxLength": longest} | options.pop("metadata", {}), **options)
        self._normalise, self._absent = normalise, absent

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """Null is no contact."""
        return self._absent if value is None else super().deserialize(value, attr, data, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        typed = super()._deserialize(value, attr, data, **kwargs)
        if contacts.is_blank(typed):
            return self._absent
        try:
            return self._normalise(typed)
        except contacts.NotContact as error:
            raise ValidationError(Sentence(str(error), error.code)) from error


def phone(*, absent: str | None, **options: Any) -> Contact:
    """A phone number that may be left out."""
    example = {"example": "+66 81 234 5678"}
    return Contact(contacts.normalise_phone, absent=absent, longest=contacts.LONGEST_PHONE, metadata=example, **options)


def email(*, absent: str | None, **options: Any) -> Contact:
    """An e-mail address that may be left out."""
    example = {"example": "alix@example.org", "description": "letters of any script (RFC 6531)"}
    return Contact(contacts.normalise_email, absent=absent, longest=contacts.LONGEST_EMAIL, metadata=example, **options)


REASON = validate.OneOf(REASONS)
STATE = validate.OneOf(STATES)


def reasons() -> fields.List[str]:
    """Reason codes, always there."""
    return fields.List(fields.String(validate=REASON), required=True)


class PageArgs(Schema):
    """Keyset paging."""

    cursor = fields.String(load_default=None, validate=Pattern(r"^[0-9]{1,18}$"))
    limit = fields.Integer(load_default=20, strict=False, validate=validate.Range(1, 100))


def at_office_days(*, strict: bool = False) -> fields.Integer:
    """A filter of a list: only what is at its present office for so long; `strict` in a body."""
    description = "only those that are at their present office for as many working days"
    most = validate.Range(0, working_days.MOST)
    return fields.Integer(strict=strict, load_default=0, validate=most, metadata={"description": description})


class AtOffice(Schema):
    """Since when something is at its present office."""

    office_since = Instant(
        required=True, attribute="at_office_since", metadata={"description": "when it came to its present office"}
    )
    office_days = fields.Integer(
        required=True,
        metadata={"description": f"working days that it is there; {working_days.MOST} stands for as many or more"},
    )


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

    note = statement(2000, required=True, shortest=1)


class SuggestionOut(Schema):
    """A subdistrict with all that stands above it."""

    subdistrict_code = fields.String(required=True)
    subdistrict = fields.Nested(Names, required=True)
    district = fields.Nested(Names, required=True)
    province = fields.Nested(Names, required=True)
    postal_codes = fields.List(fields.String(), required=True)
