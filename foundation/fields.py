"""Fields of schemas, as this platform writes and checks them, and the sentences that say what is wrong with a value."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Self

from marshmallow import Schema, ValidationError, fields, validate

from foundation.clock import rfc3339


class FieldFault(StrEnum):
    """What is wrong with a value, for programs; a field may have codes of its own beside these."""

    MISSING = "missing"
    NULL = "null"
    UNKNOWN = "unknown"
    REPEATED = "repeated"
    WRONG_TYPE = "wrong-type"
    NOT_A_DATE = "not-a-date"
    NOT_A_TIME = "not-a-time"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    OUT_OF_RANGE = "out-of-range"
    NOT_ONE_OF = "not-one-of"
    WRONG_FORM = "wrong-form"
    CONTROL_CHARACTERS = "control-characters"
    DOCUMENT_NUMBER = "document-number"


class Sentence(str):
    """What is wrong with a value, for a person, with its code. Formatted, it keeps the code."""

    __slots__ = ("code",)
    code: str

    def __new__(cls, text: str, code: str = FieldFault.WRONG_FORM) -> Self:
        """A sentence; without a code it says that the form is wrong."""
        made = super().__new__(cls, text)
        made.code = code
        return made

    def format(self, *values: object, **named: object) -> "Sentence":
        """See str."""
        return Sentence(super().format(*values, **named), self.code)


MISSING = Sentence("This is missing. It has to be given.", FieldFault.MISSING)
UNKNOWN = Sentence("There is no such field here. Check its name, or leave it out.", FieldFault.UNKNOWN)
REPEATED = Sentence("This is given more than once. Give it once.", FieldFault.REPEATED)


def _wrong_type(expected: str) -> Sentence:
    return Sentence(f"{expected} is expected here.", FieldFault.WRONG_TYPE)


_DATE = Sentence("A date is expected here, such as 2026-04-14.", FieldFault.NOT_A_DATE)
_TIME = Sentence("A time with its offset is expected here, such as 2026-04-14T10:15:00+07:00.", FieldFault.NOT_A_TIME)
_OBJECT = _wrong_type("An object with fields of its own")
_OF_FIELDS: dict[type[fields.Field[Any]], dict[str, Sentence]] = {
    fields.Field: {
        "required": MISSING,
        "null": Sentence("This may not be null. Give a value, or leave it out.", FieldFault.NULL),
        "validator_failed": Sentence("This value cannot be taken."),
    },
    fields.String: {"invalid": _wrong_type("A text"), "invalid_utf8": _wrong_type("A text in UTF-8")},
    fields.Number: {
        "invalid": _wrong_type("A number"),
        "too_large": Sentence("This number is too large.", FieldFault.OUT_OF_RANGE),
    },
    fields.Integer: {"invalid": _wrong_type("A whole number")},
    fields.Boolean: {"invalid": _wrong_type("Either true or false")},
    fields.Date: {"invalid": _DATE},
    fields.DateTime: {"invalid": _TIME},
    fields.AwareDateTime: {"invalid": _TIME, "invalid_awareness": _TIME},
    fields.UUID: {"invalid_uuid": _wrong_type("An id, such as 5f0c9a1e-6f0b-4a53-9c1e-0d4f3f3a8c11,")},
    fields.List: {"invalid": _wrong_type("A list")},
    fields.Mapping: {"invalid": _OBJECT},
    fields.Nested: {"type": _OBJECT},
}
_OF_VALIDATORS: dict[type[validate.Validator], dict[str, Sentence]] = {
    validate.Length: {
        "message_min": Sentence("This is too short: {min} at least.", FieldFault.TOO_SHORT),
        "message_max": Sentence("This is too long: {max} at most.", FieldFault.TOO_LONG),
        "message_all": Sentence("The length of this is {min} to {max}.", FieldFault.TOO_LONG),
        "message_equal": Sentence("The length of this is {equal}.", FieldFault.TOO_LONG),
    },
    validate.Range: {
        "message_min": Sentence("This is too small: {{min}} at least.", FieldFault.OUT_OF_RANGE),
        "message_max": Sentence("This is too large: {{max}} at most.", FieldFault.OUT_OF_RANGE),
        "message_all": Sentence("A number from {{min}} to {{max}} is expected here.", FieldFault.OUT_OF_RANGE),
    },
    validate.OneOf: {"default_message": Sentence("Choose one of these: {choices}.", FieldFault.NOT_ONE_OF)},
    validate.Regexp: {"default_message": Sentence("This is not of the form that is expected here.")},
}


def _use_our_sentences() -> None:
    """Give the fields and validators of the library our sentences, which is how it lets them be replaced."""
    for field, messages in _OF_FIELDS.items():
        field.default_error_messages = {**field.__dict__.get("default_error_messages", {}), **messages}
    for validator, texts in _OF_VALIDATORS.items():
        for name, sentence in texts.items():
            setattr(validator, name, sentence)
    Schema.error_messages = {"unknown": UNKNOWN, "type": _OBJECT}


_use_our_sentences()


def explained(errors: Any, place: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """Each sentence of the errors per location and field, with its place and its code, as a list in the same order."""
    if isinstance(errors, dict):
        for name, inner in errors.items():
            yield from explained(inner, (*place, str(name)))
        return
    for sentence in errors if isinstance(errors, list) else [errors]:
        location, *members = place or ("",)
        field = ".".join(member for member in members if member != "_schema")
        code = getattr(sentence, "code", FieldFault.WRONG_FORM)
        yield {"in": location, "field": field, "code": str(code), "message": str(sentence)}


class Instant(fields.AwareDateTime):
    """A time on the wire: RFC 3339 with the offset of Bangkok."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else rfc3339(value)


class Pattern(validate.Regexp):
    """A pattern that the whole text fits, a line end included; as ECMA-262 reads it in the API document too."""

    def __call__(self, value: Any) -> Any:
        """See marshmallow."""
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value
