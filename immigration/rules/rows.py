"""What a row of each CSV kind must look like. Text in, typed values out; a bad row gets one reason."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from immigration.rules import birth_dates, contacts, document_numbers, nationalities, visa_classes
from immigration.rules.birth_dates import BirthDate
from immigration.rules.codes import Channel, Direction, PassportStatus, PermissionKind

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)
_DOCUMENT = re.compile(r"[A-Z0-9]{1,20}")
_ID = re.compile(r"[\x21-\x7e]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class BadRow(ValueError):
    """A row that cannot be taken, with the reason."""


Reader = Callable[[str], Any]
Warn = Callable[[str], None]
"""Takes a sentence about a row that is taken all the same."""


def _say_nothing(warning: str) -> None:
    """Where no one asks for warnings."""


@dataclass(frozen=True)
class Field:
    """A column of a CSV file, and how its text is read.

    One that is `incidental` proves nothing and decides nothing: a text that cannot be read is left out with a warning,
    since it must not cost the arrival or the residence that the row states.
    """

    name: str
    read: Reader
    incidental: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of records: its fields in the order of the documents, and a check of the whole row.

    The first field of every kind but passports is the id by which a row is known. A field is stored in the column of
    the same name of the kind's table, see `services/staging.py`.
    """

    name: str
    fields: tuple[Field, ...]
    check: Callable[[dict[str, Any]], str | None] = lambda row: None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the fields."""
        return tuple(field.name for field in self.fields)

    def read(self, values: Sequence[str], production: bool = False, warn: Warn = _say_nothing) -> dict[str, Any]:
        """The typed values of a row; raises BadRow. In production the specimen state is refused.

        `warn` is given a sentence for each value that was left out.
        """
        row = {}
        for field, value in zip(self.fields, values, strict=True):
            try:
                row[field.name] = field.read(value.strip())
            except ValueError as error:
                if not field.incidental:
                    raise BadRow(f"{field.name}: {error}") from error
                row[field.name] = field.read("")
                warn(f"{field.name}: left out: {error}")
        for column in ("issuing_state", "nationality"):
            if production and row.get(column) == nationalities.SPECIMEN:
                raise BadRow(f"{column}: {nationalities.SPECIMEN} is the state of specimens")
        if reason := self.check(row):
            raise BadRow(reason)
        return row


def _required(pattern: re.Pattern[str], what: str, upper: bool = False) -> Reader:
    def read(value: str) -> str:
        value = value.upper() if upper else value
        if not pattern.fullmatch(value):
            raise ValueError(f"not {what}" if value else "missing")
        return value

    return read


def _one_of(*allowed: str) -> Reader:
    def read(value: str) -> str:
        if value.lower() not in allowed:
            raise ValueError("not one of " + ", ".join(allowed))
        return value.lower()

    return read


def _day(value: str) -> date:
    if not _DATE.fullmatch(value):
        raise ValueError("not a date as YYYY-MM-DD" if value else "missing")
    day = date.fromisoformat(value)
    if not EARLIEST <= day <= LATEST:
        raise ValueError("out of range; years are those of the common era")
    return day


def _birth_date(value: str) -> BirthDate:
    if not value:
        raise ValueError("missing")
    return birth_dates.read(value, latest=LATEST)


def _optional(reader: Reader) -> Reader:
    return lambda value: reader(value) if value else None


def _text(longest: int, required: bool = True) -> Reader:
    def read(value: str) -> str:
        if not value and required:
            raise ValueError("missing")
        if len(value) > longest:
            raise ValueError(f"longer than {longest} characters")
        if _CONTROL.search(value):
            raise ValueError("contains control characters")
        return value

    return read


def _email(value: str) -> str:
    try:
        return contacts.normalise_email(value)
    except contacts.NotContact as error:
        raise ValueError("not an e-mail address") from error


def _state(value: str) -> str:
    code = nationalities.plain(value)
    if not nationalities.is_known(code, production=False):
        raise ValueError("not an ICAO 9303 code" if value else "missing")
    return nationalities.canonical(code)


def _sex(value: str) -> str:
    value = value.upper()
    if value not in ("M", "F", "X", "<", ""):
        raise ValueError("not M, F or X")
    return value if value in ("M", "F") else "X"


def _number(value: str) -> str:
    number: str = _plain_number(document_numbers.plain(value))
    return number


def _replaces(value: str) -> tuple[str, str]:
    state, colon, number = value.partition(":")
    if not colon:
        raise ValueError("not issuing_state:document_number")
    return _state(state), _number(number)


_plain_number = _required(_DOCUMENT, "a document number (letters and digits)")
_id = _required(_ID, "an id of up to 64 characters")
_WHO = (Field("document_number", _number), Field("issuing_state", _state))
"""The passport that a row is about."""


def _passport(row: dict[str, Any]) -> str | None:
    if not row["surname"] and not row["given_names"]:
        return "surname: missing, and so are given names"
    if row["replaces"] == (row["issuing_state"], row["document_number"]):
        return "replaces: a passport cannot replace itself"
    return "expires_on: before the birth date" if row["expires_on"] < row["birth_date"].first_day else None


def _movement(row: dict[str, Any]) -> str | None:
    if row["direction"] == Direction.ARRIVAL and not row["visa_class"]:
        return "visa_class: missing on an arrival"
    return None


def _residence(row: dict[str, Any]) -> str | None:
    until = row["until_on"]
    return "until_on: before from_on" if until and until < row["from_on"] else None


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "passports",
            (
                *_WHO,
                Field("nationality", _state),
                Field("surname", _text(200, False)),
                Field("given_names", _text(200, False)),
                Field("birth_date", _birth_date),
                Field("sex", _sex),
                Field("expires_on", _day),
                Field("status", _one_of(*PassportStatus)),
                Field("replaces", _optional(_replaces)),
            ),
            _passport,
        ),
        Kind(
            "movements",
            (
                Field("movement_id", _id),
                *_WHO,
                Field("direction", _one_of(*Direction)),
                Field("occurred_on", _day),
                Field("checkpoint", _text(100, False), incidental=True),
                Field("arrival_card", _optional(_text(40)), incidental=True),
                Field("visa_class", _optional(visa_classes.printable)),
                Field("permitted_until", _optional(_day)),
                Field("contact_email", _optional(_email), incidental=True),
            ),
            _movement,
        ),
        Kind(
            "permissions",
            (
                Field("permission_id", _id),
                *_WHO,
                Field("kind", _one_of(*PermissionKind)),
                Field("granted_on", _day),
                Field("permitted_until", _day),
                Field("visa_class", _optional(visa_classes.printable)),
            ),
        ),
        Kind(
            "reports",
            (
                Field("receipt_number", _id),
                *_WHO,
                Field("filed_on", _day),
                Field("channel", _one_of(*Channel)),
                Field("office", _text(20, False)),
                Field("next_due_on", _optional(_day)),
            ),
        ),
        Kind(
            "residences",
            (
                Field("residence_id", _id),
                *_WHO,
                Field("subdistrict_code", _required(re.compile(r"\d{6}"), "a six-digit subdistrict code")),
                Field("address", _text(500)),
                Field("from_on", _day),
                Field("until_on", _optional(_day)),
                Field("host", _optional(_text(200)), incidental=True),
            ),
            _residence,
        ),
    )
}
