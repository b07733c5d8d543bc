"""The immigration offices: which one serves a province, when it is open, what to bring."""

import tomllib
from dataclasses import dataclass
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any

from immigration.rules.offices import HEADQUARTERS

FILE = Path(__file__).parent.parent / "law" / "offices.toml"


@dataclass(frozen=True, slots=True)
class Hours:
    """When an office is open, in Bangkok time: ISO weekdays (1 = Monday), from `opens` to `closes`."""

    weekdays: tuple[int, ...]
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Office:
    """An immigration office.

    `provinces` are TIS 1099 codes (two digits), `bring` codes of documents; `grade` says how sure the entry is (OFF,
    COR, ONE, OWN), `source` on what it rests.
    """

    code: str
    name_en: str
    name_th: str
    provinces: tuple[str, ...]
    hours: Hours
    bring: tuple[str, ...]
    grade: str
    source: str


def all_offices() -> tuple[Office, ...]:
    """Every office, in the order of the file: Bangkok first, then by province code."""
    return _offices()


def office(code: str) -> Office | None:
    """The office with this three-letter code, None if there is none."""
    return next((each for each in _offices() if each.code == code), None)


def is_known(code: str) -> bool:
    """Whether an account can act for this code: an office's, or that of the headquarters."""
    return code == HEADQUARTERS or office(code) is not None


def office_for(province_code: str) -> Office:
    """The office that serves a province; raises LookupError for a code that is no province."""
    serving = _by_province().get(province_code)
    if serving is None:
        raise LookupError(f"no immigration office serves province {province_code!r}")
    return serving


@cache
def _offices() -> tuple[Office, ...]:
    tables = tomllib.loads(FILE.read_text("utf-8"))
    return tuple(_read(tables["defaults"] | row) for row in tables["office"])


@cache
def _by_province() -> dict[str, Office]:
    """Raises ValueError when two offices claim a province."""
    serving: dict[str, Office] = {}
    for each in _offices():
        for province in each.provinces:
            if province in serving:
                raise ValueError(f"province {province}: served by {serving[province].code} and {each.code}")
            serving[province] = each
    return serving


def _read(row: dict[str, Any]) -> Office:
    hours = Hours(tuple(row["hours"]["weekdays"]), row["hours"]["opens"], row["hours"]["closes"])
    return Office(**row | {"provinces": tuple(row["provinces"]), "bring": tuple(row["bring"]), "hours": hours})
