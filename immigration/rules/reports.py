"""The life of a report: its states, what may happen in each, and what keeps a person from filing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from immigration.rules.codes import ActingObstacle, Outcome, Reason, RegimeName, ReportStatus
from immigration.rules.due_dates import Obligation
from immigration.rules.policies import Policy
from immigration.rules.windows import window

STATES = tuple(ReportStatus)
HOLDING_STATES = frozenset({ReportStatus.ACCEPTED, ReportStatus.UNDER_REVIEW, ReportStatus.RETURNED})
FINAL = (Outcome.ACCEPTED, Outcome.REJECTED, Outcome.NEEDS_VISIT)
OUTCOMES = tuple(Outcome)
NO_ENTRY = "no-entry"
"""The period of reports that are filed while no entry of their author is on record."""
UNCLEAR = "unclear"
"""How the period of reports begins whose author's regime is unclear, so that no due date names it."""
FURTHEST = timedelta(days=366)
"""How far from the day of filing an officer may set the next due date: a typing error excuses no one for years."""
REASONS = tuple(Reason)

TRANSITIONS: tuple[tuple[str, str, str, str], ...] = (
    ("", "accepted", "file", "the records decide"),
    ("", "under-review", "file", "the records cannot decide"),
    ("under-review", "accepted", "decide", "officer"),
    ("under-review", "returned", "decide", "officer"),
    ("under-review", "rejected", "decide", "officer"),
    ("under-review", "needs-visit", "decide", "officer"),
    ("under-review", "accepted", "recheck", "the source is back"),
    ("under-review", "under-review", "recheck", "the source is back"),
    ("under-review", "rejected", "join", "the records: two people are one"),
    ("returned", "rejected", "join", "the records: two people are one"),
    ("under-review", "rejected", "close", "the records: an office took one"),
    ("returned", "rejected", "close", "the records: an office took one"),
    ("rejected", "under-review", "restore", "the records: no office took one"),
    ("under-review", "withdrawn", "withdraw", "resident"),
    ("returned", "withdrawn", "withdraw", "resident"),
    ("returned", "under-review", "correct", "resident"),
    ("accepted", "under-review", "reopen", "supervisor, and another person"),
    ("rejected", "under-review", "reopen", "supervisor, and another person"),
    ("needs-visit", "under-review", "reopen", "supervisor, and another person"),
)
"""(from, to, act, by whom): the whole state machine; docs/states.md is drawn from it."""


@dataclass(frozen=True, slots=True)
class Held:
    """A report of the person that holds a period: number, state, what its due date stood on, and the date it earned."""

    number: str
    status: str
    period: str
    next_due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why something may not happen: a reason code and what to know about it."""

    reason: str
    detail: str
    number: str | None = None
    opens_on: date | None = None


def may(act: str, status: str) -> bool:
    """Whether `act` is possible in a state."""
    return any(a == act and start == status for start, _, a, _ in TRANSITIONS)


def obstacles_to_filing(owed: Obligation, held: Sequence[Held], today: date, policy: Policy) -> list[Obstacle]:
    """Why a report may not be filed today; empty means it may. The first one is reported."""
    opens_on = owed.window.opens_on if owed.window else None
    obstacles = []
    if _reports_elsewhere(owed.regime, policy):
        obstacles.append(Obstacle("other-regime", policy.regime(owed.visa_class).where))
    if report := _holder(owed, held, today, policy):
        detail = f"report {report.number} is {report.status}"
        again_from = opens_on or _next_opens_on(report, policy)
        return [*_refusing(obstacles, policy), Obstacle("already-reported", detail, report.number, again_from)]
    if opens_on is not None and today < opens_on:
        obstacles.append(too_early(opens_on))
    if policy.value("leave_before_expiry_of_stay") == "refuse" and owed.window and not owed.expected:
        obstacles.append(Obstacle("other-regime", "the permitted stay ends before the report is due"))
    return _refusing(obstacles, policy)


def too_early(opens_on: date) -> Obstacle:
    """The obstacle of a report whose window opens on a later day."""
    return Obstacle("too-early", f"the report can be filed from {opens_on.isoformat()}", None, opens_on)


def _reports_elsewhere(regime: str | None, policy: Policy) -> bool:
    """Whether the records say that no 90-day report is due; of an unclear regime an officer has to say so."""
    if regime == RegimeName.UNCLEAR:
        return bool(policy.value("online.unclear_regime") == "refuse")
    return regime in (RegimeName.YEARLY, RegimeName.EXEMPT)


def _refusing(obstacles: list[Obstacle], policy: Policy) -> list[Obstacle]:
    """Those that the policy refuses for; the others become findings. One report a period is no matter of policy."""
    return [obstacle for obstacle in obstacles if policy.effects[obstacle.reason].effect == "refuse"]


def _holder(owed: Obligation, held: Sequence[Held], today: date, policy: Policy) -> Held | None:
    """The report that holds the present period, or the accepted one it stands on until the next window opens."""
    period = period_of(owed, held, today, policy)
    for report in held:
        if report.period == period:
            return report
        stands_on_it = report.status == "accepted" and owed.basis == f"report:{report.number}"
        if stands_on_it and owed.window is not None and today < owed.window.opens_on:
            return report
    return None


def period_of(owed: Obligation, held: Sequence[Held], today: date, policy: Policy) -> str:
    """The name of the period that a report filed now would answer. `held` is newest first.

    While no entry is on record, or the regime of the stay is unclear, there is no due date but the one an accepted
    report earned: a new period begins when its window opens.
    """
    if owed.basis:
        return owed.basis
    name = f"{UNCLEAR}:{owed.entered_on.isoformat()}" if owed.entered_on else NO_ENTRY
    last = next((r for r in held if r.period.startswith(name) and r.next_due_on), None)
    return period_after(last, today, policy, name) if last else name


def period_after(accepted: Held, today: date, policy: Policy, name: str = NO_ENTRY) -> str:
    """The period without a due date that stands after an accepted report: its own until the next window opens."""
    opens_on = _next_opens_on(accepted, policy)
    return f"{name}:{accepted.number}" if opens_on and today >= opens_on else accepted.period


def _next_opens_on(report: Held, policy: Policy) -> date | None:
    due_on = report.next_due_on
    return window(due_on, due_on, RegimeName.NINETY_DAYS, policy).opens_on if due_on else None


def answer_by(filed_on: date, policy: Policy) -> date:
    """The last day on which the office keeps its promise: so many working days after the day of filing."""
    day = filed_on
    for _ in range(policy.value("review.working_days")):
        day = policy.next_working_day(day + timedelta(days=1))
    return day


def obstacles_to_acting(status: str, *, decides: bool, decided_before: bool, claimed: bool) -> list[ActingObstacle]:
    """Why an officer cannot decide a report at present, whatever the outcome; empty means it can be tried.

    `decides` is whether their role decides at all, `decided_before` whether they did so before it was reopened,
    `claimed` whether a colleague has it in hand.
    """
    reasons = {
        ActingObstacle.ROLE: not decides,
        ActingObstacle.NOT_UNDER_REVIEW: not may("decide", status),
        ActingObstacle.OWN_DECISION: decided_before,
        ActingObstacle.CLAIMED: claimed,
    }
    return [obstacle for obstacle, holds in reasons.items() if holds]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRequest:
    """What is to be decided about a report; `next_due_on` is a date set by hand."""

    outcome: Outcome
    reasons: Sequence[str] = ()
    note: str = ""
    next_due_on: date | None = None
    none_due: bool = False
    """That no report is due any more, which only an officer can say, of an unclear regime."""


def is_unclear(period: str) -> bool:
    """Whether a report was filed under an unclear regime, so that no formula says when the next one is due."""
    return period.startswith(UNCLEAR)


def _unstated(decision: DecisionRequest) -> list[str]:
    """Of an unclear regime only the officer can say when the next report is due, or that none is."""
    states = decision.none_due or decision.next_due_on is not None
    if states == (decision.outcome == Outcome.ACCEPTED) or decision.next_due_on is not None:
        return []
    return [
        '"none" belongs to an accepted report only'
        if states
        else 'of an unclear regime the next due date has to be stated, or "none"'
    ]


def obstacles_to_deciding(
    status: str, filed_on: date, decision: DecisionRequest, *, unclear: bool = False
) -> list[str]:
    """Why an officer may not decide so about a report in a state; empty means go ahead.

    Who accepts a report of an `unclear` regime states the next due date, or that there is none.
    """
    obstacles = _unstated(decision) if unclear else []
    if not may("decide", status):
        obstacles.append(f"the report is {status}, not under review")
    if decision.outcome != Outcome.ACCEPTED and not decision.reasons:
        obstacles.append("an outcome other than accepted needs at least one reason")
    if decision.none_due and not unclear:
        obstacles.append('"none" belongs to a report of an unclear regime only')
    if decision.next_due_on is None:
        return obstacles
    if decision.outcome != Outcome.ACCEPTED:
        obstacles.append("a next due date belongs to an accepted report only")
    if not decision.note.strip() and not unclear:
        obstacles.append("a next due date set by hand needs a note")
    if not filed_on < decision.next_due_on <= filed_on + FURTHEST:
        obstacles.append(f"a next due date lies 1 to {FURTHEST.days} days after the report was filed")
    return obstacles
