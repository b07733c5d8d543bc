"""What a switch of the policy does to a filing; every other case stands on the defaults."""

from dataclasses import replace
from datetime import date

import pytest

from immigration.registries.law import law
from immigration.rules import findings, reports
from immigration.rules.birth_dates import BirthDate
from immigration.rules.due_dates import obligation
from immigration.rules.facts import Facts, Movement, Passport, Residence
from immigration.rules.findings import Filing
from immigration.rules.policies import Effect, Policy, Rule

TODAY = date(2026, 11, 23)
POLICY = law().on(TODAY)
PASSPORT = Passport(1, "valid", date(2036, 1, 1), BirthDate(1990, 1, 1), False, True)


def switched(key: str, value: object) -> Policy:
    return replace(POLICY, rules={**POLICY.rules, key: Rule(key, value, "CON", "a test")})


def effect(reason: str, what: str) -> Policy:
    return replace(POLICY, effects={**POLICY.effects, reason: Effect(what, None)})


def facts(entered: str = "2026-09-01", visa_class: str = "NON-O", until: str = "2027-08-01") -> Facts:
    arrival = Movement("M", "arrival", date.fromisoformat(entered), visa_class, date.fromisoformat(until))
    elsewhere = Residence("830101", "9 Beach Road", date(2026, 1, 1), None)
    return Facts((PASSPORT,), (arrival,), residences=(elsewhere,))


def outcome(policy: Policy, known: Facts, assurance: str = "counter") -> str | list[str]:
    """What refuses a filing, or the reasons it is held for; an empty list means accepted."""
    owed = obligation(known, TODAY, policy)
    if obstacles := reports.obstacles_to_filing(owed, (), TODAY, policy):
        return obstacles[0].reason
    filing = Filing(TODAY, assurance, "103901", "1", "BKK")
    return findings.holding(findings.examine(known, owed, filing, policy), filing, known, policy)


def test_by_default_another_address_of_the_host_holds_nothing() -> None:
    assert outcome(POLICY, facts()) == []


@pytest.mark.parametrize(("value", "held"), [("hard", ["address-mismatch"]), ("soft", []), ("none", [])])
def test_whether_the_host_must_have_notified_is_a_switch(value: str, held: list[str]) -> None:
    assert outcome(switched("tm30.match_required", value), facts()) == held


@pytest.mark.parametrize(
    ("value", "assurance", "held"),
    [
        ("yes", "mail", []),
        ("counter-activation", "mail", ["first-report"]),
        ("counter-activation", "counter", []),
        ("no", "counter", ["first-report"]),
    ],
)
def test_whether_a_first_report_is_taken_online_is_a_switch(value: str, assurance: str, held: list[str]) -> None:
    assert outcome(switched("online.first_report_allowed", value), facts(), assurance) == held


def test_an_early_report_is_refused_or_held_as_the_policy_says() -> None:
    early = facts("2026-10-20")
    assert outcome(POLICY, early) == "too-early"
    assert outcome(effect("too-early", "review"), early) == ["too-early"]


def test_another_regime_is_refused_or_held_as_the_policy_says() -> None:
    yearly = facts("2025-12-01", "LTR")
    assert outcome(POLICY, yearly) == "other-regime"
    assert outcome(effect("other-regime", "review"), yearly) == ["other-regime"]


def test_a_stay_that_ends_before_the_due_date_may_be_refused() -> None:
    short = facts("2026-09-01", until="2026-11-29")
    assert outcome(POLICY, short) == []
    assert outcome(switched("leave_before_expiry_of_stay", "refuse"), short) == "other-regime"


def test_a_rule_is_found_as_it_stood_on_a_day() -> None:
    assert law().on(date(2016, 1, 1)).windows["online"].closes_after == -7
    assert law().on(date(2022, 1, 1)).windows["online"].closes_after == 0
    assert law().on(date(2011, 1, 1)).windows["in-person"].opens_before == 7
    assert law().on(TODAY).version != law().on(date(2016, 1, 1)).version
