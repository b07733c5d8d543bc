"""The days on which immigration offices are closed: the holidays that the library knows, corrected by the law files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import holidays

YEARS = range(2010, 2061)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Public and government holidays on which offices are closed.

    `by_province` has all the holidays of those provinces that have one of their own. After `confirmed_until` the days
    are computed, and the Cabinet may still add some.
    """

    everywhere: frozenset[date]
    by_province: Mapping[str, frozenset[date]]
    confirmed_until: date
    warn_months: int
    source: str

    def warning(self, today: date) -> str | None:
        """What to do when fewer months are confirmed than there should be; None while there are enough."""
        until = self.confirmed_until
        if (until.year - today.year) * 12 + until.month - today.month >= self.warn_months:
            return None
        return (
            f"holidays are confirmed to {until.isoformat()} only, which is less than {self.warn_months} months away:"
            f" add those of {until.year + 1} to immigration/law/holidays.toml, see docs/rules.md"
        )


def read_calendar(table: Mapping[str, Any]) -> Calendar:
    """The calendar of `holidays.toml`. Raises KeyError or ValueError for a file that does not make one."""
    rows = table.get("day", [])
    known = holidays.country_holidays("TH", years=YEARS, categories=("public", "government"))
    everywhere = _corrected(set(known), (row for row in rows if "provinces" not in row))
    of_provinces = [row for row in rows if "provinces" in row]
    provinces = sorted({province for row in of_provinces for province in row["provinces"]})
    confirmed = table["confirmed"]
    return Calendar(
        everywhere=everywhere,
        by_province={
            province: _corrected(set(everywhere), (row for row in of_provinces if province in row["provinces"]))
            for province in provinces
        },
        confirmed_until=date(confirmed["year"], 12, 31),
        warn_months=confirmed["warn_months"],
        source=confirmed["source"],
    )


def _corrected(days: set[date], rows: Iterable[Mapping[str, Any]]) -> frozenset[date]:
    """`days` with what the rows, in their order, add and take back."""
    for row in rows:
        named = {row["date"]} if "date" in row else set(row["dates"])
        if row["kind"] == "holiday":
            days |= named
        elif row["kind"] == "working-day":
            days -= named
        else:
            raise ValueError(f"{row['name']}: kind is {row['kind']!r}, not holiday or working-day")
    return frozenset(days)
