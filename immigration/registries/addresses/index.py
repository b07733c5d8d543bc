"""The index of the search: every name of every area, in the forms in which it can be met.

Areas are numbered: first the subdistricts in the order of their codes, then the districts, then the provinces.
"""

import csv
import re
from array import array
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from immigration.registries.addresses.reading import key_of, words_of
from immigration.registries.addresses.subdistricts import all_subdistricts
from immigration.rules.romanisation import differs_by_a_letter, neighbours, skeleton

_PLACES = Path(__file__).parent / "places.csv"
_THAI_SYLLABLE = re.compile(r"(?<![เแโใไ])[ก-ฮเแโใไ]")

SHORTEST_NEAR = 5
"""Letters of a key that may have a letter wrong; in a shorter one a letter makes another name."""

SHORTEST_BEGINNING = 4
"""Letters of a province's name that count for as much as the whole name spelt in another way."""

SHORTEST_SKELETON = 4
"""Consonants that make a name without its vowels."""

_MOST_KEYS = 0x1_0000

Areas = dict[str, tuple[int, ...]]
_Growing = defaultdict[str, set[int]]


@dataclass(frozen=True, slots=True)
class Keys:
    """Names in order, each with the areas called so."""

    keys: list[str]
    areas: list[tuple[int, ...]]

    @classmethod
    def of(cls, names: Areas) -> "Keys":
        """The names in order."""
        keys = sorted(names)
        return cls(keys, [names[key] for key in keys])

    def begins(self, key: str) -> bool:
        """Whether a name begins so, or is just this."""
        place = bisect_left(self.keys, key)
        return place < len(self.keys) and self.keys[place].startswith(key)

    def exact_and_longer(self, key: str) -> tuple[set[int], set[int]]:
        """The areas called just so, and those whose name goes on."""
        first, end = bisect_left(self.keys, key), bisect_left(self.keys, key + "\U0010ffff")
        if first < end and self.keys[first] == key:
            return set(self.areas[first]), set().union(*self.areas[first + 1 : end])
        return set(), set().union(*self.areas[first:end])


@dataclass(frozen=True, slots=True)
class Near:
    """The places in a list of keys by the hash of the key, and of the key with any letter left out.

    Hash and place are one number each, in order: a tenth of the memory of a dictionary. A hash can be that of another
    key, so what is found is compared.
    """

    keys: list[str]
    numbers: "array[int]"

    @classmethod
    def of(cls, keys: list[str]) -> "Near":
        """The keys that are long enough; those of codes and Thai names are left out."""
        long = ((place, key) for place, key in enumerate(keys) if len(key) >= SHORTEST_NEAR and _is_latin(key))
        return cls(keys, array("Q", sorted(_number(part) + place for place, key in long for part in neighbours(key))))

    def find(self, key: str) -> set[int]:
        """The places of the keys that differ by a letter."""
        places: set[int] = set()
        for number in map(_number, neighbours(key)):
            first, end = bisect_left(self.numbers, number), bisect_left(self.numbers, number + _MOST_KEYS)
            places.update(listed - number for listed in self.numbers[first:end])
        return {place for place in places if differs_by_a_letter(key, self.keys[place])}


def _number(part: str) -> int:
    """A hash that leaves room for the place of a key."""
    return (hash(part) & 0xFFFF_FFFF_FFFF) * _MOST_KEYS


@dataclass(frozen=True, slots=True)
class Index:
    """The areas by the forms of their names.

    `official` has the names as they are written, words apart; `common` the names of `places.csv`; `joined` both without
    spaces. `whole` has the folded names, `rest` what is left of them without the first words, `province_names` those of
    the provinces without spaces. `near` leads to the places in `whole` from a name that is a letter away, `skeletons`
    from the consonants. `runs` says which subdistricts an area covers; `districts` and `provinces` are the numbers at
    which these begin.
    """

    districts: int
    provinces: int
    runs: list[tuple[int, int]]
    official: Areas
    common: Areas
    joined: Areas
    whole: Keys
    rest: Keys
    province_names: Keys
    near: Near
    skeletons: dict[str, list[int]]

    def level(self, area: int) -> int:
        """0 for a subdistrict, 1 for a district, 2 for a province."""
        return (area >= self.districts) + (area >= self.provinces)

    def provinces_beginning(self, joined: str) -> set[int]:
        """The provinces whose name, as it is written, begins so: a name that is still being typed."""
        if len(joined) < SHORTEST_BEGINNING:
            return set()
        return self.province_names.exact_and_longer(joined)[1]

    def near_areas(self, key: str, *, vowels: bool = False) -> set[int]:
        """The areas whose folded name differs by a letter; else, unless the vowels count, with the same consonants."""
        if len(key) < SHORTEST_NEAR or not _is_latin(key):
            return set()
        places = self.near.find(key)
        if not places and not vowels:
            places = set(self.skeletons.get(skeleton(key), ()))
        return set().union(*(self.whole.areas[place] for place in places))


@dataclass(slots=True)
class _Builder:
    """The index as it grows."""

    official: _Growing = field(default_factory=lambda: defaultdict(set))
    common: _Growing = field(default_factory=lambda: defaultdict(set))
    joined: _Growing = field(default_factory=lambda: defaultdict(set))
    whole: _Growing = field(default_factory=lambda: defaultdict(set))
    rest: _Growing = field(default_factory=lambda: defaultdict(set))

    def add(self, name: str, area: int, names: _Growing) -> None:
        """List an area under a name, in each of its forms."""
        words = [name] if name.startswith("#") else words_of(name)
        names[" ".join(words)].add(area)
        self.joined["".join(words)].add(area)
        self.whole[key_of(words)].add(area)
        for rest in _rests(words):
            self.rest[rest].add(area)


@cache
def index() -> Index:
    """The index, built on first use."""
    builder, levels = _Builder(), _areas()
    numbers: dict[str, int] = {}
    runs: list[tuple[int, int]] = []
    for code, (first, end, names) in (area for level in levels for area in level.items()):
        numbers[code] = len(runs)
        for name in names:
            builder.add(name, len(runs), builder.official)
        runs.append((first, end))
    for name, code, is_official in _places():
        builder.add(name, numbers[code], builder.official if is_official else builder.common)
    joined, whole = _grown(builder.joined), Keys.of(_grown(builder.whole))
    provinces = len(levels[0]) + len(levels[1])
    province_names = {name: areas for name, areas in joined.items() if areas[-1] >= provinces}
    return Index(
        districts=len(levels[0]),
        provinces=provinces,
        runs=runs,
        official=_grown(builder.official),
        common=_grown(builder.common),
        joined=joined,
        whole=whole,
        rest=Keys.of(_grown(builder.rest)),
        province_names=Keys.of({name: areas[-1:] for name, areas in province_names.items()}),
        near=Near.of(whole.keys),
        skeletons=_skeletons(whole.keys),
    )


def _grown(names: _Growing) -> Areas:
    """The areas of each name in order, in little memory."""
    return {name: tuple(sorted(areas)) for name, areas in names.items()}


def _areas() -> tuple[dict[str, tuple[int, int, list[str]]], ...]:
    """Subdistricts, districts and provinces by code: the run of subdistricts they cover, and what they are called.

    Postal codes and the code itself, marked, count as names of a subdistrict.
    """
    subdistricts: dict[str, tuple[int, int, list[str]]] = {}
    districts: dict[str, tuple[int, int, list[str]]] = {}
    provinces: dict[str, tuple[int, int, list[str]]] = {}
    for number, area in enumerate(all_subdistricts()):
        district_th = area.district_th.removeprefix("เขต") if area.province_code == "10" else area.district_th
        names = [area.name_th, area.name_en, *area.postal_codes, f"#{area.code}"]
        subdistricts[area.code] = (number, number + 1, names)
        first = districts.get(area.district_code, (number,))[0]
        districts[area.district_code] = (first, number + 1, [district_th, area.district_en])
        first = provinces.get(area.province_code, (number,))[0]
        provinces[area.province_code] = (first, number + 1, [area.province_th, area.province_en])
    return subdistricts, districts, provinces


def _places() -> list[tuple[str, str, bool]]:
    """Names that are not in the official data, the code of the area meant, and whether the name is official too."""
    with _PLACES.open(encoding="utf-8", newline="") as file:
        return [(row["name"], row["code"], row["source"].startswith("official")) for row in csv.DictReader(file)]


def _rests(words: list[str]) -> list[str]:
    """What is left of a name from each later word (Latin) or syllable (Thai), as keys."""
    joined = "".join(words)
    if joined.startswith("#") or joined.isascii():
        return [key_of(words[number:]) for number in range(1, len(words))]
    later = (syllable.start() for syllable in _THAI_SYLLABLE.finditer(joined, 1))
    return [joined[start:] for start in later if start < len(joined) - 1]


def _is_latin(key: str) -> bool:
    """Whether a key is a folded name, not a code and not Thai."""
    return key.isalpha() and key < "ก"


def _skeletons(keys: list[str]) -> dict[str, list[int]]:
    """The places in the list of keys, by the consonants of the key."""
    skeletons: defaultdict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if _is_latin(key) and len(consonants := skeleton(key)) >= SHORTEST_SKELETON:
            skeletons[consonants].append(place)
    return dict(skeletons)
