"""The law and office practice as they hold on one day: values, windows, regimes and effects, each with its source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import product
from typing import Any

from immigration.rules.visa_classes import VisaClasses, fold


@dataclass(frozen=True, slots=True)
class Rule:
    """A switchable rule in force: its value, how sure it is (`grade`) and where it is from.

    `readings` are the values that some source supports, where sources disagree: no filing is refused that one allows.
    """

    key: str
    value: Any
    grade: str
    source: str
    readings: tuple[Any, ...] = ()


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
    """What a finding does: refuse, review or note; `unless` is the rule that may let it pass.

    `accepting_overrides` says that the records speak against the report: who accepts it decides against them.
    """

    effect: str
    unless: str | None
    grade: str = ""
    source: str = ""
    accepting_overrides: bool = False


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
    """Everything that the rules need to know of the law on one day. `version` names it for ever.

    `holidays` are days on which offices everywhere are closed. `province_holidays` has all the holidays of each
    province that has some of its own. `office_provinces` says in which province an office is.
    """

    version: str
    rules: Mapping[str, Rule]
    windows: Mapping[str, Terms]
    regimes: Mapping[str, Regime]
    effects: Mapping[str, Effect]
    waivers: tuple[Waiver, ...]
    holidays: frozenset[date]
    province_holidays: Mapping[str, frozenset[date]]
    office_provinces: Mapping[str, str]
    visa_classes: VisaClasses

    def value(self, key: str) -> Any:
        """The value of a rule; KeyError for a rule that is not in force."""
        return self.rules[key].value

    def visa_class(self, written: str) -> str | None:
        """The class of which this is a spelling; None for one that is in no list."""
        return self.visa_classes.class_of(written)

    def regime(self, visa_class: str | None) -> Regime:
        """The regime of a visa class, however it is written; a class that is not listed is unclear."""
        return self.regimes.get(self.visa_class(visa_class or "") or "") or UNLISTED

    def in_province(self, province: str | None) -> "Policy":
        """The same policy, with the holidays of the offices in a province; None where it is not known which one."""
        return self._in_provinces.get(province or "", self)

    def of_office(self, office: str) -> "Policy":
        """The same policy, with the holidays of an office's province."""
        return self.in_province(self.office_provinces.get(office))

    @cached_property
    def _in_provinces(self) -> dict[str, "Policy"]:
        return {province: replace(self, holidays=days) for province, days in self.province_holidays.items()}

    @cached_property
    def other_readings(self) -> tuple["Policy", ...]:
        """The same policy by each other combination of readings of its contested rules."""
        contested = [rule for rule in self.rules.values() if rule.readings]
        combinations = product(*(rule.readings for rule in contested))
        present = tuple(rule.value for rule in contested)
        return tuple(self._read_as(contested, values) for values in combinations if values != present)

    def _read_as(self, contested: Sequence[Rule], values: Sequence[Any]) -> "Policy":
        changed = {rule.key: replace(rule, value=value) for rule, value in zip(contested, values, strict=True)}
        return replace(self, rules={**self.rules, **changed})

    def same_visa_class(self, one: str, other: str) -> bool:
        """Whether two spellings mean one class; unknown ones are compared as they are folded."""
        return (self.visa_class(one) or fold(one)) == (self.visa_class(other) or fold(other))

    def is_working_day(self, day: date) -> bool:
        """Whether offices are open: neither Saturday, Sunday, nor a public or government holiday."""
        return day.weekday() < 5 and day not in self.holidays

    def next_working_day(self, day: date) -> date:
        """`day` itself, or the first working day after it."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def working_day_before(self, day: date) -> date:
        """`day` itself, or the last working day before it."""
        while not self.is_working_day(day):
            day -= timedelta(days=1)
        return day

    def waived_days(self, first: date, last: date) -> int:
        """How many days from `first` to `last`, inclusive, were waived or lost to a registered outage."""
        waived: set[date] = set()
        for waiver in self.waivers:
            start, end = max(first, waiver.first), min(last, waiver.last)
            waived.update(start + timedelta(days=n) for n in range((end - start).days + 1))
        return len(waived)


UNLISTED = Regime(
    "unclear",
    "OWN",
    "The visa class is in no list",
    "You may report here, and an officer looks at it; or ask the immigration office of your province",
)
