"""The law file `access`, resolved to the terms of a day."""

import tomllib
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from immigration.registries.dated import in_force
from immigration.rules.access import Terms

FILE = Path(__file__).parent.parent / "law" / "access.toml"


def resolve(rows: list[dict[str, Any]], day: date) -> Terms:
    """The terms that `rows` put in force on a civil date in Bangkok; before the first entry of a key, that one holds.

    Raises TypeError where a term is missing or not one of ours.
    """
    standing = in_force(rows, day, first_holds_before=True)
    return Terms(**{key: _value(row) for key, row in standing.items()})


def _value(row: dict[str, Any]) -> Any:
    return timedelta(**{row["unit"]: row["value"]}) if "unit" in row else row["value"]


@lru_cache(maxsize=8)
def terms(day: date) -> Terms:
    """The terms of the shipped law file on a civil date in Bangkok."""
    return resolve(tomllib.loads(FILE.read_text("utf-8"))["term"], day)
