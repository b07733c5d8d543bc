"""A trip abroad that a person thinks of: whether a report is due before it, and when the next one is after it."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from immigration.rules import stays
from immigration.rules.codes import BeforeLeaving, Direction, TripFault
from immigration.rules.due_dates import Obligation, obligation
from immigration.rules.facts import Facts, Movement
from immigration.rules.policies import Policy

FARTHEST = timedelta(days=730)
"""How far ahead a return may be; the calendars of closed days end not much later."""


@dataclass(frozen=True, slots=True)
class Trip:
    """Leaving on one day and returning on another; `leave_on` is None for who is abroad already.

    With a re-entry permit the permission to stay goes on after the return, until it ends anyway.
    """

    leave_on: date | None
    return_on: date
    reentry_permit: bool


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a trip would change. `due_on` and `permitted_until` are those before leaving."""

    before_leaving: BeforeLeaving
    due_on: date | None
    permitted_until: date | None
    permission_goes_on: bool
    after_return: Obligation


def faults(trip: Trip, facts: Facts, today: date) -> dict[str, TripFault]:
    """Why a trip cannot be, by the name of the value that is wrong; empty where it can."""
    here = stays.current(facts.movements, today) is not None
    begins = trip.leave_on or today
    found: dict[str, TripFault] = {}
    if here and trip.leave_on is None:
        found["leave_on"] = TripFault.NO_DEPARTURE
    elif not here and trip.leave_on is not None:
        found["leave_on"] = TripFault.ABROAD_ALREADY
    elif begins < today:
        found["leave_on"] = TripFault.IN_THE_PAST
    if trip.return_on < today:
        found["return_on"] = TripFault.IN_THE_PAST
    elif trip.return_on < begins:
        found["return_on"] = TripFault.RETURNS_BEFORE_LEAVING
    elif trip.return_on > today + FARTHEST:
        found["return_on"] = TripFault.TOO_FAR_AHEAD
    return found


def simulate(trip: Trip, facts: Facts, held: frozenset[str], today: date, policy: Policy) -> Simulation:
    """What the records with this trip added would make a person owe; `held` are the periods that a report keeps.

    The class of the visa is taken to be the same after the return, and nothing else to happen in between.
    """
    known = tuple(movement for movement in facts.movements if movement.on <= today)
    now = obligation(replace(facts, movements=known), trip.leave_on or today, policy, explain=False)
    class_, until = _last_permission(known, now, facts, today, policy)
    goes_on = trip.reentry_permit and (until is None or until >= trip.return_on)
    arrival = Movement("trip", Direction.ARRIVAL, trip.return_on, class_, until if goes_on else None)
    leaving = () if trip.leave_on is None else (Movement("trip", Direction.DEPARTURE, trip.leave_on),)
    later = replace(facts, movements=(*known, *leaving, arrival))
    return Simulation(
        before_leaving(trip.leave_on, now, held),
        now.window.due_on if now.window else None,
        now.permitted_until,
        goes_on,
        obligation(later, trip.return_on, policy),
    )


def before_leaving(leave_on: date | None, owed: Obligation, held: frozenset[str]) -> BeforeLeaving:
    """What is to be done before a departure on `leave_on`, by the obligation as it is on that day.

    Whether a report is needed on the due date itself, or after it, is disputed: the reading that cannot harm is taken.
    """
    if leave_on is not None and owed.permitted_until is not None and owed.permitted_until < leave_on:
        return BeforeLeaving.STAY_ENDS_FIRST
    if leave_on is None or owed.window is None or not owed.expected or owed.basis in held:
        return BeforeLeaving.NOTHING_DUE
    return BeforeLeaving.REPORT_FIRST if owed.window.due_on <= leave_on else BeforeLeaving.NOTHING_DUE


def _last_permission(
    known: tuple[Movement, ...], now: Obligation, facts: Facts, today: date, policy: Policy
) -> tuple[str | None, date | None]:
    """Class and last day of the permission that a person has, or had when they left."""
    if now.entered_on is not None:
        return now.visa_class, now.permitted_until
    begun = stays.stays(known, today)
    left_on = begun[-1].left_on if begun else None
    if left_on is None:
        return None, None
    while_here = tuple(m for m in known if m.on < left_on or (m.on == left_on and m.direction == Direction.ARRIVAL))
    before = obligation(replace(facts, movements=while_here), left_on, policy, explain=False)
    return before.visa_class, before.permitted_until
