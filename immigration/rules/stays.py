"""Stays in the Kingdom, as they follow from movements and permissions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from immigration.rules.codes import Direction
from immigration.rules.facts import Movement, Permission


@dataclass(frozen=True, slots=True)
class Stay:
    """From an arrival to the departure that ended it (None: still here); `departure_id` names that movement."""

    arrival: Movement
    left_on: date | None
    previous_arrival_on: date | None

    @property
    def entered_on(self) -> date:
        """The day of the arrival."""
        return self.arrival.on

    def covers(self, day: date) -> bool:
        """Whether the person was in the country in this stay on some part of `day`."""
        return self.entered_on <= day and (self.left_on is None or day <= self.left_on)


def in_order(movements: Iterable[Movement], until: date) -> Iterator[Movement]:
    """Movements up to and including `until`, in the order in which they happened.

    On one day a departure comes before an arrival when the person is in the country, after it when abroad.
    """
    inside = False
    known = sorted((m for m in movements if m.on <= until), key=lambda m: (m.on, m.id))
    for _, same_day in groupby(known, key=lambda m: m.on):
        left = list(same_day)
        while left:
            wanted = Direction.DEPARTURE if inside else Direction.ARRIVAL
            movement = next((m for m in left if m.direction == wanted), left[0])
            left.remove(movement)
            inside = movement.direction == Direction.ARRIVAL
            yield movement


def stays(movements: Iterable[Movement], until: date) -> list[Stay]:
    """All stays begun by `until`, oldest first. An arrival without a departure before it ends the earlier stay."""
    begun: list[Stay] = []
    arrival: Movement | None = None
    for movement in in_order(movements, until):
        if arrival is not None:
            begun.append(Stay(arrival, movement.on, begun[-1].entered_on if begun else None))
        arrival = movement if movement.direction == Direction.ARRIVAL else None
    if arrival is not None:
        begun.append(Stay(arrival, None, begun[-1].entered_on if begun else None))
    return begun


def current(movements: Iterable[Movement], today: date) -> Stay | None:
    """The stay that `today` ends in; None when the person is abroad or was never here."""
    begun = stays(movements, today)
    return begun[-1] if begun and begun[-1].left_on is None else None


def since_arrival(permissions: Iterable[Permission], stay: Stay, today: date) -> list[Permission]:
    """Permissions granted in a stay by `today`, oldest first."""
    granted = (p for p in permissions if stay.entered_on <= p.on <= today)
    return sorted(granted, key=lambda p: (p.on, p.permitted_until, p.id))
