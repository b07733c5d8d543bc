"""The reason codes in words."""

from typing import Any

from foundation.words import LANGUAGES, words
from immigration.rules.codes import Reason


def all_reasons() -> list[dict[str, Any]]:
    """Every reason: its code, and per language a title and a way to put it right."""
    return [{"reason": reason, "title": _text(reason, "title"), "remedy": _text(reason, "remedy")} for reason in Reason]


def _text(reason: Reason, part: str) -> dict[str, str]:
    return {language: words(language)["reasons"][reason][part] for language in LANGUAGES}
