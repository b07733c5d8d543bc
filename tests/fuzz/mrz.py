"""Fuzzing target: any text as a machine readable zone."""

from collections.abc import Sequence
from datetime import date

from immigration.rules.mrz import MAX_INPUT, MRZ, Fault, InvalidMRZ, parse
from tests.zones import GERMAN, ICAO, TD1, TD2, written

TODAY = date(2026, 11, 23)
LONGEST = MAX_INPUT + 20
SPECIMENS = (
    ICAO,
    GERMAN,
    TD1,
    TD1.replace("\n", ""),
    TD2,
    "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<",
    "p<utoa<<b\r\n",
)
AS_IT_IS, REPAIRED, OUTSIDE_REPAIRED = b"\0", b"\1", b"\2"

# Where each size of zone has its digits (from 0) and what they cover, apart from the digits that other rules govern.
DIGITS: dict[int, dict[int, tuple[slice, ...]]] = {
    88: {53: (slice(44, 53),), 63: (slice(57, 63),), 71: (slice(65, 71),), 86: (slice(72, 86),),
         87: (slice(44, 54), slice(57, 64), slice(65, 87))},
    72: {45: (slice(36, 45),), 55: (slice(49, 55),), 63: (slice(57, 63),),
         71: (slice(36, 46), slice(49, 56), slice(57, 71))},
    90: {14: (slice(5, 14),), 36: (slice(30, 36),), 44: (slice(38, 44),),
         59: (slice(5, 30), slice(30, 37), slice(38, 45), slice(48, 59))},
}  # fmt: skip
BLANK_ALLOWED = {88: 86}
NUMBER_DIGIT = {72: (45, slice(64, 71)), 90: (14, slice(15, 30))}
"""On cards: where the number's digit stands, and the optional data that a long number goes on in."""


def seeds() -> tuple[bytes, ...]:
    """Every specimen, to be read as it is, with its digits put right, and with the last of them put right."""
    modes = (AS_IT_IS, REPAIRED, OUTSIDE_REPAIRED)
    return tuple(mode + text.encode() for mode in modes for text in SPECIMENS)


def digit(text: str) -> str:
    """A check digit, computed a second time from the text of Doc 9303-3, 4.9."""
    values = [0 if c == "<" else int(c, 36) for c in text]
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def check(data: bytes) -> None:
    """A zone that is read has every digit right, and is the same when it is written again."""
    text = data[1:].decode("utf-8", "replace")
    if data[:1] in (REPAIRED, OUTSIDE_REPAIRED):
        text = repaired(text, composite_only=data[:1] == OUTSIDE_REPAIRED)
    try:
        document = parse(text, today=TODAY)
    except InvalidMRZ as refused:
        check_faults(refused.faults)
        return
    zone = "".join(text.split()).upper()
    assert wrong_digits(zone) == [], zone
    assert document.document_number.isalnum()
    assert document.issuing_state.isalpha()
    assert document.nationality.isalpha()
    assert document.birth_date is None or document.birth_date.first_day <= TODAY
    if document.format == "TD3":
        assert content(parse(written(document), today=TODAY)) == content(document)


def check_faults(faults: Sequence[Fault]) -> None:
    """There is a fault, and each lies in the text or is one of the whole."""
    assert faults
    for fault in faults:
        assert (fault.line == 0) == (fault.position == 0), fault
        assert 0 <= fault.line <= 3, fault
        assert 0 <= fault.position <= MAX_INPUT + 1, fault


def wrong_digits(zone: str) -> list[int]:
    """The places of digits that are not what they should be."""
    wrong = [
        place
        for place, parts in DIGITS[len(zone)].items()
        if zone[place] != digit("".join(zone[part] for part in parts))
    ]
    if (blank := BLANK_ALLOWED.get(len(zone))) and zone[72:87] == "<" * 15:
        wrong = [place for place in wrong if place != blank]
    if len(zone) in NUMBER_DIGIT and zone[NUMBER_DIGIT[len(zone)][0]] == "<":
        place, optional = NUMBER_DIGIT[len(zone)]
        rest = zone[optional].split("<")[0]
        start = place - 9
        if len(rest) > 1 and rest[-1] == digit(zone[start:place] + rest[:-1]):
            wrong = [each for each in wrong if each != place]
    return wrong


def repaired(text: str, composite_only: bool) -> str:
    """The text with its digits put right, so that a change reaches what lies behind them."""
    zone = list("".join(text.split()).upper())
    if len(zone) not in DIGITS or not all(c == "<" or (c.isascii() and c.isalnum()) for c in zone):
        return text
    for place, parts in list(DIGITS[len(zone)].items())[-1 if composite_only else 0 :]:
        if len(zone) not in NUMBER_DIGIT or zone[place] != "<":
            zone[place] = digit("".join("".join(zone[part]) for part in parts))
    return "".join(zone)


def content(document: MRZ) -> tuple[object, ...]:
    """The content of a document without the spacing of its name; a single name is the surname."""
    names = (document.surname or document.given_names, document.given_names if document.surname else "")
    rest = (document.document_number, document.nationality, document.birth_date, document.sex, document.expires_on)
    return document.document_code, document.issuing_state, *names, *rest, document.optional_data
