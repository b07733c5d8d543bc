"""The sentences that people read, by code and language: one file per language in `words/`, all with the same keys.

A sentence may be a list, from the fullest to the barest: the first one counts whose values are all there.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

FOLDER = Path(__file__).parent.parent / "words"
LANGUAGES = ("en", "th")
"""The languages served; the first one where another is asked for."""

_ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_THAI_MONTHS = ("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.")


@cache
def words(language: str) -> Mapping[str, Any]:
    """All sentences of a language, as nested objects."""
    content: dict[str, Any] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return content


def sentence(language: str, section: str, code: str, values: Mapping[str, str] | None = None) -> str:
    """The sentence for a code with its values filled in. Raises KeyError where there is none for these values."""
    present = values or {}
    for text, names in _texts(language, section, code):
        if names <= present.keys():
            return text.format_map(present)
    raise KeyError(f"{section}.{code}: values are missing")


@cache
def _texts(language: str, section: str, code: str) -> tuple[tuple[str, frozenset[str]], ...]:
    texts = words(language)[section][code]
    return tuple((text, placeholders(text)) for text in ([texts] if isinstance(texts, str) else texts))


def placeholders(text: str) -> frozenset[str]:
    """The names of the values that a text takes."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def preferred_language(tags: Iterable[str]) -> str:
    """The first language that is served of those a client accepts, best first, where th-TH means th."""
    accepted = (tag.partition("-")[0].lower() for tag in tags)
    return next((language for language in accepted if language in LANGUAGES), LANGUAGES[0])


def long_date(day: date, language: str) -> str:
    """A date as people write it: "14 April 2026"; in Thai with the year of the Buddhist era, "14 เม.ย. 2569"."""
    if language == "th":
        return f"{day.day} {_THAI_MONTHS[day.month - 1]} {day.year + 543}"
    return f"{day.day} {_ENGLISH_MONTHS[day.month - 1]} {day.year}"
