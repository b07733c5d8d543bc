"""The sizes of the drills: small unless the environment says otherwise."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields


class WrongSize(ValueError):
    """A size in the environment is not a number, or is too small for a drill; the text names the variable."""


@dataclass(frozen=True)
class Sizes:
    """Each is read from the variable `DRILL_` and its name in capital letters.

    `kills` are spread over `reports` acknowledged reports; `rounds` are those of each race; `tries` are reports filed
    while a commit cannot be replicated; `tampering` are changes that a superuser makes; `probes` are requests of those
    who may not make them; `guesses` are tries at codes, passwords and tokens; `marked` are people whose data are
    searched for, 1,000 at most; for `fault_seconds` providers answer wrongly and processes are killed while messages
    go out; `storm` people are due while Firebase is away for three days. The seed fixes what is done and in which
    order, not the timing.
    """

    kills: int = 24
    reports: int = 1_800
    rounds: int = 150
    tries: int = 20
    tampering: int = 100
    probes: int = 1_000
    guesses: int = 200
    marked: int = 20
    fault_seconds: int = 20
    storm: int = 2_000
    seed: int = 0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Sizes":
        """The sizes that the environment asks for; a fresh seed unless it names one. Raises WrongSize."""
        given = {each.name: _number(environment, f"DRILL_{each.name.upper()}") for each in fields(cls)}
        known = {name: number for name, number in given.items() if number is not None}
        sizes = cls(**{"seed": secrets.randbelow(1_000_000), **known})
        if sizes.reports < sizes.kills:
            raise WrongSize("DRILL_REPORTS must not be fewer than DRILL_KILLS")
        return sizes


def _number(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name)
    if not text:
        return None
    if not text.isdecimal() or (name != "DRILL_SEED" and int(text) == 0):
        raise WrongSize(f"{name} is {text!r}: a number from 1")
    return int(text)
