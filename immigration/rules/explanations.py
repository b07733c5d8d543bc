"""The steps by which a due date is explained: each with a code, a date, figures, and where its rule is from."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from immigration.rules.codes import RegimeName, StepCode
from immigration.rules.policies import Policy
from immigration.rules.windows import Window, grace, online_terms, rolled


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the reasoning, to be shown in any language: a code, a date, and where the rule is from."""

    code: StepCode
    date: date | None
    source: str
    grade: str | None = None
    params: dict[str, Any] = field(default_factory=dict)


def window_steps(window: Window, last_day: date, regime: str, policy: Policy) -> list[Step]:
    """The dates around a due date; `last_day` is the last that is not late before holidays and waivers."""
    in_person, online = policy.windows["in-person"], online_terms(policy)
    steps = [Step(StepCode.OPENS, window.opens_on, online.source, online.grade)]
    if regime == RegimeName.NINETY_DAYS:
        steps.append(Step(StepCode.ONLINE_CLOSES, window.online_closes_on, online.source, online.grade))
    figures = {"last_day_to_act": window.last_day_to_act.isoformat()}
    steps.append(Step(StepCode.GRACE_ENDS, window.grace_ends_on, in_person.source, in_person.grade, figures))
    return [*steps, *_lateness(window, last_day, policy)]


def _lateness(window: Window, last_day: date, policy: Policy) -> list[Step]:
    """From the end of the days of grace to the last day that is not judged late, a step for each thing that adds."""
    steps = []
    if last_day != window.due_on + grace(policy):
        rule = policy.rules["due.count_arrival_day"]
        added = (last_day - window.due_on - grace(policy)).days
        steps.append(Step(StepCode.ARRIVAL_DAY_LEFT_OUT, last_day, rule.source, rule.grade, {"days": added}))
    if (working_day := rolled(last_day, policy)) != last_day:
        rule = policy.rules["due.holiday_roll"]
        steps.append(Step(StepCode.ROLLED_TO_WORKING_DAY, working_day, rule.source, rule.grade))
    for waiver in policy.waivers:
        if waiver.first <= window.late_after and window.opens_on <= waiver.last:
            code, figures = StepCode(f"extended-by-{waiver.kind}"), {"name": waiver.name}
            steps.append(Step(code, window.late_after, waiver.source, None, figures))
    rule = policy.rules["late.judged_by"]
    return [*steps, Step(StepCode.NOT_LATE_UNTIL, window.late_after, rule.source, rule.grade)]


def consequences(window: Window, permitted_until: date | None, policy: Policy) -> list[Step]:
    """What leaving and being late mean; for a stay that ends before the report is due, only that."""
    again = Step(StepCode.LEAVING_STARTS_AGAIN, None, "Immigration offices of Kalasin and Samut Prakan", "OFF")
    if permitted_until is not None and permitted_until <= window.due_on:
        return [Step(StepCode.STAY_ENDS_BEFORE_DUE, permitted_until, "permission to stay"), again]
    fine, leaving = policy.rules["fine.voluntary_amount"], policy.rules["exit_within_grace_waives_report"]
    fines = {
        "usual_settlement_thb": fine.value,
        "most_thb": policy.value("fine.caught_amount"),
        "most_a_day_thb": policy.value("fine.daily"),
    }
    late_from = window.late_after + timedelta(days=1)
    return [
        again,
        Step(StepCode.LEAVING_IN_GRACE, None, leaving.source, leaving.grade, {"policy": leaving.value}),
        Step(StepCode.IF_LATE, late_from, fine.source, fine.grade, fines),
    ]
