"""What a row of each CSV kind must look like. Text in, typed values out; a bad row gets one reason."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from immigration.rules import nationalities

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)
_DOCUMENT = re.compile(r"[A-Z0-9]{1,20}")
_ID = re.compile(r"[\x21-\x7e]{1,64}")
_CODE = re.compile(r"[A-Z0-9-]{1,20}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class BadRow(ValueError):
    """A row that cannot be taken, with the reason."""


Reader = Callable[[str], Any]


@dataclass(frozen=True)
class Kind:
    """A kind of records: its columns in the contract's order, how each is read, and a check of the whole row."""

    name: str
    columns: tuple[str, ...]
    readers: tuple[Reader, ...]
    check: Callable[[dict[str, Any]], str | None] = lambda row: None

    def read(self, values: Sequence[str], production: bool = False) -> dict[str, Any]:
        """The typed values of a row; raises BadRow. In production the specimen state is refused."""
        row = {}
        for column, reader, value in zip(self.columns, self.readers, values, strict=True):
            try:
                row[column] = reader(value.strip())
            except ValueError as error:
                raise BadRow(f"{column}: {error}") from error
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


def _state(value: str) -> str:
    value = value.upper()
    if not nationalities.is_known(value, production=False):
        raise ValueError("not an ICAO 9303 code" if value else "missing")
    return value


def _sex(value: str) -> str:
    value = value.upper()
    if value not in ("M", "F", "X", "<", ""):
        raise ValueError("not M, F or X")
    return value if value in ("M", "F") else "X"


def _replaces(value: str) -> tuple[str, str]:
    state, colon, number = value.partition(":")
    if not colon:
        raise ValueError("not issuing_state:document_number")
    return _state(state), _number(number)


_number = _required(_DOCUMENT, "a document number (letters and digits)", upper=True)
_id = _required(_ID, "an id of up to 64 characters")
_class = _required(_CODE, "a visa class", upper=True)
_WHO = ("document_number", "issuing_state")
_WHO_READERS = (_number, _state)


def _passport(row: dict[str, Any]) -> str | None:
    if not row["surname"] and not row["given_names"]:
        return "surname: missing, and so are given names"
    if row["replaces"] == (row["issuing_state"], row["document_number"]):
        return "replaces: a passport cannot replace itself"
    return "expires_on: before the birth date" if row["expires_on"] < row["birth_date"] else None


def _movement(row: dict[str, Any]) -> str | None:
    if row["direction"] == "arrival" and not row["visa_class"]:
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
            (*_WHO, "nationality", "surname", "given_names", "birth_date", "sex", "expires_on", "status", "replaces"),
            (
                *_WHO_READERS,
                _state,
                _text(200, False),
                _text(200, False),
                _day,
                _sex,
                _day,
                _one_of("valid", "expired", "lost", "stolen", "cancelled"),
                _optional(_replaces),
            ),
            _passport,
        ),
        Kind(
            "movements",
            (
                "movement_id",
                *_WHO,
                "direction",
                "occurred_on",
                "checkpoint",
                "arrival_card",
                "visa_class",
                "permitted_until",
                "contact_email",
            ),
            (
                _id,
                *_WHO_READERS,
                _one_of("arrival", "departure"),
                _day,
                _text(100, False),
                _optional(_text(40)),
                _optional(_class),
                _optional(_day),
                _optional(_required(_EMAIL, "an e-mail address")),
            ),
            _movement,
        ),
        Kind(
            "permissions",
            ("permission_id", *_WHO, "kind", "granted_on", "permitted_until", "visa_class"),
            (_id, *_WHO_READERS, _one_of("extension", "change"), _day, _day, _optional(_class)),
        ),
        Kind(
            "reports",
            ("receipt_number", *_WHO, "filed_on", "channel", "office", "next_due_on"),
            (
                _id,
                *_WHO_READERS,
                _day,
                _one_of("counter", "agent", "post", "online"),
                _text(20, False),
                _optional(_day),
            ),
        ),
        Kind(
            "residences",
            ("residence_id", *_WHO, "subdistrict_code", "address", "from_on", "until_on", "host"),
            (
                _id,
                *_WHO_READERS,
                _required(re.compile(r"\d{6}"), "a six-digit subdistrict code"),
                _text(500),
                _day,
                _optional(_day),
                _optional(_text(200)),
            ),
            _residence,
        ),
    )
}
