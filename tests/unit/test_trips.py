"""A trip that a person thinks of: what is due before it, and the date after it."""

from datetime import date, timedelta

import pytest

from immigration.registries.law import law
from immigration.rules.birth_dates import BirthDate
from immigration.rules.codes import BeforeLeaving, TripFault
from immigration.rules.facts import Facts, Movement, Passport, Permission
from immigration.rules.trips import FARTHEST, Trip, faults, simulate

TODAY = date(2026, 3, 10)
ARRIVED = date(2026, 1, 15)  # due on 14 April
UNTIL = date(2026, 12, 31)
PASSPORT = Passport(1, "valid", date(2036, 1, 1), BirthDate(1990, 1, 1), False, True)


def person(*movements: Movement, permissions: tuple[Permission, ...] = (), visa_class: str = "NON-O") -> Facts:
    arrival = Movement("A", "arrival", ARRIVED, visa_class, UNTIL)
    return Facts((PASSPORT,), (arrival, *movements), permissions)


def after(facts: Facts, leave: date | None, back: date, *, permit: bool = True, held: frozenset[str] = frozenset()):
    return simulate(Trip(leave, back, permit), facts, held, TODAY, law().on(TODAY))


def test_the_count_starts_again_on_the_day_of_return():
    found = after(person(), date(2026, 3, 20), date(2026, 3, 25))
    assert (found.before_leaving, found.due_on) == (BeforeLeaving.NOTHING_DUE, date(2026, 4, 14))
    assert found.after_return.window.due_on == date(2026, 3, 25) + timedelta(days=89)
    assert found.after_return.basis == "arrival:trip"


def test_out_and_back_on_one_day_starts_the_count_again():
    found = after(person(), TODAY, TODAY)
    assert found.after_return.window.due_on == TODAY + timedelta(days=89)


@pytest.mark.parametrize(
    ("leave", "first"),
    [("2026-04-13", "nothing-due"), ("2026-04-14", "report-first"), ("2026-04-20", "report-first"),
     ("2026-12-31", "report-first"), ("2027-01-01", "stay-ends-first")],
)  # fmt: skip
def test_a_report_that_is_due_by_the_departure_comes_first(leave, first):
    left = date.fromisoformat(leave)
    assert after(person(), left, left + timedelta(days=5)).before_leaving == first


def test_a_period_that_a_report_holds_needs_no_other_one():
    held = frozenset({"arrival:A"})
    assert after(person(), date(2026, 4, 20), date(2026, 4, 25), held=held).before_leaving == BeforeLeaving.NOTHING_DUE


@pytest.mark.parametrize(
    ("back", "permit", "goes_on"),
    [("2026-12-31", True, True), ("2027-01-01", True, False), ("2026-04-01", False, False)],
)
def test_the_permission_goes_on_with_a_permit_until_it_ends_anyway(back, permit, goes_on):
    found = after(person(), TODAY, date.fromisoformat(back), permit=permit)
    assert found.permission_goes_on is goes_on
    assert found.after_return.permitted_until == (UNTIL if goes_on else None)


def test_coming_back_on_an_extended_permission_has_its_first_extension_behind():
    extended = Permission("E", "extension", date(2026, 2, 1), date(2027, 2, 1), "NON-O")
    found = after(person(permissions=(extended,)), TODAY, date(2026, 4, 1))
    assert found.after_return.permitted_until == date(2027, 2, 1)
    assert "came-back-on-permission" in {step.code for step in found.after_return.explanation}


def test_who_is_abroad_gives_the_day_of_return_only():
    away = person(Movement("D", "departure", date(2026, 3, 1)))
    assert faults(Trip(None, date(2026, 4, 1), True), away, TODAY) == {}
    found = after(away, None, date(2026, 4, 1))
    assert (found.before_leaving, found.after_return.visa_class) == (BeforeLeaving.NOTHING_DUE, "NON-O")
    assert found.after_return.permitted_until == UNTIL
    assert found.after_return.window.due_on == date(2026, 4, 1) + timedelta(days=89)


@pytest.mark.parametrize(("visa_class", "due"), [("LTR", "2027-03-25"), ("DIPLOMATIC", None), ("ODD", None)])
def test_other_regimes_keep_their_own_count(visa_class, due):
    window = after(person(visa_class=visa_class), TODAY, date(2026, 3, 25)).after_return.window
    assert (window and window.due_on.isoformat()) == due


def test_a_movement_of_the_future_that_is_on_record_is_left_out():
    announced = person(Movement("D", "departure", date(2026, 3, 12)))
    assert after(announced, date(2026, 3, 20), date(2026, 3, 25)).after_return.entered_on == date(2026, 3, 25)


@pytest.mark.parametrize(
    ("leave", "back", "wrong"),
    [
        (None, TODAY, {"leave_on": TripFault.NO_DEPARTURE}),
        (TODAY - timedelta(days=1), TODAY, {"leave_on": TripFault.IN_THE_PAST}),
        (TODAY, TODAY - timedelta(days=1), {"return_on": TripFault.IN_THE_PAST}),
        (TODAY + timedelta(days=2), TODAY + timedelta(days=1), {"return_on": TripFault.RETURNS_BEFORE_LEAVING}),
        (TODAY, TODAY + FARTHEST + timedelta(days=1), {"return_on": TripFault.TOO_FAR_AHEAD}),
        (TODAY, date.max, {"return_on": TripFault.TOO_FAR_AHEAD}),
        (date.min, date.min, {"leave_on": TripFault.IN_THE_PAST, "return_on": TripFault.IN_THE_PAST}),
        (TODAY, TODAY + FARTHEST, {}),
    ],
)
def test_a_trip_that_cannot_be_is_refused(leave, back, wrong):
    assert faults(Trip(leave, back, True), person(), TODAY) == wrong


def test_nobody_abroad_leaves():
    away = person(Movement("D", "departure", date(2026, 3, 1)))
    assert faults(Trip(TODAY, TODAY, True), away, TODAY) == {"leave_on": TripFault.ABROAD_ALREADY}


def test_who_never_came_has_a_date_by_an_unclear_rule():
    found = after(Facts((PASSPORT,)), None, date(2026, 4, 1))
    assert (found.after_return.regime, found.after_return.window) == ("unclear", None)
