"""Dates on which sources disagree: changes of regime, extensions by permission, the readings, waivers to their end."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from immigration.registries.law import law
from immigration.rules.birth_dates import BirthDate
from immigration.rules.codes import ObligationState
from immigration.rules.due_dates import Obligation, obligation
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report
from immigration.rules.policies import Policy, Waiver
from immigration.rules.readings import can_file_from, to_file_under
from immigration.rules.reports import Held

TODAY = date(2026, 11, 23)
POLICY = replace(law().on(TODAY), waivers=())
PASSPORT = Passport(1, "valid", date(2036, 1, 1), BirthDate(1990, 1, 1), False, True)


def d(days: int) -> date:
    return TODAY + timedelta(days=days)


def arrival(on: date, visa_class: str = "NON-O", until: date | None = None) -> Movement:
    return Movement(f"A{on}", "arrival", on, visa_class, until)


def departure(on: date) -> Movement:
    return Movement(f"D{on}", "departure", on)


def extension(on: date, until: date, visa_class: str | None = None) -> Permission:
    return Permission(f"E{on}", "extension", on, until, visa_class)


def change(on: date, visa_class: str | None, until: date | None = None) -> Permission:
    return Permission(f"C{on}", "change", on, until or on + timedelta(days=700), visa_class)


def stated(on: date, due: date, number: str = "R-1") -> Report:
    return Report(number, on, "counter", due, 1, "BKK")


def facts(*records: Movement | Permission | Report) -> Facts:
    return Facts(
        (PASSPORT,),
        tuple(r for r in records if isinstance(r, Movement)),
        tuple(r for r in records if isinstance(r, Permission)),
        tuple(r for r in records if isinstance(r, Report)),
    )


def owed(*records: Movement | Permission | Report, today: date = TODAY, policy: Policy = POLICY) -> Obligation:
    return obligation(facts(*records), today, policy)


def due_on(*records: Movement | Permission | Report, today: date = TODAY) -> date | None:
    window = owed(*records, today=today).window
    return window.due_on if window else None


BORN_LEAPING = date(2028, 2, 29)


@pytest.mark.parametrize(("records", "due"), [
    ([arrival(date(2025, 5, 1), "NON-B"), change(date(2026, 6, 1), "LTR")], date(2027, 6, 1)),
    ([arrival(date(2026, 1, 5), "DIPLOMATIC"), change(date(2026, 11, 10), "NON-O")], date(2027, 2, 8)),
    ([arrival(date(2026, 1, 5), "CABINET"), change(date(2026, 11, 10), "SMART")], date(2027, 11, 10)),
    ([arrival(d(-60), "NON-B"), change(d(-10), "NON-O")], d(29)),
    ([arrival(d(-60), "NON-B"), change(d(-10), "O-A")], d(29)),
    ([arrival(d(-60), "NON-B"), change(d(-10), "PR")], None),
    ([arrival(d(-60), "LTR"), change(d(-40), "NON-B"), change(d(-20), "LTR-P")], d(345)),
])  # fmt: skip
def test_a_change_to_another_regime_begins_a_new_count(records, due):
    assert due_on(*records) == due


def test_the_yearly_receipt_means_nothing_after_a_change_to_ninety_days():
    stay = arrival(d(-500), "LTR")
    yearly = stated(d(-100), d(265))
    assert due_on(stay, yearly, change(d(-20), "NON-B")) == d(70)
    assert due_on(stay, replace(yearly, on=d(-20)), change(d(-20), "NON-B")) == d(70)  # of that very day
    assert due_on(stay, replace(yearly, on=d(-19)), change(d(-20), "NON-B")) == d(265)


def test_a_change_of_regime_on_a_leap_day_is_due_on_the_last_day_of_february():
    window = owed(arrival(date(2027, 12, 1), "NON-B"), change(BORN_LEAPING, "LTR"), today=date(2028, 3, 1)).window
    assert window
    assert window.due_on == date(2029, 2, 28)


LONG_AGO = (arrival(d(-900), until=d(-820)), extension(d(-820), d(-470)), extension(d(-470), d(100)), departure(d(-80)))


@pytest.mark.parametrize(("back", "due"), [
    (arrival(d(-75), until=d(100)), d(14)),
    (arrival(d(-75), "non o", d(100)), d(14)),
    (arrival(d(-75), "NON-B", d(100)), d(70)),
    (arrival(d(-75), until=d(99)), d(70)),
])  # fmt: skip
def test_an_extension_after_coming_back_on_its_permission_is_not_the_first(back, due):
    assert due_on(*LONG_AGO, back, extension(d(-20), d(465))) == due


def test_the_first_extension_after_a_change_within_a_regime_counts():
    stay = (arrival(d(-80), "NON-B"), extension(d(-60), d(300)))
    assert due_on(*stay, extension(d(-10), d(400))) == d(30)
    assert due_on(*stay, change(d(-30), "NON-O"), extension(d(-10), d(400))) == d(80)


@pytest.mark.parametrize(("stated_due", "due"), [(d(85), d(85)), (d(79), d(80)), (d(80), d(80))])
def test_an_extension_moves_no_date_to_before_the_one_on_a_receipt(stated_due, due):
    assert due_on(arrival(d(-80)), stated(d(-20), stated_due), extension(d(-10), d(400))) == due


def test_of_one_day_the_receipt_wins_over_the_extension_and_the_higher_number_over_the_lower():
    day = (arrival(d(-80)), extension(d(-10), d(400)))
    assert due_on(*day, stated(d(-10), d(60))) == d(60)
    assert due_on(*day, stated(d(-10), d(60), "R-10"), stated(d(-10), d(70), "R-9")) == d(60)


def test_a_report_on_the_day_of_the_arrival_does_not_count():
    assert due_on(arrival(d(-60)), stated(d(-60), d(5))) == d(29)


@pytest.mark.parametrize(("outage", "last_day", "on"), [
    ((date(2026, 11, 20), date(2026, 12, 31)), date(2027, 1, 11), date(2026, 12, 12)),
    ((date(2026, 12, 1), date(2026, 12, 1)), date(2026, 11, 30), date(2026, 11, 30)),
    ((date(2026, 11, 30), date(2026, 12, 1)), date(2026, 12, 2), date(2026, 12, 2)),
    ((date(2026, 11, 6), date(2026, 11, 6)), date(2026, 12, 1), date(2026, 12, 1)),
    ((date(2026, 10, 1), date(2026, 11, 5)), date(2026, 11, 30), date(2026, 11, 30)),
])  # fmt: skip
def test_an_outage_counts_to_its_end(outage, last_day, on):
    policy = replace(POLICY, waivers=(Waiver("outage", "down", *outage, "a notice"),))
    result = owed(arrival(date(2026, 8, 24)), today=on, policy=policy)
    assert result.window
    assert result.window.late_after == last_day
    assert result.state(on) == ObligationState.IN_GRACE
    assert result.state(last_day + timedelta(days=1)) == ObligationState.LATE


def test_two_outages_that_overlap_count_each_day_once():
    waivers = tuple(
        Waiver("outage", "down", date(2026, 11, first), date(2026, 11, 13), "a notice") for first in (9, 12)
    )
    window = owed(arrival(date(2026, 8, 24)), policy=replace(POLICY, waivers=waivers)).window
    assert window
    assert window.late_after == date(2026, 12, 8)  # five days from 30 November, then over a weekend and a holiday


def test_advice_ends_before_judgement_does():
    window = owed(arrival(date(2026, 9, 13))).window
    assert window
    assert (window.due_on, window.last_day_to_act) == (date(2026, 12, 11), date(2026, 12, 18))
    assert window.late_after > window.last_day_to_act


def test_a_filing_is_taken_while_the_window_of_another_reading_is_open():
    records = facts(arrival(d(-80)), extension(d(-10), d(400)))
    strict = obligation(records, TODAY, POLICY)
    assert strict.window
    assert strict.window.due_on == d(80)
    answered, obstacles = to_file_under(records, (), TODAY, POLICY)
    assert (answered.basis, obstacles) == (f"arrival:A{d(-80)}", [])
    assert can_file_from(strict, records, (), TODAY, POLICY) == d(-6)


def test_too_early_names_the_first_day_on_which_some_reading_lets_one_file():
    records = facts(arrival(d(-60)), extension(d(-10), d(400)))
    answered, (obstacle,) = to_file_under(records, (), TODAY, POLICY)
    assert (obstacle.reason, obstacle.opens_on) == ("too-early", d(14))
    assert answered.basis == f"extension:E{d(-10)}"
    assert can_file_from(answered, records, (), TODAY, POLICY) == d(14)


def test_a_period_that_a_report_holds_already_is_no_reason_to_file_again():
    records = facts(arrival(d(-80)), extension(d(-10), d(400)))
    held = (Held("R1", "under-review", f"arrival:A{d(-80)}"),)
    _, obstacles = to_file_under(records, held, TODAY, POLICY)
    assert [obstacle.reason for obstacle in obstacles] == ["too-early"]
    assert can_file_from(obligation(records, TODAY, POLICY), records, held, TODAY, POLICY) == d(65)


def test_a_window_of_another_reading_that_is_over_opens_nothing():
    records = facts(arrival(d(-120)), extension(d(-10), d(400)))
    _, (obstacle,) = to_file_under(records, (), TODAY, POLICY)
    assert obstacle.opens_on == d(65)
