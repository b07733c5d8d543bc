"""Which passports belong to one person: those that links connect, as long as nothing in them contradicts.

A link is a claim of the records that one passport replaces another, or an officer's statement that two passports have
one holder. Links are taken in a fixed order; one that contradicts what the earlier ones say connects nothing.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from immigration.rules.birth_dates import BirthDate, disagree

Key = TypeVar("Key", bound=Hashable)


class LinkObstacle(StrEnum):
    """Why a link connects nothing."""

    BIRTH_DATE = "birth-date-contradicts"
    SEX = "sex-contradicts"
    CIRCLE = "circle"


@dataclass(frozen=True, slots=True)
class Bearer:
    """What passports say of the person they were issued to; sex X contradicts neither M nor F."""

    birth_date: BirthDate
    sex: str

    def contradiction(self, other: "Bearer") -> LinkObstacle | None:
        """Why two passports are not of one person; only what both of them state is compared."""
        if disagree((self.birth_date, other.birth_date)):
            return LinkObstacle.BIRTH_DATE
        return LinkObstacle.SEX if {self.sex, other.sex} == {"M", "F"} else None

    def joined(self, other: "Bearer") -> "Bearer":
        """What two passports of one person say together."""
        return Bearer(self.birth_date.joined(other.birth_date), other.sex if self.sex == "X" else self.sex)


@dataclass(frozen=True, slots=True)
class Link(Generic[Key]):
    """Two passports of one person. With `replaces` the first replaces the second, otherwise the order says nothing."""

    first: Key
    second: Key
    replaces: bool = True


class LinkedPassports(Generic[Key]):
    """Passports and the links between them, added one after the other. The keys of `bearers` are in order of age."""

    def __init__(self, bearers: Mapping[Key, Bearer]) -> None:
        self._order = {key: position for position, key in enumerate(bearers)}
        self._parent = {key: key for key in bearers}
        self._members = {key: [key] for key in bearers}
        self._bearers = dict(bearers)
        self._replaced: dict[Key, list[Key]] = defaultdict(list)
        self._beside: dict[Key, list[Key]] = defaultdict(list)

    def add(self, link: Link[Key]) -> LinkObstacle | None:
        """Connect two passports; or the reason why they are not connected."""
        if obstacle := self.obstacle(link):
            return obstacle
        if link.replaces:
            self._replaced[link.first].append(link.second)
        else:
            self._beside[link.first].append(link.second)
            self._beside[link.second].append(link.first)
        self._unite(self._root(link.first), self._root(link.second))
        return None

    def obstacle(self, link: Link[Key]) -> LinkObstacle | None:
        """Why a link would connect nothing: the two people contradict each other, or it closes a circle."""
        first, second = self._root(link.first), self._root(link.second)
        if first != second:
            return self._bearers[first].contradiction(self._bearers[second])
        closes = link.first == link.second or self._replaces(link.second, link.first)
        if not link.replaces:
            closes = closes or self._replaces(link.first, link.second)
        return LinkObstacle.CIRCLE if closes else None

    def are_one(self, first: Key, second: Key) -> bool:
        """Whether two passports belong to one person."""
        return self._root(first) == self._root(second)

    def people(self) -> Iterable[list[Key]]:
        """The passports of each person; first the oldest of those that replace none of the others."""
        for members in self._members.values():
            yield sorted(members, key=lambda key: (bool(self._replaced.get(key)), self._order[key]))

    def _root(self, key: Key) -> Key:
        while self._parent[key] != key:
            self._parent[key] = self._parent[self._parent[key]]
            key = self._parent[key]
        return key

    def _unite(self, first: Key, second: Key) -> None:
        if first == second:
            return
        if len(self._members[first]) < len(self._members[second]):
            first, second = second, first
        self._parent[second] = first
        self._members[first] += self._members.pop(second)
        self._bearers[first] = self._bearers[first].joined(self._bearers[second])

    def _replaces(self, start: Key, end: Key) -> bool:
        """Whether `start` replaces `end`, perhaps through others; an officer's link alone replaces nothing."""
        seen, waiting = {(start, False)}, [(start, False)]
        while waiting:
            key, replaced = waiting.pop()
            if replaced and key == end:
                return True
            steps = [(older, True) for older in self._replaced.get(key, ())]
            steps += [(other, replaced) for other in self._beside.get(key, ())]
            waiting += [step for step in steps if step not in seen]
            seen.update(steps)
        return False
