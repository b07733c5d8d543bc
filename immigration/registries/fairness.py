"""The law file `fairness`, resolved to the terms of a day."""

import tomllib
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from immigration.registries.dated import in_force
from immigration.rules.fairness import Terms

FILE = Path(__file__).parent.parent / "law" / "fairness.toml"


@lru_cache(maxsize=8)
def terms(day: date) -> Terms:
    """The terms in force on a civil date in Bangkok; before the first entry of a key, that one holds.

    Raises TypeError where a term is missing or not one of ours.
    """
    standing = in_force(tomllib.loads(FILE.read_text("utf-8"))["term"], day, first_holds_before=True)
    values: dict[str, Any] = {
        key: timedelta(**{row["unit"]: row["value"]}) if "unit" in row else row["value"]
        for key, row in standing.items()
    }
    return Terms(**values)
