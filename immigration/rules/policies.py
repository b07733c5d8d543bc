"""The law and office practice as they hold on one day: values, windows, regimes and effects, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from immigration.rules.visa_classes import VisaClasses


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
        days = self.province_holidays.get(province or "")
        return self if days is None else replace(self, holidays=days)

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


UNLISTED = Regime(
    "unclear",
    "OWN",
    "The visa class is in no list",
    "You may report here, and an officer looks at it; or ask the immigration office of your province",
)
