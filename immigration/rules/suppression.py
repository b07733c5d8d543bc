"""Which counts of a table are not shown, so that nobody can work out a small one: by itself or from a sum.

A count from 1 to `least` - 1 is small. A zero is shown: it is about nobody. Where one part of a sum is hidden, the sum
and the other parts would give it away, so that a second part is hidden too, and as many as it takes for the hidden ones
to be `least` together. The source of the rule is in the law file `figures`.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)
_PRIME = 2_147_483_647


class Line(NamedTuple, Generic[Key]):
    """A sum that is published with its parts."""

    total: Key
    parts: tuple[Key, ...]


def hidden(numbers: Mapping[Key, int], lines: Iterable[Line[Key]], *, least: int) -> set[Key]:
    """The counts that are not shown: the small ones, and those that would give them away."""
    lines = list(lines)
    secret = {key for key, number in numbers.items() if 0 < number < least}
    while True:
        more = {key for line in lines for key in _needed(line, numbers, secret, least)}
        more = more or _to_blur(numbers, lines, secret)
        if not more:
            return secret
        secret |= more


def rounded(number: int, to: int) -> int:
    """A count to the nearest multiple, halves up."""
    return (number + to // 2) // to * to


def determined(lines: Iterable[Line[Key]], secret: Collection[Key]) -> set[Key]:
    """The hidden counts that follow from the shown ones, by whatever sums and differences.

    Each line says that its hidden members add up to something known. Solved for one member after the other
    (Gauss and Jordan, modulo a prime), a count is known where its equation has no other hidden one.
    """
    solved: dict[Key, dict[Key, int]] = {}
    for line in lines:
        row = {part: 1 for part in line.parts if part in secret} | ({line.total: -1} if line.total in secret else {})
        for key in [key for key in row if key in solved]:
            row = _minus(row, solved[key], row[key])
        if not row:
            continue
        pivot, factor = next(iter(row.items()))
        inverse = pow(factor, -1, _PRIME)
        row = {key: value * inverse % _PRIME for key, value in row.items()}
        solved = {key: _minus(other, row, other[pivot]) if pivot in other else other for key, other in solved.items()}
        solved[pivot] = row
    return {key for key, row in solved.items() if len(row) == 1}


def _minus(row: dict[Key, int], other: dict[Key, int], times: int) -> dict[Key, int]:
    result = {key: (row.get(key, 0) - other.get(key, 0) * times) % _PRIME for key in {**row, **other}}
    return {key: value for key, value in result.items() if value}


def _to_blur(numbers: Mapping[Key, int], lines: list[Line[Key]], secret: set[Key]) -> set[Key]:
    """One more count to hide, the smallest that stands with one that could be worked out."""
    known = determined(lines, secret)
    if not known:
        return set()
    near = {key for line in lines if known & {line.total, *line.parts} for key in (line.total, *line.parts)}
    shown = [key for key in near or numbers if key not in secret and numbers[key]]
    shown = shown or [key for line in lines for key in (line.total, *line.parts) if key not in secret and numbers[key]]
    return {min(shown, key=lambda key: (numbers[key], repr(key)))} if shown else set()


def _needed(line: Line[Key], numbers: Mapping[Key, int], secret: set[Key], least: int) -> list[Key]:
    """What else has to be hidden in a line: the smallest parts, and the sum itself where these do not suffice."""
    covered = [part for part in line.parts if part in secret]
    shown = sorted((part for part in line.parts if part not in secret and numbers[part]), key=lambda p: numbers[p])
    if line.total in secret:
        return shown[:1] if not covered else []
    if not covered:
        return []
    count, together = len(covered), sum(numbers[part] for part in covered)
    more: list[Key] = []
    while count < 2 or together < least:
        if len(more) == len(shown):
            return [*more, line.total]
        more.append(shown[len(more)])
        count, together = count + 1, together + numbers[more[-1]]
    return more
