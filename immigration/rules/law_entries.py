"""Closing days, outages and waivers that offices register beside the law files, and what speaks against one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

GRADES = ("OFF", "COR", "ONE", "CON", "OWN")
"""How sure an entry is: official, several sources, one source, sources disagree, our own choice."""


class EntryKind(StrEnum):
    """What is registered: a day on which offices are closed, or days that do not count against people."""

    CLOSING_DAY = "closing-day"
    OUTAGE = "outage"
    WAIVER = "waiver"


class EntryState(StrEnum):
    """Where a day lies in an entry."""

    TO_COME = "to-come"
    HOLDS = "holds"
    OVER = "over"


class EntryObstacle(StrEnum):
    """Why an entry cannot be registered, or ended so."""

    ENDS_BEFORE_IT_BEGINS = "ends-before-it-begins"
    TOO_LONG = "too-long"
    TOO_FAR = "too-far"
    UNKNOWN_PROVINCE = "unknown-province"
    PROVINCES = "provinces-of-closing-days-only"
    REGISTERED = "registered-already"
    OVER = "over-already"
    DAYS_PASSED = "days-passed"
    NOT_EARLIER = "not-earlier"


@dataclass(frozen=True, slots=True)
class Entry:
    """Days, both ends inclusive, with where they are from; `provinces` are those of a closing day, none means all."""

    kind: EntryKind
    name: str
    first: date
    last: date
    source: str
    grade: str
    provinces: tuple[str, ...] = ()

    def days(self) -> frozenset[date]:
        """Each of its days; none of one that was ended before it began."""
        return frozenset(self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    def state(self, today: date) -> EntryState:
        """Whether it is to come, holds or is over."""
        if self.last < max(today, self.first):
            return EntryState.OVER
        return EntryState.TO_COME if today < self.first else EntryState.HOLDS


@dataclass(frozen=True)
class Limits:
    """How long an entry may be, and how far from today; the values, with grade and source, are in `waivers.toml`."""

    longest: int
    days_back: int
    days_ahead: int


def obstacles(entry: Entry, *, provinces: Collection[str], known: bool, limits: Limits, today: date) -> list[str]:
    """Why an entry cannot be registered; empty = it can. `provinces` are all there are; `known`: it is there."""
    days = (entry.last - entry.first).days + 1
    too_far = entry.first < today - timedelta(days=limits.days_back)
    too_far |= entry.last > today + timedelta(days=limits.days_ahead)
    faults = {
        EntryObstacle.ENDS_BEFORE_IT_BEGINS: days < 1,
        EntryObstacle.TOO_LONG: days > limits.longest,
        EntryObstacle.TOO_FAR: too_far,
        EntryObstacle.UNKNOWN_PROVINCE: not set(entry.provinces) <= set(provinces),
        EntryObstacle.PROVINCES: bool(entry.provinces) and entry.kind != EntryKind.CLOSING_DAY,
        EntryObstacle.REGISTERED: known,
    }
    return [str(obstacle) for obstacle, holds in faults.items() if holds]


def obstacles_to_ending(entry: Entry, last: date, *, today: date) -> list[str]:
    """Why an entry cannot end with that day: nothing is taken back that has begun, since people rely on it.

    One that has not begun may be taken back as a whole: it ends on the day before it begins, or earlier.
    """
    faults = {
        EntryObstacle.OVER: entry.state(today) == EntryState.OVER,
        EntryObstacle.DAYS_PASSED: entry.first <= today and last < today,
        EntryObstacle.NOT_EARLIER: last >= entry.last,
    }
    return [str(obstacle) for obstacle, holds in faults.items() if holds]
