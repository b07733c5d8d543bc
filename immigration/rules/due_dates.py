"""When a person's next report is due, what that date stands on, and the working shown step by step.

Source of the duty: Immigration Act B.E. 2522, section 37(5). All dates are civil dates in Bangkok.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from immigration.rules import stays
from immigration.rules.codes import ObligationState, PermissionKind, RegimeName, StepCode
from immigration.rules.facts import COUNTER_CHANNELS, Facts, Permission, Report
from immigration.rules.policies import Policy
from immigration.rules.provinces import province_of

NINETY_DAYS = 90


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the reasoning, to be shown in any language: a code, a date, and where the rule is from."""

    code: StepCode
    date: date | None
    source: str
    grade: str | None = None
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """The dates around a due date; all inclusive."""

    due_on: date
    opens_on: date
    online_closes_on: date
    grace_ends_on: date
    late_after: date


@dataclass(frozen=True, slots=True)
class Obligation:
    """What a person owes. Without a stay everything is None; exempt and unclear regimes have no window.

    `basis` names what the due date stands on: `arrival:ID`, `extension:ID`, `office-report:NUMBER` or `report:NUMBER`.
    `expected` says whether a report is expected before the permitted stay ends.
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


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a due date stands on, with the last day that is not late before holidays are considered."""

    name: str
    due_on: date
    last_day: date
    steps: tuple[Step, ...]


def obligation(facts: Facts, today: date, policy: Policy, *, explain: bool = True) -> Obligation:
    """What the records, as they stand on `today`, make a person owe.

    The explanation may be left out where it is not shown: it is a third of the work.
    """
    policy = policy.in_province(province_of(facts, today, policy))
    stay = stays.current(facts.movements, today)
    if stay is None:
        return Obligation(None, None, None, None, None, None, False, (Step(StepCode.ABROAD, None, "records"),))
    granted = stays.since_arrival(facts.permissions, stay, today)
    visa_class, permitted_until = stays.permission_to_stay(stay, granted)
    regime = policy.regime(visa_class)
    steps = [
        Step(StepCode.ENTERED, stay.entered_on, f"movement:{stay.arrival.id}"),
        Step(StepCode.REGIME, None, regime.source, regime.grade, {"regime": regime.name, "visa_class": visa_class}),
    ]
    if regime.name not in (RegimeName.NINETY_DAYS, RegimeName.YEARLY):
        if regime.where:
            steps.append(Step(StepCode.WHERE_TO_GO, None, regime.source, regime.grade, {"text": regime.where}))
        without = (regime.name, visa_class, stay.entered_on, permitted_until)
        return Obligation(*without, None, None, False, tuple(steps))
    basis = _basis(facts, stay, granted, regime.name, today, policy)
    around = window(basis.due_on, basis.last_day, policy)
    expected = permitted_until is None or permitted_until > around.due_on
    owed = Obligation(regime.name, visa_class, stay.entered_on, permitted_until, basis.name, around, expected, ())
    if not explain:
        return owed
    steps += [*basis.steps, *_window_steps(around, basis, policy), *_consequences(permitted_until, around, policy)]
    return replace(owed, explanation=tuple(steps))


def window(due_on: date, last_day: date, policy: Policy) -> Window:
    """The dates around `due_on`. `last_day` is the last day that is not late, before holidays and waivers.

    Source: Bangkok Immigration Division, 90-day reporting notice (15 days before to 7 days after, in person);
    Administrative Procedure Act B.E. 2539, section 64, for lateness.
    """
    in_person = policy.windows["in-person"]
    online = policy.windows.get("online") or replace(in_person, closes_after=0)
    opens_on = due_on - timedelta(days=online.opens_before)
    grace = in_person.closes_after - (1 if policy.value("grace.count_due_day") else 0)
    late_after = last_day
    if policy.value("due.holiday_roll") == "lateness":
        late_after = policy.next_working_day(late_after)
    if waived := policy.waived_days(opens_on, late_after):
        late_after += timedelta(days=waived)
        if policy.value("due.holiday_roll") == "lateness":
            late_after = policy.next_working_day(late_after)
    return Window(
        due_on,
        opens_on,
        due_on + timedelta(days=online.closes_after),
        due_on + timedelta(days=grace),
        late_after,
    )


def late_after(due_on: date, basis: str, policy: Policy) -> date:
    """The last day that is not late, for a due date of which only the name of what it stands on is known."""
    arrival_counts = basis.startswith("arrival:") and policy.value("due.count_arrival_day")
    return window(due_on, due_on + _grace(policy) + timedelta(days=1 if arrival_counts else 0), policy).late_after


def next_due(
    previous_due_on: date | None, late_after: date | None, filed_on: date, channel: str, policy: Policy
) -> date:
    """The next due date after a report, where its receipt does not state one.

    In person the next period runs from the day of filing; online from the previous due date while not late.
    """
    by = "in_person" if channel in COUNTER_CHANNELS else channel
    keep = policy.value(f"due.next_basis.{by}") == "previous-due-date"
    on_time = late_after is None or filed_on <= late_after
    start = previous_due_on if keep and on_time and previous_due_on else filed_on
    return start + timedelta(days=policy.value("due.next_offset"))


def one_year_after(day: date) -> date:
    """The same day a year later; 28 February for 29 February (Civil and Commercial Code, section 193/5)."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def counts_in(report: Report, stay: stays.Stay, today: date) -> bool:
    """Whether a report was made in a stay; one of ours only while the stay still begins on the day it was made for."""
    if not stay.entered_on <= report.on <= today:
        return False
    return not report.ours or report.entered_on in (None, stay.entered_on)


def is_contradicted(report: Report, facts: Facts, today: date) -> bool:
    """Whether the records now say that the stay an accepted report of ours was made in was another one, or none."""
    if not report.ours or report.entered_on is None:
        return False
    all_stays = stays.stays(facts.movements, today)
    return not any(s.entered_on == report.entered_on and s.covers(report.on) for s in all_stays)


def _basis(
    facts: Facts, stay: stays.Stay, granted: Iterable[Permission], regime: str, today: date, policy: Policy
) -> _Basis:
    """Replay what counted in the stay, oldest first: the last one is what the due date stands on.

    Of one day: extensions, reports at offices by number, then ours in the order of `facts`, which is that of filing.
    """
    basis = _from_arrival(stay, regime, policy)
    reports = [r for r in facts.reports if counts_in(r, stay, today)]
    events: list[tuple[date, int, str, Report | Permission]] = [
        (r.on, 2, "", r) if r.ours else (r.on, 1, r.number, r) for r in reports
    ]
    if regime == RegimeName.NINETY_DAYS:
        events += [(p.on, 0, p.id, p) for p in _counting_extensions(granted, policy)]
    for _, _, _, event in sorted(events, key=lambda e: e[:3]):
        if isinstance(event, Permission):
            basis = _from_extension(event, policy)
        else:
            basis = _from_report(event, basis, regime, policy)
    return basis


def _counting_extensions(granted: Iterable[Permission], policy: Policy) -> list[Permission]:
    extensions = [p for p in granted if p.kind == PermissionKind.EXTENSION]
    how: str = policy.value("due.extension_resets")
    return {"first": extensions[:1], "never": [], "every": extensions}[how]


def _from_arrival(stay: stays.Stay, regime: str, policy: Policy) -> _Basis:
    rule = policy.rules["due.count_arrival_day"]
    name = f"arrival:{stay.arrival.id}"
    if regime == RegimeName.YEARLY:
        due_on = one_year_after(stay.entered_on)
        last_day = due_on + _grace(policy)
        return _Basis(
            name, due_on, last_day, (Step(StepCode.COUNTED_ONE_YEAR_FROM_ARRIVAL, due_on, rule.source, rule.grade),)
        )
    lenient = stay.entered_on + timedelta(days=NINETY_DAYS)
    due_on = lenient - timedelta(days=1) if rule.value else lenient
    step = Step(
        StepCode.COUNTED_FROM_ARRIVAL, due_on, rule.source, rule.grade, {"days": (due_on - stay.entered_on).days}
    )
    return _Basis(name, due_on, lenient + _grace(policy), (step,))


def _from_extension(extension: Permission, policy: Policy) -> _Basis:
    rule = policy.rules["due.extension_resets"]
    due_on = extension.on + timedelta(days=policy.value("due.next_offset"))
    steps = (
        Step(StepCode.EXTENSION_COUNTS_AS_REPORT, extension.on, rule.source, rule.grade),
        Step(StepCode.COUNTED_FROM_EXTENSION, due_on, f"permission:{extension.id}", None, {"days": NINETY_DAYS}),
    )
    return _Basis(f"extension:{extension.id}", due_on, due_on + _grace(policy), steps)


def _from_report(report: Report, before: _Basis, regime: str, policy: Policy) -> _Basis:
    name = f"{'report' if report.ours else 'office-report'}:{report.number}"
    reported = Step(StepCode.REPORTED, report.on, name, None, {"channel": report.channel, "office": report.office})
    if report.next_due_on:
        due_on = report.next_due_on
        step = Step(StepCode.STATED_ON_RECEIPT, due_on, name)
    elif regime == RegimeName.YEARLY:
        due_on = one_year_after(report.on)
        step = Step(StepCode.COUNTED_ONE_YEAR_FROM_REPORT, due_on, name)
    else:
        late_after = window(before.due_on, before.last_day, policy).late_after
        due_on = next_due(before.due_on, late_after, report.on, report.channel, policy)
        step = Step(
            StepCode.COUNTED_FROM_REPORT, due_on, policy.rules["due.next_offset"].source, "CON", {"days": NINETY_DAYS}
        )
    return _Basis(name, due_on, due_on + _grace(policy), (reported, step))


def _grace(policy: Policy) -> timedelta:
    return timedelta(days=policy.windows["in-person"].closes_after)


def _window_steps(around: Window, basis: _Basis, policy: Policy) -> list[Step]:
    in_person = policy.windows["in-person"]
    online = policy.windows.get("online") or replace(in_person, closes_after=0)
    steps = [
        Step(StepCode.OPENS, around.opens_on, online.source, online.grade),
        Step(StepCode.ONLINE_CLOSES, around.online_closes_on, online.source, online.grade),
        Step(StepCode.GRACE_ENDS, around.grace_ends_on, in_person.source, in_person.grade),
    ]
    if around.late_after != basis.last_day:
        rule = policy.rules["due.holiday_roll"]
        steps.append(Step(StepCode.ROLLED_TO_WORKING_DAY, around.late_after, rule.source, rule.grade))
    for waiver in policy.waivers:
        if waiver.first <= around.late_after and around.opens_on <= waiver.last:
            steps.append(
                Step(
                    StepCode(f"extended-by-{waiver.kind}"),
                    around.late_after,
                    waiver.source,
                    None,
                    {"name": waiver.name},
                )
            )
    return [*steps, Step(StepCode.NOT_LATE_UNTIL, around.late_after, in_person.source, in_person.grade)]


def _consequences(permitted_until: date | None, around: Window, policy: Policy) -> list[Step]:
    steps = []
    if permitted_until is not None and permitted_until <= around.due_on:
        steps.append(Step(StepCode.STAY_ENDS_BEFORE_DUE, permitted_until, "permission to stay"))
    fine, leaving = policy.rules["fine.voluntary_amount"], policy.rules["exit_within_grace_waives_report"]
    fines = {
        "usual_settlement_thb": fine.value,
        "most_thb": policy.value("fine.caught_amount"),
        "most_a_day_thb": policy.value("fine.daily"),
    }
    return [
        *steps,
        Step(StepCode.LEAVING_STARTS_AGAIN, None, "Immigration offices of Kalasin and Samut Prakan", "OFF"),
        Step(StepCode.LEAVING_IN_GRACE, None, leaving.source, leaving.grade, {"policy": leaving.value}),
        Step(
            StepCode.IF_LATE,
            around.late_after + timedelta(days=1),
            fine.source,
            fine.grade,
            fines,
        ),
    ]
