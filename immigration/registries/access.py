"""The law files `access` and `throttles`, resolved to the terms and limits of a day."""

import tomllib
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from foundation.throttle import Limit
from immigration.registries.dated import in_force
from immigration.rules.access import Terms, Throttled

FILE = Path(__file__).parent.parent / "law" / "access.toml"
THROTTLES = FILE.parent / "throttles.toml"


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


def resolve_limits(rows: list[dict[str, Any]], day: date) -> dict[Throttled, Limit]:
    """The limits that `rows` put in force on a civil date in Bangkok, by operation.

    Raises KeyError or ValueError where one is missing or not one of ours.
    """
    standing = in_force(rows, day, "operation", first_holds_before=True)
    limits = {Throttled(operation): _limit(row) for operation, row in standing.items()}
    return {operation: limits[operation] for operation in Throttled}


def _limit(row: dict[str, Any]) -> Limit:
    first, most, forget = (timedelta(seconds=row[name]) for name in ("first", "most", "forget"))
    return Limit(allowed=row["allowed"], first=first, most=most, forget=forget)


@lru_cache(maxsize=8)
def limits(day: date) -> dict[Throttled, Limit]:
    """The limits of the shipped law file on a civil date in Bangkok."""
    return resolve_limits(tomllib.loads(THROTTLES.read_text("utf-8"))["throttle"], day)
