"""A plausible demo country of any size, written as the five files of records, person by person."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from devtools.demo import nations
from devtools.demo.classes import TERMS, choose_age, choose_class
from devtools.demo.lives import Life
from devtools.demo.nations import Person
from devtools.demo.passports import give_passports
from devtools.demo.records import Files, History
from devtools.demo.scenarios import cast

_TROUBLES = {
    "no-tm30": 0.04,
    "tm30-elsewhere": 0.03,
    "late": 0.018,
    "passport-lost": 0.007,
    "passport-expired": 0.007,
    "new-passport": 0.01,
    "stay-expired": 0.008,
    "newcomer": 0.03,
}
"""Shares of the people who report every 90 days; everything else is left to the lives themselves."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written: people (named ones included) and rows by kind; the invented by nation, class and trouble."""

    people: int
    rows: Mapping[str, int]
    nations: Mapping[str, int]
    visa_classes: Mapping[str, int]
    troubles: Mapping[str, int]


def generate(folder: Path, people: int, today: date, seed: int = 47) -> Summary:
    """Write `passports.csv`, `movements.csv`, `permissions.csv`, `reports.csv` and `residences.csv` into `folder`.

    The named people of `scenarios` come first, then `people` invented ones. The same arguments give the same bytes, and
    a larger country begins with the smaller one; rows are written as they come, so memory does not grow.
    """
    by_nation: Counter[str] = Counter()
    by_class: Counter[str] = Counter()
    by_trouble: Counter[str] = Counter()
    named = cast(today)
    with Files(folder) as files:
        for _, person, history in named:
            files.write(person, history)
        for person, visa_class, trouble, history in _population(people, today.toordinal(), seed):
            files.write(person, history)
            by_nation[person.nation.code] += 1
            by_class[visa_class] += 1
            by_trouble[trouble or "none"] += 1
    return Summary(len(named) + people, dict(files.rows), dict(by_nation), dict(by_class), dict(by_trouble))


def _population(people: int, today: int, seed: int) -> Iterator[tuple[Person, str, str, History]]:
    """The invented people one after another, each with a visa class, a trouble (or none) and a history."""
    rng = Random(seed)
    for index in range(people):
        nation = nations.choose_nation(rng)
        visa_class = choose_class(rng, nation.group)
        trouble = _choose_trouble(rng) if TERMS[visa_class].regime == "90-day" else ""
        person = nations.invent(rng, nation, choose_age(rng, visa_class), today)
        history = Life(rng, nation, visa_class, today, trouble=trouble).live(_came(rng, visa_class, today, trouble))
        if trouble == "stay-expired":
            _let_stay_expire(rng, history, today)
        give_passports(rng, history, nation, 2 * index, today, trouble)
        history.contact_email = f"demo-{index + 1:07d}@example.org" if rng.random() < 0.9 else ""
        yield person, visa_class, trouble, history


def _choose_trouble(rng: Random) -> str:
    chance = rng.random()
    for trouble, share in _TROUBLES.items():
        if chance < share:
            return trouble
        chance -= share
    return ""


def _came(rng: Random, visa_class: str, today: int, trouble: str) -> int:
    """The first arrival: long enough ago for an earlier report, but for tourists and newcomers."""
    if trouble == "newcomer" or visa_class == "TR":
        return today - rng.randrange(1, 89)
    return today - rng.randrange(220, 1500)


def _let_stay_expire(rng: Random, history: History, today: int) -> None:
    """Set the end of the last permission to stay to a day that is past, if the person is here."""
    latest = history.movements[-1]
    if latest.direction == "departure":
        return
    granted = history.permissions[-1].day if history.permissions else 0
    until = max(latest.day, granted, today - rng.randrange(2, 40)) + 1
    if until >= today:
        return
    if granted >= latest.day:
        history.permissions[-1] = history.permissions[-1]._replace(until=until)
    else:
        history.movements[-1] = latest._replace(until=until)
