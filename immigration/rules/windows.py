"""The dates around a due date: from when a report is taken, until when it is advised, and from when it is late."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from immigration.rules.codes import RegimeName
from immigration.rules.policies import Policy, Terms

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """The dates around a due date; all inclusive.

    `last_day_to_act` is what people are advised; `late_after` only judges, and is never named as a day to act by.
    """

    due_on: date
    opens_on: date
    online_closes_on: date
    grace_ends_on: date
    last_day_to_act: date
    late_after: date


def grace(policy: Policy) -> timedelta:
    """How long after its due date a report is taken in person."""
    return timedelta(days=policy.windows["in-person"].closes_after)


def online_terms(policy: Policy) -> Terms:
    """The terms of filing online; where there is no such channel, those in person up to the due date."""
    return policy.windows.get("online") or replace(policy.windows["in-person"], closes_after=0)


def window(due_on: date, last_day: date, regime: str, policy: Policy) -> Window:
    """The dates around `due_on`. `last_day` is the last day that is not late, before holidays and waivers.

    A yearly report is taken by offices only, which are closed on some days: the last day to act is a working day.
    Source: Bangkok Immigration Division, 90-day reporting notice (15 days before to 7 days after, in person);
    Administrative Procedure Act B.E. 2539, section 64, for lateness.
    """
    online = online_terms(policy)
    opens_on = due_on - timedelta(days=online.opens_before)
    grace_ends_on = due_on + grace(policy) - (ONE_DAY if policy.value("grace.count_due_day") else timedelta(0))
    return Window(
        due_on=due_on,
        opens_on=opens_on,
        online_closes_on=due_on + timedelta(days=online.closes_after),
        grace_ends_on=grace_ends_on,
        last_day_to_act=policy.working_day_before(grace_ends_on) if regime == RegimeName.YEARLY else grace_ends_on,
        late_after=_late_after(opens_on, last_day, policy),
    )


def _late_after(opens_on: date, last_day: date, policy: Policy) -> date:
    """`last_day` rolled over closed days, and later by each day of a waiver or outage from `opens_on` on.

    The days that this adds count too, so it goes on until nothing is added any more.
    """
    first = late_after = rolled(last_day, policy)
    while True:
        waived = policy.waived_days(opens_on, late_after)
        extended = rolled(first + timedelta(days=waived), policy)
        if extended <= late_after:
            return late_after
        late_after = extended


def rolled(day: date, policy: Policy) -> date:
    """The day itself, or the next working day where lateness is judged so."""
    return policy.next_working_day(day) if policy.value("due.holiday_roll") == "lateness" else day
