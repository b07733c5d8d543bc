"""What a due date stands on: the records of a stay, replayed in the order in which they count.

Source of the duty: Immigration Act B.E. 2522, section 37(5).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from immigration.rules import stays
from immigration.rules.codes import Direction, PermissionKind, RegimeName, StepCode
from immigration.rules.explanations import Step
from immigration.rules.facts import COUNTER_CHANNELS, Facts, Permission, Report
from immigration.rules.policies import Policy
from immigration.rules.windows import grace, window

NINETY_DAYS = 90
COUNTED = (RegimeName.NINETY_DAYS, RegimeName.YEARLY)
"""The regimes under which reports are due."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a due date stands on, with the last day that is not late before holidays are considered.

    `steps` explain it.
    """

    name: str
    due_on: date
    last_day: date
    steps: tuple[Step, ...]


def one_year_after(day: date) -> date:
    """The same day a year later; 28 February for 29 February (Civil and Commercial Code, section 193/5)."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def counts_in(report: Report, stay: stays.Stay, today: date) -> bool:
    """Whether a report was made in a stay; one of ours only while the stay still begins on the day it was made for.

    On the day of the arrival the arrival counts.
    """
    if not stay.entered_on < report.on <= today:
        return False
    return not report.ours or report.entered_on in (None, stay.entered_on)


def next_due(
    previous_due_on: date | None, late_after: date | None, filed_on: date, channel: str, policy: Policy
) -> date:
    """The next due date after a report, where its receipt does not state one.

    In person the next period runs from the day of filing; online from the previous due date while not late.
    """
    start = counted_from(previous_due_on, late_after, filed_on, channel, policy)
    return start + timedelta(days=policy.value("due.next_offset"))


def counted_from(
    previous_due_on: date | None, late_after: date | None, filed_on: date, channel: str, policy: Policy
) -> date:
    """The day from which the period after a report is counted."""
    by = "in_person" if channel in COUNTER_CHANNELS else channel
    keep = policy.value(f"due.next_basis.{by}") == "previous-due-date"
    on_time = late_after is None or filed_on <= late_after
    return previous_due_on if keep and on_time and previous_due_on else filed_on


class Replay:
    """The records of a stay, taken one after the other: the last that counts is what the due date stands on.

    `regime` and `visa_class` are those after the last record. A change to another regime begins a new count; a
    permission begins with an arrival or a change, and its first extension counts as a report in person.
    """

    def __init__(self, facts: Facts, stay: stays.Stay, today: date, policy: Policy) -> None:
        self.policy = policy
        self.visa_class = stay.arrival.visa_class
        self.permitted_until = stay.arrival.permitted_until
        self.regime = policy.regime(self.visa_class)
        self._counts_after = stay.entered_on
        self._stated: Basis | None = None
        self._returned_on = _extension_returned_on(facts, stay, policy)
        self._extended = self._returned_on is not None and policy.value("due.extension_resets") == "first"
        self.basis = self._from_arrival(stay) if self.regime.name in COUNTED else None
        for changes, extensions, reports in _by_day(facts, stay, today):
            for change in changes:
                self._change(change)
            counting = [report for report in reports if self.basis is not None and report.on > self._counts_after]
            for extension in extensions:
                self._extend(extension, receipt_wins=bool(counting))
            if counting and self.basis is not None:
                self.basis = self._from_report(counting[-1], self.basis)

    def _change(self, change: Permission) -> None:
        visa_class, before = change.visa_class or self.visa_class, self.regime
        self.visa_class, self.permitted_until = visa_class, change.permitted_until
        self.regime = self.policy.regime(visa_class)
        self._begin_permission()
        if self.regime.name != before.name:
            self._counts_after, self._stated = change.on, None
            self.basis = self._from_change(change, before.name) if self.regime.name in COUNTED else None

    def _extend(self, extension: Permission, *, receipt_wins: bool) -> None:
        """An extension may name its class in other words; that of another regime is a change's to give."""
        self.permitted_until = extension.permitted_until
        if extension.visa_class and self.policy.regime(extension.visa_class).name == self.regime.name:
            self.visa_class = extension.visa_class
        if self.basis is not None and self.regime.name == RegimeName.NINETY_DAYS and not receipt_wins:
            self.basis = self._after_extension(extension, self.basis)
        self._extended = True

    def _begin_permission(self) -> None:
        """A new permission has not been extended; for who counts by stays, it goes on being the same stay."""
        if self.policy.value("due.extension_resets") == "first":
            self._extended = False

    def _from_arrival(self, stay: stays.Stay) -> Basis:
        policy = self.policy
        name, entered_on = f"arrival:{stay.arrival.id}", stay.entered_on
        if self.regime.name == RegimeName.YEARLY:
            return self._one_year_from(name, entered_on, StepCode.COUNTED_ONE_YEAR_FROM_ARRIVAL)
        rule = policy.rules["due.count_arrival_day"]
        without_arrival = entered_on + timedelta(days=NINETY_DAYS)
        due_on = without_arrival - timedelta(days=1) if rule.value else without_arrival
        last_day = without_arrival if policy.value("late.judged_by") == "lenient" else due_on
        figures = {"days": (due_on - entered_on).days, "counted_from": entered_on.isoformat()}
        steps = [Step(StepCode.COUNTED_FROM_ARRIVAL, due_on, rule.source, rule.grade, figures)]
        if self._extended and self._returned_on:
            first = policy.rules["due.extension_resets"]
            steps.append(Step(StepCode.CAME_BACK_ON_PERMISSION, self._returned_on, first.source, first.grade))
        return Basis(name, due_on, last_day + grace(policy), tuple(steps))

    def _one_year_from(self, name: str, day: date, code: StepCode, *before: Step) -> Basis:
        rule, due_on = self.policy.rules["due.yearly"], one_year_after(day)
        step = Step(code, due_on, rule.source, rule.grade, {"counted_from": day.isoformat()})
        return Basis(name, due_on, due_on + grace(self.policy), (*before, step))

    def _from_change(self, change: Permission, regime_before: str) -> Basis:
        name, rule = f"change:{change.id}", self.policy.rules["due.regime_change_resets"]
        figures = {"from": regime_before, "to": self.regime.name}
        changed = Step(StepCode.REGIME_CHANGED, change.on, rule.source, rule.grade, figures)
        if self.regime.name == RegimeName.YEARLY:
            return self._one_year_from(name, change.on, StepCode.COUNTED_ONE_YEAR_FROM_CHANGE, changed)
        return self._ninety_days_from(name, change.on, StepCode.COUNTED_FROM_CHANGE, changed)

    def _ninety_days_from(self, name: str, day: date, code: StepCode, *before: Step) -> Basis:
        rule = self.policy.rules["due.next_offset"]
        due_on = day + timedelta(days=rule.value)
        figures = {"days": rule.value, "counted_from": day.isoformat()}
        step = Step(code, due_on, rule.source, rule.grade, figures)
        return Basis(name, due_on, due_on + grace(self.policy), (*before, step))

    def _after_extension(self, extension: Permission, before: Basis) -> Basis:
        rule = self.policy.rules["due.extension_resets"]
        if rule.value == "never" or (self._extended and rule.value != "every"):
            unmoved = Step(StepCode.EXTENSION_CHANGES_NOTHING, extension.on, rule.source, rule.grade)
            return _with_step(before, unmoved)
        counted = Step(StepCode.EXTENSION_COUNTS_AS_REPORT, extension.on, rule.source, rule.grade)
        basis = self._ninety_days_from(
            f"extension:{extension.id}", extension.on, StepCode.COUNTED_FROM_EXTENSION, counted
        )
        stated = self._stated
        if stated and basis.due_on < stated.due_on:
            return _with_step(stated, Step(StepCode.RECEIPT_STATES_LATER, stated.due_on, rule.source, rule.grade))
        return basis

    def _from_report(self, report: Report, before: Basis) -> Basis:
        name = f"{'report' if report.ours else 'office-report'}:{report.number}"
        reported = Step(StepCode.REPORTED, report.on, name, None, {"channel": report.channel, "office": report.office})
        if report.next_due_on:
            stated = Step(StepCode.STATED_ON_RECEIPT, report.next_due_on, name)
            last_day = report.next_due_on + grace(self.policy)
            basis = Basis(name, report.next_due_on, last_day, (reported, stated))
            if self._stated is None or self._stated.due_on <= basis.due_on:
                self._stated = basis
            return basis
        if self.regime.name == RegimeName.YEARLY:
            return self._one_year_from(name, report.on, StepCode.COUNTED_ONE_YEAR_FROM_REPORT, reported)
        late_after = window(before.due_on, before.last_day, self.regime.name, self.policy).late_after
        start = counted_from(before.due_on, late_after, report.on, report.channel, self.policy)
        basis = self._ninety_days_from(name, start, StepCode.COUNTED_FROM_REPORT, reported)
        basis.steps[-1].params["from"] = "report" if start == report.on else "previous-due-date"
        return basis


def _with_step(basis: Basis, step: Step) -> Basis:
    return Basis(basis.name, basis.due_on, basis.last_day, (*basis.steps, step))


Day = tuple[list[Permission], list[Permission], list[Report]]
"""The changes, the extensions and the reports of one day."""


def _by_day(facts: Facts, stay: stays.Stay, today: date) -> Iterator[Day]:
    """What counted in the stay, day by day. Of the reports of a day the last one counts, with the highest number.

    Reports of ours come after those of offices, in the order of `facts`, which is that of filing.
    """
    days: dict[date, Day] = {}
    for permission in stays.since_arrival(facts.permissions, stay, today):
        changes, extensions, _ = days.setdefault(permission.on, ([], [], []))
        (changes if permission.kind == PermissionKind.CHANGE else extensions).append(permission)
    reports = [report for report in facts.reports if counts_in(report, stay, today)]
    for report in sorted(reports, key=lambda report: (report.ours, () if report.ours else _by_number(report))):
        days.setdefault(report.on, ([], [], []))[2].append(report)
    return (day for _, day in sorted(days.items(), key=lambda entry: entry[0]))


def _by_number(report: Report) -> tuple[object, ...]:
    """Orders receipt numbers as people do: R-9 before R-10."""
    parts = re.split(r"(\d+)", report.number)
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)


def _extension_returned_on(facts: Facts, stay: stays.Stay, policy: Policy) -> date | None:
    """The day of an earlier extension whose permission the arrival came back on, by a re-entry permit.

    It has the same last day, and the same class however it is written.
    """
    arrival = stay.arrival
    if arrival.permitted_until is None:
        return None
    same = [
        permission.on
        for permission in facts.permissions
        if permission.kind == PermissionKind.EXTENSION
        and permission.on < arrival.on
        and permission.permitted_until == arrival.permitted_until
        and _same_class(permission.visa_class or _class_on(facts, permission), arrival.visa_class, policy)
    ]
    return max(same, default=None)


def _class_on(facts: Facts, extension: Permission) -> str | None:
    """The class held when an extension was granted: that of the last arrival, or of a change since."""
    arrivals = [(m.on, 0, m.id, m.visa_class) for m in facts.movements if m.direction == Direction.ARRIVAL]
    changes = [(p.on, 1, p.id, p.visa_class) for p in facts.permissions if p.kind == PermissionKind.CHANGE]
    named = [entry for entry in (*arrivals, *changes) if entry[0] <= extension.on and (entry[3] or entry[1] == 0)]
    return max(named, key=lambda entry: entry[:3])[3] if named else None


def _same_class(one: str | None, other: str | None, policy: Policy) -> bool:
    return one is None or other is None or policy.same_visa_class(one, other)
