"""Contested rules: a filing is refused as too early only where no accepted reading of them lets the person file.

Advice takes the reading in force, refusal the most permissive one. The readings are in `law/rules.toml`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from immigration.rules import stays
from immigration.rules.codes import PermissionKind, Reason, StepCode
from immigration.rules.due_dates import Obligation, obligation
from immigration.rules.explanations import Step
from immigration.rules.facts import Facts
from immigration.rules.policies import Policy
from immigration.rules.reports import Held, Obstacle, obstacles_to_filing, too_early

_EXTENSIONS = "due.extension_resets"


def to_file_under(facts: Facts, held: Sequence[Held], today: date, policy: Policy) -> tuple[Obligation, list[Obstacle]]:
    """The obligation that a report filed today answers, and why it may not be filed; empty means it may.

    It is that of the reading in force; before its window opens, that of another reading whose window is open.
    """
    owed = obligation(facts, today, policy, explain=False)
    obstacles = obstacles_to_filing(owed, held, today, policy)
    if not obstacles or owed.window is None or today >= owed.window.opens_on:
        return owed, obstacles
    for other, reading in _other_readings(facts, today, policy):
        is_open = other.window is not None and other.window.opens_on <= today <= other.window.late_after
        if is_open and not obstacles_to_filing(other, held, today, reading):
            return other, []
    earliest = can_file_from(owed, facts, held, today, policy)
    return owed, [_from(obstacle, earliest) for obstacle in obstacles]


def can_file_from(owed: Obligation, facts: Facts, held: Sequence[Held], today: date, policy: Policy) -> date | None:
    """The earliest day on which some reading that is not over lets the person file."""
    if owed.window is None:
        return None
    periods = {report.period for report in held}
    others = (
        other.window.opens_on
        for other, _ in _other_readings(facts, today, policy)
        if other.window is not None and today <= other.window.late_after and other.basis not in periods
    )
    if owed.basis in periods:
        return min(others, default=owed.window.opens_on)
    return min([owed.window.opens_on, *others])


def explain_other(owed: Obligation, earliest: date | None, today: date, policy: Policy) -> Obligation:
    """The obligation, its explanation naming the day from which another reading lets the person file."""
    if owed.window is None or earliest is None or today >= owed.window.opens_on or earliest >= owed.window.opens_on:
        return owed
    rule = policy.rules[_EXTENSIONS]
    step = Step(StepCode.OTHER_READING, earliest, rule.source, "CON")
    return replace(owed, explanation=(*owed.explanation, step))


def of_period(facts: Facts, period: str, day: date, policy: Policy) -> Obligation:
    """The obligation on a day by the reading that gives a period its name; by the one in force where none does."""
    owed = obligation(facts, day, policy, explain=False)
    if owed.basis == period:
        return owed
    others = (other for other, _ in _other_readings(facts, day, policy))
    return next((other for other in others if other.basis == period), owed)


def _other_readings(facts: Facts, today: date, policy: Policy) -> Iterator[tuple[Obligation, Policy]]:
    """What the person owes by each other reading that can differ: those of extensions need an extension."""
    stay = stays.current(facts.movements, today)
    if stay is None:
        return
    granted = stays.since_arrival(facts.permissions, stay, today)
    extended = any(permission.kind == PermissionKind.EXTENSION for permission in granted)
    for reading in policy.other_readings:
        if extended or reading.value(_EXTENSIONS) == policy.value(_EXTENSIONS):
            yield obligation(facts, today, reading, explain=False), reading


def _from(obstacle: Obstacle, day: date | None) -> Obstacle:
    """An obstacle that ends on a day: the earliest on which the person can file."""
    if obstacle.opens_on is None or day is None:
        return obstacle
    return too_early(day) if obstacle.reason == Reason.TOO_EARLY else replace(obstacle, opens_on=day)
