"""The classes that every column carries, from which the data dictionary is made; an untagged column fails the build."""

from enum import StrEnum
from typing import Any


class Classification(StrEnum):
    """How much harm a column does in the wrong hands."""

    OPEN = "open"
    INTERNAL = "internal"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


def _tag(classification: Classification, purpose: str) -> dict[str, Any]:
    return {"classification": classification, "purpose": purpose}


def opened(purpose: str) -> dict[str, Any]:
    """May be published."""
    return _tag(Classification.OPEN, purpose)


def internal(purpose: str) -> dict[str, Any]:
    """For running the service; says nothing about a person."""
    return _tag(Classification.INTERNAL, purpose)


def personal(purpose: str) -> dict[str, Any]:
    """About a person."""
    return _tag(Classification.PERSONAL, purpose)


def sensitive(purpose: str) -> dict[str, Any]:
    """Gives access, or is encrypted by the application."""
    return _tag(Classification.SENSITIVE, purpose)
