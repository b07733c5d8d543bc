"""Rows of the law files that took effect on a day."""

from collections.abc import Iterable
from datetime import date
from typing import Any


def in_force(
    rows: Iterable[dict[str, Any]], day: date, key: str = "key", *, first_holds_before: bool = False
) -> dict[str, dict[str, Any]]:
    """Per value of `key`, the row whose `effective_from` came last by a civil date in Bangkok.

    With `first_holds_before`, the first row of a key holds on the days before it too.
    """
    standing: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["effective_from"]):
        if row["effective_from"] <= day or (first_holds_before and row[key] not in standing):
            standing[row[key]] = row
    return standing
