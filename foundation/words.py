"""The sentences that people read, by code and language: one file per language in `words/`, all with the same keys.

A sentence may be a list, from the fullest to the barest: the first one counts whose values are all there. Each file
says under `read_by_a_speaker` whether somebody who grew up with the language has read its texts.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

from babel.dates import format_date

FOLDER = Path(__file__).parent.parent / "words"
LANGUAGES = ("en", *sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != "en"))
"""The languages served; the first one where another is asked for."""

_LOCALES = {"en": "en_GB", "zh": "zh_Hans"}
"""Locales of CLDR whose name is not that of the language."""


@cache
def words(language: str) -> Mapping[str, Any]:
    """All sentences of a language, as nested objects."""
    content: dict[str, Any] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return content


def sentence(
    language: str, section: str, code: str, values: Mapping[str, str] | None = None, *, part: str | None = None
) -> str:
    """The sentence for a code, or a named part of it, with its values filled in.

    Raises KeyError where there is none for these values.
    """
    present = values or {}
    for text, names in _texts(language, section, code, part):
        if names <= present.keys():
            return text.format_map(present)
    raise KeyError(f"{section}.{code}: values are missing")


@cache
def _texts(language: str, section: str, code: str, part: str | None) -> tuple[tuple[str, frozenset[str]], ...]:
    said = words(language)[section][code]
    texts = said if part is None else said[part]
    return tuple((text, placeholders(text)) for text in ([texts] if isinstance(texts, str) else texts))


@lru_cache(maxsize=10_000)
def placeholders(text: str) -> frozenset[str]:
    """The names of the values that a text takes."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def preferred_language(tags: Iterable[str]) -> str:
    """The first language that is served of those a client accepts, best first, where th-TH means th."""
    accepted = (tag.partition("-")[0].lower() for tag in tags)
    return next((language for language in accepted if language in LANGUAGES), LANGUAGES[0])


@lru_cache(maxsize=10_000)
def long_date(day: date, language: str) -> str:
    """A date as people write it: "14 April 2026"; in Thai with the year of the Buddhist era, "14 เม.ย. 2569"."""
    if language == "th":  # CLDR has the Buddhist calendar, Babel does not
        return f"{day.day} {format_date(day, 'MMM', locale=language)} {day.year + 543}"
    return format_date(day, "long", locale=_LOCALES.get(language, language))
