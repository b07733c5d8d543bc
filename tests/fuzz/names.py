"""Fuzzing target: any names and numbers written into a machine readable zone."""

import re
from datetime import date, timedelta

from immigration.rules.birth_dates import BirthDate
from immigration.rules.mrz import InvalidMRZ, build, check_digit, parse
from immigration.rules.transliteration import transliterate

TODAY = date(2026, 11, 23)
LONGEST = 160
PLAIN = re.compile("([A-Z]+( [A-Z]+)*)?")
EXAMPLES = (
    "\x10L898902C3\x00UTO\x00ERIKSSON\x00ANNA MARIA\x00ZE184226B",
    "\x20X1\x00D\x00Müßig-Ørsted\x00Jean–Luc d’Arc\x00",
    "\x30A\x00RUS\x00Щёкин\x00Юлія Њ\x00",
    "\x40A\x00GRC\x00ΐ ſtraße ŉ\x00ﬁ\x00",
    "\x50A1\x00UTO\x00LONGSURNAMEEXAMPLETHATISVERYLONGINDEEDANDLONGER\x00OF MANY NAMES\x00<<",
)


def seeds() -> tuple[bytes, ...]:
    """The examples: a day of birth, then number, state, surname, given names and optional data."""
    return tuple(text.encode() for text in EXAMPLES)


def check(data: bytes) -> None:
    """Names come out in the letters of a zone; a zone that is written is read, with the number that went in."""
    day, fields = data[:1] or b"\0", data[1:].decode("utf-8", "replace").split("\0")
    number, state, surname, given_names, optional = (*fields, *[""] * 5)[:5]
    for name in (surname, given_names):
        plain = transliterate(name)
        assert PLAIN.fullmatch(plain), plain
        assert transliterate(plain) == plain
    born = TODAY - timedelta(days=100 * day[0])
    try:
        zone = build(
            issuing_state=state,
            document_number=number,
            nationality=state,
            surname=surname,
            given_names=given_names,
            birth_date=BirthDate.of(born),
            sex="X",
            expires_on=None,
            optional_data=optional,
        )
    except InvalidMRZ:
        return
    read = parse(zone, today=TODAY)
    assert [len(line) for line in zone.split("\n")] == [44, 44]
    assert (read.document_number, read.issuing_state, read.birth_date) == (
        number.replace("<", ""),
        state.strip("<"),
        BirthDate.of(born),
    )
    assert check_digit(f"{number:<<9}") == int(zone.split("\n")[1][9])
    primary = transliterate(surname) or transliterate(given_names)
    assert primary.replace(" ", "").startswith(read.surname.replace(" ", ""))
