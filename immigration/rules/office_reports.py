"""Whether a report at an office answers the period of a report of ours that waits for a decision.

One report is made a period, until the next window opens: whichever of the two came first.
"""

from dataclasses import dataclass, replace
from datetime import date

from immigration.rules import readings, stays
from immigration.rules.bases import next_due
from immigration.rules.codes import Channel, RegimeName
from immigration.rules.due_dates import Obligation, late_after, next_due_after
from immigration.rules.facts import Facts, Report
from immigration.rules.policies import Policy
from immigration.rules.windows import window

OFFICE_CHANNELS = frozenset({Channel.COUNTER, Channel.AGENT, Channel.POST})
"""How a report reaches an office. A row of channel `online` may be the waiting report itself, seen elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineReport:
    """A report of ours: the period and due date it answers, the stay it was made in, and its day and office."""

    period: str
    due_on: date | None
    entered_on: date | None
    filed_on: date
    office: str


def next_due_of(report: OnlineReport, facts: Facts | None, kept: Obligation, policy: Policy) -> date:
    """What the formula gives for a report, by the records as they were owed on the day it was filed.

    While the records cannot be read, by the obligation as last kept; where that has moved on, by the report itself.
    """
    owed = readings.of_period(facts, report.period, report.filed_on, policy) if facts else kept
    if owed.basis == report.period and owed.window is not None:
        return next_due_after(owed, report.filed_on, policy)
    policy = policy.of_office(report.office)
    last_day = late_after(report.due_on, report.period, policy) if report.due_on else None
    return next_due(report.due_on, last_day, report.filed_on, Channel.ONLINE, policy)


def taken_at_an_office(
    report: OnlineReport, facts: Facts, kept: Obligation, today: date, policy: Policy
) -> Report | None:
    """The first report at an office, made by `today`, that answers the period of a waiting one; None for none.

    `policy` is that of the day on which the waiting report was filed.
    """
    at_offices = [each for each in facts.reports if not each.ours and each.channel in OFFICE_CHANNELS]
    next_due_on = next_due_of(report, facts, kept, policy)
    for each in sorted(at_offices, key=lambda each: (each.on, each.number)):
        if each.on > today or not _in_the_stay(each, report, facts):
            continue
        if each.on <= report.filed_on:
            answers = _refuses(each, report, facts, policy)
        else:
            answers = each.on < _opens_on(next_due_on, policy) and _stands_before(each, report, facts, policy)
        if answers:
            return each
    return None


def _in_the_stay(at_office: Report, report: OnlineReport, facts: Facts) -> bool:
    """Whether both were made in one stay, or none is on record; on the day of the arrival the arrival counts.

    A report that was made while no entry was on record belongs to the stay that the records have by now.
    """
    begun = stays.stays(facts.movements, max(at_office.on, report.filed_on))
    mine = [stay for stay in begun if stay.covers(report.filed_on) and report.entered_on in (None, stay.entered_on)]
    theirs = [stay for stay in begun if stay.covers(at_office.on)]
    if not mine and not theirs:
        return report.entered_on is None
    return any(stay in theirs and stay.entered_on < at_office.on for stay in mine)


def _refuses(at_office: Report, report: OnlineReport, facts: Facts, policy: Policy) -> bool:
    """Whether filing would have been refused for an earlier report at an office, had it been on record.

    Where no due date says so, one made on the same day answers the same period.
    """
    owed, obstacles = readings.to_file_under(_with(facts, at_office, at_office), (), report.filed_on, policy)
    if owed.window is None:
        return at_office.on == report.filed_on
    return bool(obstacles) and not readings.to_file_under(_with(facts, at_office), (), report.filed_on, policy)[1]


def _stands_before(at_office: Report, report: OnlineReport, facts: Facts, policy: Policy) -> bool:
    """Whether the period was still the present one when the report was made at the office, by some reading."""
    owed = readings.of_period(_with(facts, at_office), report.period, at_office.on, policy)
    return owed.window is None or report.entered_on is None or owed.basis == report.period


def _with(facts: Facts, later: Report, *those: Report) -> Facts:
    """The facts without the reports that offices took from `later` on, but for `those`."""
    earlier = (each for each in facts.reports if each.ours or _place(each) < _place(later))
    return replace(facts, reports=(*those, *earlier))


def _place(report: Report) -> tuple[date, str]:
    return report.on, report.number


def _opens_on(due_on: date, policy: Policy) -> date:
    return window(due_on, due_on, RegimeName.NINETY_DAYS, policy).opens_on
