"""Invented people: a nation, a name as people of it have, a birth date, and a passport number of its shape."""

import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Literal

Group = Literal["worker", "asia", "west"]
Age = Literal["child", "student", "worker", "retired"]

AGES: dict[Age, tuple[int, int]] = {"child": (1, 17), "student": (18, 34), "worker": (21, 58), "retired": (50, 86)}
"""Years, both ends inclusive."""

_LETTERS = "ABCDEFGHJKLMNPRTUWXZ"


@dataclass(frozen=True, slots=True)
class Pool:
    """Names of one language, and how they are put together."""

    surnames: tuple[str, ...]
    men: tuple[str, ...]
    women: tuple[str, ...]
    given: tuple[int, ...]
    double: float = 0.0
    single: float = 0.0
    long: float = 0.0
    feminine: str = ""


@dataclass(frozen=True, slots=True)
class Nation:
    """A nation: its ISO code (issuing state and nationality), the shape of its passport numbers, its names."""

    code: str
    group: Group
    number: str
    pool: Pool


@dataclass(frozen=True, slots=True)
class Person:
    """Who someone is, whatever passport they carry. `born` counts days as `date.toordinal`."""

    nation: Nation
    surname: str
    given_names: str
    sex: Literal["M", "F"]
    born: int

    @property
    def nationality(self) -> str:
        """As it stands in the passport: Germans have `D`."""
        return "D" if self.nation.code == "DEU" else self.nation.code


def choose_nation(rng: Random) -> Nation:
    """A nation, by weight."""
    nations, weights = _nations()
    return rng.choices(nations, cum_weights=weights)[0]


def invent(rng: Random, nation: Nation, age: Age, today: int) -> Person:
    """A person of that nation and age."""
    youngest, oldest = AGES[age]
    sex: Literal["M", "F"] = "M" if rng.random() < (0.72 if age == "retired" else 0.54) else "F"
    surname, given_names = _name(rng, nation.pool, sex)
    born = today - int(365.25 * (youngest + rng.random() * (oldest - youngest))) - rng.randrange(300)
    return Person(nation, surname, given_names, sex, born)


def passport_number(shape: str, serial: int) -> str:
    """The number with that serial: `#` becomes a digit, `@` a letter, the rest stays. Different serials never meet.

    The serial is spread over the whole space of the shape by a factor that has no divisor in common with its size
    (a product of tens and twenties), so that neighbours do not look alike.
    """
    space = 10 ** shape.count("#") * 20 ** shape.count("@")
    value = (serial * 7_368_787 + 1_234_577) % space
    characters = []
    for sign in shape:
        if sign == "#":
            value, digit = divmod(value, 10)
            characters.append(str(digit))
        elif sign == "@":
            value, letter = divmod(value, 20)
            characters.append(_LETTERS[letter])
        else:
            characters.append(sign)
    return "".join(characters)


@cache
def _nations() -> tuple[list[Nation], list[int]]:
    """All nations, and their weights added up."""
    tables = tomllib.loads(Path(__file__).with_name("nations.toml").read_text("utf-8"))
    pools = {name: _pool(table) for name, table in tables["pool"].items()}
    rows = tables["nation"]
    nations = [Nation(row["code"], row["group"], row["number"], pools[row["pool"]]) for row in rows]
    return nations, list(accumulate(row["weight"] for row in rows))


def _pool(table: dict[str, object]) -> Pool:
    fields = {
        key: tuple(name.replace("_", " ") for name in value.split()) if isinstance(value, str) else value
        for key, value in table.items()
        if key != "feminine"
    }
    return Pool(**fields, feminine=str(table.get("feminine", "")))  # type: ignore[arg-type]


def _name(rng: Random, pool: Pool, sex: str) -> tuple[str, str]:
    """Surname and given names; a name in one piece has no surname."""
    names = pool.men if sex == "M" else pool.women
    count = rng.choice(pool.given)
    surname = rng.choice(pool.surnames)
    if pool.feminine and sex == "F" and surname[-1] in "NV":
        surname += pool.feminine
    if pool.double and rng.random() < pool.double:
        surname += " " + rng.choice(pool.surnames)
    if pool.long and rng.random() < pool.long:
        count += 3
    given_names = " ".join(rng.sample(names, min(count, len(names))))
    if pool.single and rng.random() < pool.single:
        return "", given_names
    return surname, given_names
