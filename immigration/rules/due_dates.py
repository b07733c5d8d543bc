"""When a person's next report is due, what that date stands on, and the working shown step by step.

Source of the duty: Immigration Act B.E. 2522, section 37(5). All dates are civil dates in Bangkok.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from immigration.rules import stays
from immigration.rules.bases import Replay, next_due
from immigration.rules.codes import Channel, ObligationState, RegimeName, StepCode
from immigration.rules.explanations import Step, consequences, window_steps
from immigration.rules.facts import Facts, Report
from immigration.rules.policies import Policy
from immigration.rules.provinces import province_of
from immigration.rules.windows import Window, grace, window


@dataclass(frozen=True, slots=True)
class Obligation:
    """What a person owes. Without a stay everything is None; exempt and unclear regimes have no window.

    `basis` names what the due date stands on: `arrival:ID`, `change:ID`, `extension:ID`, `office-report:NUMBER` or
    `report:NUMBER`. `expected` says whether a report is expected before the permitted stay ends.
    """

    regime: str | None
    visa_class: str | None
    entered_on: date | None
    permitted_until: date | None
    basis: str | None
    window: Window | None
    expected: bool
    explanation: tuple[Step, ...]

    def state(self, today: date) -> ObligationState:
        """Where a day lies in the window."""
        if self.window is None or not self.expected:
            return ObligationState.NONE
        if today < self.window.opens_on:
            return ObligationState.NOT_OPEN
        if today < self.window.due_on:
            return ObligationState.OPEN
        if today == self.window.due_on:
            return ObligationState.DUE_TODAY
        return ObligationState.IN_GRACE if today <= self.window.late_after else ObligationState.LATE


def obligation(facts: Facts, today: date, policy: Policy, *, explain: bool = True) -> Obligation:
    """What the records, as they stand on `today`, make a person owe.

    The explanation may be left out where it is not shown: it is a third of the work.
    """
    policy = policy.in_province(province_of(facts, today, policy))
    stay = stays.current(facts.movements, today)
    if stay is None:
        return Obligation(None, None, None, None, None, None, False, _abroad(facts, today))
    replay = Replay(facts, stay, today, policy)
    regime, basis = replay.regime, replay.basis
    common = (regime.name, replay.visa_class, stay.entered_on, replay.permitted_until)
    figures = {"regime": regime.name, "visa_class": replay.visa_class}
    steps = [
        Step(StepCode.ENTERED, stay.entered_on, f"movement:{stay.arrival.id}"),
        Step(StepCode.REGIME, None, regime.source, regime.grade, figures),
    ]
    if basis is None:
        if regime.where:
            steps.append(
                Step(
                    StepCode.WHERE_TO_GO,
                    None,
                    regime.source,
                    regime.grade,
                    {"text": regime.where, "regime": regime.name},
                )
            )
        return Obligation(*common, None, None, False, tuple(steps))
    around = window(basis.due_on, basis.last_day, regime.name, policy)
    expected = replay.permitted_until is None or replay.permitted_until > around.due_on
    owed = Obligation(*common, basis.name, around, expected, ())
    if not explain:
        return owed
    steps += [
        *basis.steps,
        *window_steps(around, basis.last_day, regime.name, policy),
        *consequences(around, replay.permitted_until, policy),
    ]
    return replace(owed, explanation=tuple(steps))


def _abroad(facts: Facts, today: date) -> tuple[Step, ...]:
    begun = stays.stays(facts.movements, today)
    left_on = begun[-1].left_on if begun else None
    return (Step(StepCode.ABROAD, left_on, "records"),)


def next_due_after(owed: Obligation, filed_on: date, policy: Policy) -> date:
    """The next due date that a report filed online on `filed_on` earns."""
    around = owed.window
    previous, late_after = (around.due_on, around.late_after) if around else (None, None)
    return next_due(previous, late_after, filed_on, Channel.ONLINE, policy)


def late_after(due_on: date, basis: str, policy: Policy) -> date:
    """The last day that is not late, for a due date of which only the name of what it stands on is known."""
    lenient = policy.value("due.count_arrival_day") and policy.value("late.judged_by") == "lenient"
    added = timedelta(days=1 if basis.startswith("arrival:") and lenient else 0)
    return window(due_on, due_on + grace(policy) + added, RegimeName.NINETY_DAYS, policy).late_after


def is_contradicted(report: Report, facts: Facts, today: date) -> bool:
    """Whether the records now say that the stay an accepted report of ours was made in was another one, or none."""
    if not report.ours or report.entered_on is None:
        return False
    all_stays = stays.stays(facts.movements, today)
    return not any(s.entered_on == report.entered_on and s.covers(report.on) for s in all_stays)
