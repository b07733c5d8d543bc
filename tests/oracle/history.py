"""The records about one person, as the second implementation of the due date takes them."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

DAY = dt.timedelta(1)
WEEK = DAY * 7


class Move(NamedTuple):
    """An arrival (`in`), with the class and the end of the permission on the stamp, or a departure (`out`)."""

    day: dt.date
    way: str
    visa: str
    until: dt.date
    number: str = ""


class Extension(NamedTuple):
    """An extension of stay; most name no class."""

    day: dt.date
    until: dt.date
    visa: str = ""
    number: str = ""


class Change(NamedTuple):
    """A change of permission, to the class it names."""

    day: dt.date
    until: dt.date
    visa: str
    number: str = ""


class Report(NamedTuple):
    """A report: taken at an office, or accepted by the service (`ours`) in the stay that began on `entered`."""

    day: dt.date
    how: str
    printed: dt.date | None = None
    number: str = ""
    office: str = "BKK"
    ours: bool = False
    entered: dt.date | None = None


Record = Move | Change | Extension | Report


@dataclass
class History:
    """All that is on record; waivers are first and last days; residence is the province of the TM.30, or empty.

    Of moves on one day, the earlier in the list has the lower number.
    """

    moves: list[Move] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    waivers: list[tuple[dt.date, dt.date]] = field(default_factory=list)
    residence: str = ""
    today: dt.date = dt.date(2026, 1, 1)
    opens_before: int = 15

    def opens(self, due: dt.date) -> dt.date:
        """The first day on which a report for a due date is taken."""
        return due - DAY * self.opens_before


def without_each(history: History) -> Iterator[History]:
    """The history without one of its records, or without its residence, in turn."""
    for name in (each.name for each in fields(history)):
        records = getattr(history, name)
        if isinstance(records, list):
            for n in range(len(records)):
                shorter: dict[str, Any] = {name: records[:n] + records[n + 1 :]}
                yield replace(history, **shorter)
    if history.residence:
        yield replace(history, residence="")
