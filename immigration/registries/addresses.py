"""Thai subdistricts: looked up by code, found by what people type, put right when they do not fit.

Data: GeoThai (CC BY 4.0) through the `geothai` package, loaded on first use. Codes are TIS 1099 (DOPA): two digits for
the province, four for the district, six for the subdistrict.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import geothai
from geothai.abolished import abolished_areas

MAX_QUERY = 200
"""Characters; a longer query finds nothing."""

MOST = 50
"""Results at most."""

MOST_WORDS, MOST_TERMS = 16, 8
"""What of a query counts: words between two commas, names found in all."""

# What people write in place of the official names, and the area they mean.
_ALIASES = {
    "กทม": "10",
    "bkk": "10",
    "krung thep": "10",
    "krung thep maha nakhon": "10",
    "korat": "30",
    "โคราช": "30",
    "แปดริ้ว": "24",
    "paet rio": "24",
    "cholburi": "20",
    "pattaya": "2004",
    "พัทยา": "2004",
    "jomtien": "200402",
    "จอมเทียน": "200402",
    "mahachai": "7401",
    "มหาชัย": "7401",
    "sa kaew": "27",
}

_LEVEL_WORDS = frozenset(
    ["khwaeng", "khet", "tambon", "tambol", "amphoe", "amphur", "changwat", "subdistrict", "district", "province"]
)
_THAI_LEVEL = re.compile(r"(?<![\u0e00-\u0e7f])(?:แขวง|เขต|ตำบล|กิ่งอำเภอ|อำเภอ|จังหวัด|[ตอจ]\.)")
_THAI_LEVEL_INSIDE = re.compile(r"(?:แขวง|เขต|ตำบล|อำเภอ|จังหวัด)")
_WORD = re.compile(r"[0-9]+|[a-z]+|[\u0e00-\u0e7f]+")
_THAI_SYLLABLE = re.compile(r"(?<![เแโใไ])[ก-ฮเแโใไ]")
_MARKS = re.compile("[\u0300-\u036f'’ʼ`ฯ]")
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")

# Romanised Thai is spelt in many ways. These spellings are read as one, in names and queries alike.
_SPELLINGS = [
    ("tch", "ch"), ("dh", "t"), ("th", "t"), ("ph", "p"), ("kh", "k"), ("v", "w"), ("j", "ch"), ("d", "t"),
    ("y", "i"), ("ie", "ia"), ("ue", "u"), ("eu", "u"), ("orn", "on"),
]  # fmt: skip

# How well a term fits a name, for a subdistrict, a district, a province; a later one counts for more.
_WITHIN = (1, 2, 3)
_ENDS = (3, 3, 3)
_BEGINS = (4, 5, 6)
_EXACT = (7, 8, 9)
_TWICE = 10
"""The subdistrict and what is above it are both called so."""

_MASK = bytes([0]) + bytes([255]) * 255


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


def search(q: str, limit: int = 10) -> list[Subdistrict]:
    """Subdistricts for what someone typed, best first: names in Thai or English, postal or subdistrict codes.

    A province or district stands for its subdistricts. Several terms narrow each other down; what fits nothing (a house
    number, a road) is passed over. Unreadable or overlong text finds nothing.
    """
    limit = max(0, min(limit, MOST))
    if len(q) > MAX_QUERY or any(unicodedata.category(c) == "Cc" and not c.isspace() for c in q):
        return []
    grades = [grade for grade in map(_grades, _terms(_plain(q))) if grade.count(0) < len(grade)]
    if not grades or not limit:
        return []
    everything = all_subdistricts()
    return [everything[at] for at in _best(grades, limit)]


def suggestions(subdistrict_code: str, postal_code: str, limit: int = 10) -> list[Subdistrict]:
    """What may have been meant by a subdistrict and a postal code that do not fit together; likeliest first.

    The subdistrict itself (with its own postal codes), or the successors of an abolished one; then the subdistricts of
    the postal code, those of the same district and province first; else those of the district.
    """
    code, postal = subdistrict_code[:6], postal_code[:5]
    itself = lookup(code)
    likely = [itself] if itself else _successors(code)
    likely.sort(key=lambda found: postal not in found.postal_codes)
    by_postal = sorted(by_postal_code(postal), key=lambda found: (-_in_common(found.code, code), found.code))
    likely += [found for found in by_postal if found not in likely]
    if not likely and len(code) == 6:
        likely = [found for found in all_subdistricts() if found.district_code == code[:4]]
    return likely[: max(0, min(limit, MOST))]


@cache
def _by_code() -> dict[str, Subdistrict]:
    found: dict[str, Subdistrict] = {}
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
            for one in geothai.subdistricts(district.code):
                found[one.code] = Subdistrict(one.code, one.name_th, one.name_en, *above, one.postal_codes)
    return dict(sorted(found.items()))


@cache
def _by_postal_code() -> dict[str, tuple[Subdistrict, ...]]:
    found: dict[str, list[Subdistrict]] = {}
    for one in _by_code().values():
        for postal_code in one.postal_codes:
            found.setdefault(postal_code, []).append(one)
    return {postal_code: tuple(ones) for postal_code, ones in sorted(found.items())}


@cache
def _successor_codes() -> dict[str, tuple[str, ...]]:
    """By GeoThai: from the notice that abolished the area, or the one active namesake in the province."""
    return {area.code: area.successors for area in abolished_areas() if area.level == "subdistrict"}


def _successors(code: str) -> list[Subdistrict]:
    """The subdistricts that an abolished code has become, through as many changes as there were."""
    found: list[Subdistrict] = []
    waiting, seen = [code], {code}
    while waiting:
        for successor in _successor_codes().get(waiting.pop(), ()):
            if active := lookup(successor):
                found.append(active)
            elif successor not in seen:
                seen.add(successor)
                waiting.append(successor)
    return list(dict.fromkeys(found))


def _in_common(code: str, other: str) -> int:
    """2 in the same district, 1 in the same province, 0 elsewhere."""
    return (code[:4] == other[:4]) + (code[:2] == other[:2])


# Reading a query


def _plain(text: str) -> str:
    """One form for names and queries: small letters without accents, decimal digits, Thai in one encoding."""
    if not text.isascii():
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text)).translate(_THAI_DIGITS).replace("เเ", "แ")
    return text.lower().replace("'", "").replace("sub-district", "subdistrict")


def _folded(squashed: str) -> str:
    """A squashed English name with its spelling evened out: `watthana`, `wattana` and `vadhana` become one."""
    for spelling, same in _SPELLINGS:
        squashed = squashed.replace(spelling, same)
    return re.sub(r"([a-z])\1+", r"\1", squashed)


def _terms(plain: str) -> list[str]:
    """The query as terms known to the index: names, and numbers that can be codes where they do not stand alone."""
    terms: list[str] = []
    for phrase in re.split(r"[,;/\n\t]", _THAI_LEVEL.sub(" ", plain)):
        words = _WORD.findall(phrase)[:MOST_WORDS]
        terms += _runs([word for word in words if word not in _LEVEL_WORDS] or words)
    names = [term for term in terms if not term.isdigit()]
    numbers = [term for term in terms if term.isdigit() and (len(term) in (5, 6) or not names)]
    return list(dict.fromkeys(names + numbers))[:MOST_TERMS]


def _runs(words: list[str]) -> Iterator[str]:
    """The longest run of words each time with which a name, or a part of one, begins; else the single word."""
    at = 0
    while at < len(words):
        for end in range(min(len(words), at + 6), at, -1):
            term = _folded("".join(words[at:end]))
            if _known(term) and _of_one_kind(words[at:end]):
                yield term
                break
        else:
            end = at + 1
            yield from [] if words[at].isascii() else _thai_parts(words[at])
        at = end


def _of_one_kind(words: list[str]) -> bool:
    """All Thai or all Latin, or one number: only those can be one name."""
    return len(words) == 1 or (len({word.isascii() for word in words}) == 1 and not any(map(str.isdigit, words)))


def _thai_parts(text: str) -> Iterator[str]:
    """Names written without a space between them: the longest whole name each time, the rest as it is."""
    rest = _THAI_LEVEL_INSIDE.sub("", text)
    while rest:
        end = next((end for end in range(len(rest), 1, -1) if _whole(rest[:end])), len(rest))
        yield rest[:end]
        rest = rest[end:]


# The index: areas are numbered, first the subdistricts in the order of their codes, then districts, then provinces


@dataclass(frozen=True, slots=True)
class _Index:
    """Names in order, each with the areas called so: `whole` ones, and what is `left` when the first words are gone.

    `districts` and `provinces` are the numbers at which these begin; `runs` says which subdistricts an area covers.
    """

    districts: int
    provinces: int
    runs: list[tuple[int, int]]
    whole: list[str]
    whole_of: list[list[int]]
    left: list[str]
    left_of: list[list[int]]

    def level(self, area: int) -> int:
        """0 for a subdistrict, 1 for a district, 2 for a province."""
        return (area >= self.districts) + (area >= self.provinces)


@cache
def _index() -> _Index:
    levels = _areas()
    whole: dict[str, list[int]] = {}
    left: dict[str, list[int]] = {}
    numbers: dict[str, int] = {}
    runs: list[tuple[int, int]] = []
    for code, (first, end, names) in (area for level in levels for area in level.items()):
        numbers[code] = len(runs)
        for name in names:
            beginning, *others = _beginnings(name)
            whole.setdefault(beginning, []).append(len(runs))
            for other in others:
                left.setdefault(other, []).append(len(runs))
        runs.append((first, end))
    for alias, code in _ALIASES.items():
        whole.setdefault(_beginnings(alias)[0], []).append(numbers[code])
    keys, rests = sorted(whole), sorted(left)
    districts, provinces = len(levels[0]), len(levels[0]) + len(levels[1])
    return _Index(districts, provinces, runs, keys, [whole[key] for key in keys], rests, [left[key] for key in rests])


def _areas() -> tuple[dict[str, tuple[int, int, list[str]]], ...]:
    """Subdistricts, districts and provinces by code: the run of subdistricts they cover, and what they are called.

    Postal codes and the code itself, marked, count as names of a subdistrict.
    """
    found: tuple[dict[str, tuple[int, int, list[str]]], ...] = ({}, {}, {})
    for at, one in enumerate(_by_code().values()):
        district_th = one.district_th.removeprefix("เขต") if one.province_code == "10" else one.district_th
        found[0][one.code] = (at, at + 1, [one.name_th, one.name_en, *one.postal_codes, f"#{one.code}"])
        first = found[1].get(one.district_code, (at,))[0]
        found[1][one.district_code] = (first, at + 1, [district_th, one.district_en])
        first = found[2].get(one.province_code, (at,))[0]
        found[2][one.province_code] = (first, at + 1, [one.province_th, one.province_en])
    return found


def _beginnings(name: str) -> list[str]:
    """The name as a term, then what is left of it from each later word (English) or syllable (Thai)."""
    if name.startswith("#"):
        return [name]
    words = _WORD.findall(_plain(name))
    squashed = "".join(words)
    if squashed.isascii():
        return [_folded("".join(words[at:])) for at in range(len(words))]
    later = [syllable.start() for syllable in _THAI_SYLLABLE.finditer(squashed, 1)]
    return [squashed, *(squashed[at:] for at in later if at < len(squashed) - 1)]


def _known(term: str) -> bool:
    """Whether a name begins so, or a part of one."""
    index = _index()
    places = ((keys, bisect_left(keys, term)) for keys in (index.whole, index.left))
    return term.isdigit() or any(at < len(keys) and keys[at].startswith(term) for keys, at in places)


def _whole(term: str) -> bool:
    """Whether a name is just this."""
    keys = _index().whole
    at = bisect_left(keys, term)
    return at < len(keys) and keys[at] == term


# Ranking: one byte per subdistrict says how well a term fits it, 0 = not at all


@lru_cache(maxsize=512)
def _grades(term: str) -> bytes:
    """How well each subdistrict fits the term, in the order of the codes."""
    index = _index()
    term = f"#{term}" if term.isdigit() and len(term) == 6 else term
    grades = bytearray(index.districts)
    if len(term) > 1:
        exact, longer = _called(term, index.left, index.left_of)
        _write(grades, longer, _WITHIN)
        _write(grades, exact, _ENDS)
    exact, longer = _called(term, index.whole, index.whole_of)
    _write(grades, longer, _BEGINS)
    own = [area for area in exact if area < index.districts]
    _write(grades, exact - set(own), _EXACT)
    for area in own:
        grades[area] = _TWICE if grades[area] in _EXACT else _EXACT[0]
    return bytes(grades)


def _called(term: str, keys: list[str], areas_of: list[list[int]]) -> tuple[set[int], set[int]]:
    """The areas called just so, and those whose name goes on."""
    first, end = bisect_left(keys, term), bisect_left(keys, term + "\U0010ffff")
    if first < end and keys[first] == term:
        return set(areas_of[first]), set().union(*areas_of[first + 1 : end])
    return set(), set().union(*areas_of[first:end])


def _write(grades: bytearray, areas: set[int], levels: tuple[int, int, int]) -> None:
    """Give every subdistrict of the areas its grade, the smaller areas first."""
    index = _index()
    for area in sorted(areas):
        if area < index.districts:
            grades[area] = levels[0]
        else:
            first, end = index.runs[area]
            grades[first:end] = bytes([levels[index.level(area)]]) * (end - first)


def _best(grades: list[bytes], limit: int) -> list[int]:
    """The subdistricts that fit every term, the best fit first; a term that leaves nothing over is passed over.

    The bytes are added up as one long number each: eight terms of at most 10 never carry.
    """
    common, total = -1, 0
    for grade in sorted(grades, key=lambda grade: -grade.count(0)):
        mask = int.from_bytes(grade.translate(_MASK))
        if common & mask:
            common &= mask
            total += int.from_bytes(grade)
    sums = (total & common).to_bytes(len(grades[0]))
    best: list[int] = []
    for value in sorted(set(sums) - {0}, reverse=True):
        at = sums.find(value)
        while at >= 0 and len(best) < limit:
            best.append(at)
            at = sums.find(value, at + 1)
    return best
