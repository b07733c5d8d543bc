"""The visa classes of the demo country: who has which, how long they may stay, whether they report.

The regimes are those of the service's records (90-day, yearly, exempt, unclear). The lengths of stay are the usual
ones, common knowledge rather than law.
"""

from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random
from typing import Literal

from devtools.demo.nations import Age, Group

Regime = Literal["90-day", "yearly", "exempt", "unclear"]


@dataclass(frozen=True, slots=True)
class Terms:
    """Days granted on entry and by an extension, how many extensions, and whether each entry starts afresh."""

    on_entry: int
    by_extension: int = 365
    extensions: int = 99
    afresh: bool = False
    regime: Regime = "90-day"


TERMS = {
    "NON-LA": Terms(730, by_extension=730, extensions=1),
    "NON-B": Terms(90),
    "NON-O": Terms(90),
    "NON-ED": Terms(90, by_extension=180),
    "NON-IB": Terms(90),
    "NON-M": Terms(90),
    "NON-R": Terms(90),
    "NON-OA": Terms(365, afresh=True),
    "NON-OX": Terms(1825, extensions=1),
    "DTV": Terms(180, by_extension=180, extensions=1, afresh=True),
    "PE": Terms(365, afresh=True),
    "TR": Terms(60, by_extension=30, extensions=1, afresh=True),
    "LTR": Terms(1826, regime="yearly"),
    "SMART": Terms(1461, regime="yearly"),
    "DIPLOMATIC": Terms(1096, regime="exempt"),
    "OFFICIAL": Terms(731, regime="exempt"),
    "PR": Terms(3652, regime="exempt"),
    "CABINET": Terms(730, by_extension=365, regime="unclear"),
}

CHANGEABLE = frozenset(["NON-B", "NON-O", "NON-ED"])
"""Classes into which a tourist visa is changed in the country."""

_SHARES: dict[Group, dict[str, int]] = {
    "worker": {"NON-LA": 720, "CABINET": 110, "NON-B": 45, "NON-O": 45, "NON-ED": 40, "TR": 30, "PR": 5,
               "DIPLOMATIC": 5},
    "asia": {"NON-B": 410, "NON-O": 180, "NON-ED": 150, "DTV": 60, "PE": 45, "TR": 50, "NON-OA": 35, "LTR": 30,
             "DIPLOMATIC": 13, "NON-IB": 8, "SMART": 7, "PR": 7, "OFFICIAL": 5},
    "west": {"NON-O": 380, "NON-B": 200, "NON-OA": 115, "DTV": 80, "NON-ED": 80, "PE": 40, "LTR": 35, "TR": 35,
             "NON-OX": 8, "DIPLOMATIC": 10, "PR": 7, "SMART": 5, "NON-M": 3, "NON-R": 2},
}  # fmt: skip

_AGES: dict[str, list[Age]] = {
    "NON-O": ["retired", "retired", "retired", "worker", "worker", "child"],
    "NON-OA": ["retired"],
    "NON-OX": ["retired"],
    "NON-ED": ["student", "student", "student", "child"],
    "PE": ["retired", "worker"],
    "LTR": ["retired", "worker"],
    "PR": ["retired", "worker"],
}


def choose_class(rng: Random, group: Group) -> str:
    """A visa class, by its share among people of the group."""
    classes, weights = _weighted(group)
    return rng.choices(classes, cum_weights=weights)[0]


def choose_age(rng: Random, visa_class: str) -> Age:
    """An age people of the class usually have."""
    return rng.choice(_AGES.get(visa_class, ["worker"]))


@cache
def _weighted(group: Group) -> tuple[list[str], list[int]]:
    """Classes and their weights added up."""
    return list(_SHARES[group]), list(accumulate(_SHARES[group].values()))
