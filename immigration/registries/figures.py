"""The law file `figures`, resolved to the terms of a day; and where each province stands on the map."""

import csv
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from immigration.registries import offices
from immigration.registries.addresses.subdistricts import all_subdistricts
from immigration.registries.dated import in_force
from immigration.rules.figures import FigureTerms

FILE = Path(__file__).parent.parent / "law" / "figures.toml"
TILES = Path(__file__).parent / "province_tiles.csv"


@dataclass(frozen=True, slots=True)
class Province:
    """A province with its office and its square on the map: columns from the west, rows from the north."""

    code: str
    name_en: str
    name_th: str
    office: str
    column: int
    row: int

    @property
    def iso(self) -> str:
        """Its code in ISO 3166-2, whose digits are those of TIS 1099."""
        return f"TH-{self.code}"


def resolve(rows: list[dict[str, Any]], day: date) -> FigureTerms:
    """The terms that `rows` put in force on a civil date in Bangkok. Raises TypeError where one is missing."""
    standing = in_force(rows, day, first_holds_before=True)
    return FigureTerms(**{key: _value(row) for key, row in standing.items()})


def _value(row: dict[str, Any]) -> Any:
    return timedelta(**{row["unit"]: row["value"]}) if "unit" in row else row["value"]


@lru_cache(maxsize=8)
def terms(day: date) -> FigureTerms:
    """The terms of the shipped law file on a civil date in Bangkok."""
    return resolve(tomllib.loads(FILE.read_text("utf-8"))["term"], day)


@cache
def provinces() -> tuple[Province, ...]:
    """Every province, by its code."""
    names = {each.province_code: (each.province_en, each.province_th) for each in all_subdistricts()}
    with TILES.open(encoding="utf-8") as file:
        tiles = [(row["code"], int(row["column"]), int(row["row"])) for row in csv.DictReader(file)]
    return tuple(
        Province(code, *names[code], offices.office_for(code).code, column, row) for code, column, row in sorted(tiles)
    )
