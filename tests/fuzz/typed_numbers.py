"""Fuzzing target: any text as the number of a report or receipt, or as an activation code."""

import re

from immigration.rules.numbers import ALPHABET, is_valid, masked, normalise, receipt_number, report_number

LONGEST = 64
SHAPE = re.compile(f"[RC][{ALPHABET}]{{2}}(-[{ALPHABET}]{{4}}){{3}}-[{ALPHABET}]")
GENUINE = report_number(bytes(range(9))), receipt_number(bytes(range(9, 18)))
TYPED = (
    *(number.encode() for number in GENUINE),
    GENUINE[0].lower().replace("-", " – ").encode(),
    GENUINE[1].replace("-", "").encode(),
    b"V5G8K-283HC",
    b"o0iIlL1 \t\r\n",
    "ı ſ ß ŉ ﬁ ΐ ง \ud7ff \U0001f600".encode(),
    b"\xed\xa0\x80",
)


def seeds() -> tuple[bytes, ...]:
    """Some valid inputs, and some invalid ones."""
    return TYPED


def check(data: bytes) -> None:
    """Tidying a number twice is tidying it once, and only what has the shape of a number is valid."""
    text = data.decode("utf-8", "surrogateescape")
    tidy = normalise(text)
    assert normalise(tidy) == tidy, (text, tidy)
    assert is_valid(text) == is_valid(tidy), (text, tidy)
    if is_valid(text):
        assert SHAPE.fullmatch(tidy), tidy
        assert_slips_are_caught(tidy)
    hidden = masked(text)
    assert len(hidden) == len(text)
    assert hidden[-3:] == text[-3:]
    assert set(hidden[:-3]) <= {"•"}


def assert_slips_are_caught(number: str) -> None:
    """No other character in the last place, and no exchange of two groups' first characters, passes."""
    assert [c for c in ALPHABET if is_valid(number[:-1] + c)] == [number[-1]]
    places = list(number)
    places[4], places[9] = places[9], places[4]
    assert places[4] == places[9] or not is_valid("".join(places))
