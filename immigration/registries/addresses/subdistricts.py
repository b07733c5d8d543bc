"""Thai subdistricts: looked up by code or postal code, and put right when the two do not fit.

Data: GeoThai (CC BY 4.0) through the `geothai` package, loaded on first use. Codes are TIS 1099 (DOPA): two digits for
the province, four for the district, six for the subdistrict.
"""

from dataclasses import dataclass
from functools import cache

import geothai
from geothai.abolished import abolished_areas

MOST = 50
"""Results at most."""


@dataclass(frozen=True, slots=True)
class Subdistrict:
    """A tambon or khwaeng with all that stands above it."""

    code: str
    name_th: str
    name_en: str
    district_code: str
    district_th: str
    district_en: str
    province_code: str
    province_th: str
    province_en: str
    postal_codes: tuple[str, ...]


def lookup(subdistrict_code: str) -> Subdistrict | None:
    """The subdistrict with this six-digit code, None if there is none (any more)."""
    return _by_code().get(subdistrict_code)


def all_subdistricts() -> tuple[Subdistrict, ...]:
    """Every subdistrict, in the order of the codes."""
    return tuple(_by_code().values())


def by_postal_code(postal_code: str) -> tuple[Subdistrict, ...]:
    """The subdistricts that use a postal code, in the order of the codes."""
    return _by_postal_code().get(postal_code, ())


def suggestions(subdistrict_code: str, postal_code: str, limit: int = 10) -> list[Subdistrict]:
    """What may have been meant by a subdistrict and a postal code that do not fit together; likeliest first.

    The subdistrict itself (with its own postal codes), or the successors of an abolished one; then the subdistricts of
    the postal code, those of the same district and province first; else those of the district.
    """
    code, postal = subdistrict_code[:6], postal_code[:5]
    itself = lookup(code)
    likely = [itself] if itself else _successors(code)
    likely.sort(key=lambda subdistrict: postal not in subdistrict.postal_codes)
    by_postal = sorted(by_postal_code(postal), key=lambda other: (-_in_common(other.code, code), other.code))
    likely += [subdistrict for subdistrict in by_postal if subdistrict not in likely]
    if not likely and len(code) == 6:
        likely = [subdistrict for subdistrict in all_subdistricts() if subdistrict.district_code == code[:4]]
    return likely[: max(0, min(limit, MOST))]


@cache
def _by_code() -> dict[str, Subdistrict]:
    by_code: dict[str, Subdistrict] = {}
    for province in geothai.provinces():
        for district in geothai.districts(province.code):
            above = (
                district.code,
                district.name_th,
                district.name_en,
                province.code,
                province.name_th,
                province.name_en,
            )
            for area in geothai.subdistricts(district.code):
                by_code[area.code] = Subdistrict(area.code, area.name_th, area.name_en, *above, area.postal_codes)
    return dict(sorted(by_code.items()))


@cache
def _by_postal_code() -> dict[str, tuple[Subdistrict, ...]]:
    by_postal: dict[str, list[Subdistrict]] = {}
    for subdistrict in _by_code().values():
        for postal_code in subdistrict.postal_codes:
            by_postal.setdefault(postal_code, []).append(subdistrict)
    return {postal_code: tuple(subdistricts) for postal_code, subdistricts in sorted(by_postal.items())}


@cache
def _successor_codes() -> dict[str, tuple[str, ...]]:
    """By GeoThai: from the notice that abolished the area, or the one active namesake in the province."""
    return {area.code: area.successors for area in abolished_areas() if area.level == "subdistrict"}


def _successors(code: str) -> list[Subdistrict]:
    """The subdistricts that an abolished code has become, through as many changes as there were."""
    successors: list[Subdistrict] = []
    waiting, seen = [code], {code}
    while waiting:
        for successor in _successor_codes().get(waiting.pop(), ()):
            if active := lookup(successor):
                successors.append(active)
            elif successor not in seen:
                seen.add(successor)
                waiting.append(successor)
    return list(dict.fromkeys(successors))


def _in_common(code: str, other: str) -> int:
    """2 in the same district, 1 in the same province, 0 elsewhere."""
    return (code[:4] == other[:4]) + (code[:2] == other[:2])
