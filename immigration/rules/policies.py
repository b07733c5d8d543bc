"""The law and office practice as they hold on one day: values, windows, regimes and effects, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """A switchable rule in force: its value, how sure it is (`grade`) and where it is from."""

    key: str
    value: Any
    grade: str
    source: str


@dataclass(frozen=True, slots=True)
class Terms:
    """Days before and after a due date between which a channel takes the report, both inclusive."""

    opens_before: int
    closes_after: int
    grade: str
    source: str


@dataclass(frozen=True, slots=True)
class Regime:
    """A reporting regime, and for those not served here where to go."""

    name: str
    grade: str
    source: str
    where: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What a finding does: refuse, review or note; `unless` is the rule that may let it pass."""

    effect: str
    unless: str | None


@dataclass(frozen=True, slots=True)
class Waiver:
    """Days, both ends inclusive, on which no report could be asked for."""

    kind: str
    name: str
    first: date
    last: date
    source: str


@dataclass(frozen=True)
class Policy:
    """Everything that the rules need to know of the law on one day. `version` names it for ever."""

    version: str
    rules: Mapping[str, Rule]
    windows: Mapping[str, Terms]
    regimes: Mapping[str, Regime]
    effects: Mapping[str, Effect]
    waivers: tuple[Waiver, ...]
    holidays: frozenset[date]

    def value(self, key: str) -> Any:
        """The value of a rule; KeyError for a rule that is not in force."""
        return self.rules[key].value

    def regime(self, visa_class: str | None) -> Regime:
        """The regime of a visa class; a class that is not listed is unclear."""
        return self.regimes.get(visa_class or "") or UNLISTED

    def is_working_day(self, day: date) -> bool:
        """Whether offices are open: neither Saturday, Sunday, nor a public or government holiday."""
        return day.weekday() < 5 and day not in self.holidays

    def next_working_day(self, day: date) -> date:
        """`day` itself, or the first working day after it."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def waived_days(self, first: date, last: date) -> int:
        """How many days from `first` to `last`, inclusive, were waived or lost to a registered outage."""
        waived: set[date] = set()
        for waiver in self.waivers:
            start, end = max(first, waiver.first), min(last, waiver.last)
            waived.update(start + timedelta(days=n) for n in range((end - start).days + 1))
        return len(waived)


UNLISTED = Regime("unclear", "OWN", "The visa class is in no list", "Ask the immigration office of your province")
