"""Which passwords cannot be taken: short ones, those that are tried first, and those made of the name."""

import unicodedata
from collections.abc import Container
from itertools import pairwise

LONGEST_PASSWORD = 256
"""Characters; more would only make the hash work for nothing."""

_SHORTEST_NAME = 3
_SHORTEST_UNIT = 5
_SHORTEST_PART = 6


def obstacles(password: str, *, name: str, shortest: int, common: Container[str]) -> dict[str, str]:
    """Why a password cannot be taken, a sentence for each code; empty = it can. `common` has lower case only.

    Length is asked for, and no kinds of characters. Source: NIST SP 800-63B-4, 3.1.1.2.
    """
    faults = {}
    if len(password) < shortest:
        faults["too-short"] = f"a password has at least {shortest} characters"
    if len(password) > LONGEST_PASSWORD:
        faults["too-long"] = f"a password has at most {LONGEST_PASSWORD} characters"
    if is_common(password, common):
        faults["common"] = "this password is one of those that are tried first"
    if len(_spelt(name)) >= _SHORTEST_NAME and _spelt(name) in _spelt(password):
        faults["name"] = "a password does not contain the name of the account"
    return faults


def is_common(password: str, common: Container[str]) -> bool:
    """Whether a password is on the list, or made of what is on it: with digits or signs around it, twice, repeated."""
    text = unicodedata.normalize("NFKC", password).casefold()
    core = text.strip("0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ")
    return any(_is_made_of(each, common) for each in {text, core} if each)


def _spelt(text: str) -> str:
    """Letters and digits, however they are written and whatever stands between them; marks above and below stay."""
    signs = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in signs if unicodedata.category(sign)[0] in "LMN")


def _is_made_of(text: str, common: Container[str]) -> bool:
    unit = _unit(text)
    if text in common or unit in common or len(unit) < _SHORTEST_UNIT or _is_sequence(text):
        return True
    places = range(_SHORTEST_PART, len(text) - _SHORTEST_PART + 1)
    return any(text[:place] in common and text[place:] in common for place in places)


def _unit(text: str) -> str:
    """The shortest text that, repeated, makes this one; the last time it may be cut."""
    return next(text[:size] for size in range(1, len(text) + 1) if (text[:size] * len(text))[: len(text)] == text)


def _is_sequence(text: str) -> bool:
    """Whether each character follows the one before it, up or down: 123456789012345, abcdefghijklmno."""
    steps = {(ord(after) - ord(before)) % (10 if text.isdecimal() else 0x110000) for before, after in pairwise(text)}
    return len(steps) == 1
