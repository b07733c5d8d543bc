"""The search for what people type: names in Thai or English, well spelt or not, postal and subdistrict codes."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from immigration.registries.addresses.index import index
from immigration.registries.addresses.reading import LEVEL_WORDS, key_of, phrases
from immigration.registries.addresses.subdistricts import MOST, Subdistrict, all_subdistricts

MAX_QUERY = 200
"""Characters; a longer query finds nothing."""

MOST_TERMS = 8
"""Names and numbers of a query that count."""

LONGEST_NAME = 6
"""Words of a name."""

_THAI_LEVEL_INSIDE = re.compile(r"(?:แขวง|เขต|ตำบล|อำเภอ|จังหวัด)")
_MASK = bytes([0]) + bytes([255]) * 255


class Fit(IntEnum):
    """How well a term fits a name; a district counts one more than a subdistrict, a province two.

    Three more if the subdistrict and what is above it are both called so. Eight terms add up to less than a byte.
    """

    WITHIN = 1
    ENDS = 5
    BEGINS = 8
    NEAR = 12
    FOLDED = 16
    JOINED = 20
    COMMON = 23
    EXACT = 28


_TWICE = 3


def load() -> None:
    """Read the data and build the index, so that the first search does not wait for it."""
    index()


def search(q: str, limit: int = 10) -> list[Subdistrict]:
    """Subdistricts for what someone typed, best first.

    A province or district stands for its subdistricts. Several terms narrow each other down; what fits nothing (a house
    number, a road) is passed over. Unreadable or overlong text finds nothing.
    """
    limit = max(0, min(limit, MOST))
    if len(q) > MAX_QUERY or any(unicodedata.category(c) == "Cc" and not c.isspace() for c in q):
        return []
    matches = [match for match in map(_match, _terms(q)) if match.best]
    if not matches or not limit:
        return []
    everything = all_subdistricts()
    return [everything[number] for number in _best(matches, limit)]


# Terms


def _terms(query: str) -> list[str]:
    """The query as terms known to the index: names, and numbers that can be codes where they do not stand alone."""
    terms = [term for words in phrases(query) for term in _runs(_without_levels(words))]
    names = [term for term in terms if not term.isdigit()]
    numbers = [term for term in terms if term.isdigit() and (len(term) in (5, 6) or not names)]
    return list(dict.fromkeys(names + numbers))[:MOST_TERMS]


def _without_levels(words: list[str]) -> list[str]:
    """The words without those that only name a level; `Khet` stays in `Sanam Chai Khet`, which is a name."""
    joined = index().joined
    return [
        word
        for place, word in enumerate(words)
        if word not in LEVEL_WORDS or any("".join(words[first : place + 1]) in joined for first in range(place))
    ] or words


def _runs(words: list[str]) -> Iterator[str]:
    """The names in a phrase, one after the other; what is none is left out, but for Thai, which has no spaces."""
    start = 0
    while start < len(words):
        end = _end_of_name(words, start)
        if end:
            yield " ".join(words[start:end])
        elif not words[start].isascii():
            yield from _thai_parts(words[start])
        start = end or start + 1


def _end_of_name(words: list[str], start: int) -> int:
    """Where the name ends that begins with a word; 0 if none does.

    The longest name, unless all that follows is the beginning of one (someone is still typing), or a longer run is
    nearly a name. What is left is the longest run with which a name begins.
    """
    ends = [end for end in range(min(len(words), start + LONGEST_NAME), start, -1) if _of_one_kind(words[start:end])]
    if ends and (ends[0] == len(words) or words[ends[0]].isdigit()) and _known(words[start : ends[0]]):
        return ends[0]
    name = next((end for end in ends if _is_name(words[start:end])), 0)
    nearly = next((end for end in ends if end > name and _nearly_known(words[start:end])), 0)
    if nearly and not _breaks_a_name(words, start, nearly):
        return nearly
    return name or next((end for end in ends if _known(words[start:end])), 0)


def _of_one_kind(words: list[str]) -> bool:
    """All Thai or all Latin, or one number: only those can be one name."""
    return len(words) == 1 or (len({word.isascii() for word in words}) == 1 and not any(map(str.isdigit, words)))


def _is_name(words: list[str]) -> bool:
    """Whether a name is just this."""
    return "".join(words) in index().joined or bool(index().whole.exact_and_longer(key_of(words))[0])


def _known(words: list[str]) -> bool:
    """Whether a name is this, or it or its last words begin so; any number can be a code."""
    key = key_of(words)
    return bool(key) and (key.isdigit() or index().whole.begins(key) or index().rest.begins(key))


def _breaks_a_name(words: list[str], start: int, nearly: int) -> bool:
    """Whether a run that is nearly a name holds a name and what may be the beginning of another.

    Not so for `Kamphang Phet`: the whole phrase is a letter away from a name, and `Phet` is none.
    """
    shorter = next((end for end in range(nearly - 1, start, -1) if _is_name(words[start:end])), 0)
    if not shorter or not _known(words[shorter:nearly]):
        return False
    whole_phrase = (start, nearly) == (0, len(words))
    by_a_letter = index().near_areas(key_of(words[start:nearly]), vowels=True)
    return not (whole_phrase and by_a_letter) or "".join(words[shorter:nearly]) in index().joined


def _nearly_known(words: list[str]) -> bool:
    """Whether a name nearly is this."""
    return bool(index().near_areas(key_of(words)))


def _thai_parts(text: str) -> Iterator[str]:
    """Names written without a space between them: the longest whole name each time, the rest as it is."""
    rest = _THAI_LEVEL_INSIDE.sub("", text)
    while rest:
        end = next((end for end in range(len(rest), 1, -1) if rest[:end] in index().joined), len(rest))
        yield rest[:end]
        rest = rest[end:]


# Ranking: one byte per subdistrict says how well a term fits it, 0 = not at all


@dataclass(frozen=True, slots=True)
class Match:
    """How well each subdistrict fits a term, in the order of the codes, and the best of these grades."""

    grades: bytes
    best: int

    @property
    def order(self) -> int:
        """Well-spelt names first, then folded ones, then what is less."""
        return (self.best < Fit.JOINED) + (self.best < Fit.FOLDED)


@lru_cache(maxsize=512)
def _match(term: str) -> Match:
    """How well each subdistrict fits the term."""
    names = index()
    term = f"#{term}" if term.isdigit() and len(term) == 6 else term
    joined = term.replace(" ", "")
    key = key_of([joined])
    grades = bytearray(names.districts)
    if len(key) > 1:
        exact, longer = names.rest.exact_and_longer(key)
        _write(grades, longer, Fit.WITHIN)
        _write(grades, exact, Fit.ENDS)
    folded, longer = names.whole.exact_and_longer(key) if key else (set(), set())
    _write(grades, longer, Fit.BEGINS)
    if not folded and not longer:
        _write(grades, names.near_areas(key), Fit.NEAR)
    _write(grades, folded | names.provinces_beginning(joined), Fit.FOLDED)
    _write(grades, names.joined.get(joined, ()), Fit.JOINED)
    _write(grades, names.common.get(term, ()), Fit.COMMON)
    _write(grades, names.official.get(term, ()), Fit.EXACT)
    return Match(bytes(grades), max(grades))


def _write(grades: bytearray, areas: Collection[int], fit: Fit) -> None:
    """Give every subdistrict of the areas its grade: the larger area counts for more, both together for most."""
    names = index()
    for area in sorted(area for area in areas if area >= names.districts):
        first, end = names.runs[area]
        grades[first:end] = bytes([fit + names.level(area)]) * (end - first)
    for area in areas:
        if area < names.districts:
            grades[area] = fit + (_TWICE if grades[area] in (fit + 1, fit + 2) else 0)


def _best(matches: list[Match], limit: int) -> list[int]:
    """The subdistricts that fit every term, the best fit first; a term that leaves nothing over is passed over.

    Well-spelt names go first, then the folded ones, then what is less: of each the last first, as an address ends with
    its district and province. The bytes are added up as one long number each: eight terms of at most 31 never carry.
    """
    common, total = -1, 0
    for match in sorted(reversed(matches), key=lambda match: match.order):
        mask = int.from_bytes(match.grades.translate(_MASK))
        if common & mask:
            common &= mask
            total += int.from_bytes(match.grades)
    sums = (total & common).to_bytes(len(matches[0].grades))
    best: list[int] = []
    for value in sorted(set(sums) - {0}, reverse=True):
        number = sums.find(value)
        while number >= 0 and len(best) < limit:
            best.append(number)
            number = sums.find(value, number + 1)
    return best
