"""The states of a report, and what keeps a person from filing or an officer from deciding."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from immigration.registries.law import law
from immigration.rules import reports
from immigration.rules.codes import Outcome
from immigration.rules.due_dates import Obligation
from immigration.rules.policies import Effect, Policy, Rule
from immigration.rules.reports import HOLDING_STATES, OUTCOMES, STATES, TRANSITIONS, Held, Obstacle, may
from immigration.rules.windows import Window

TODAY = date(2026, 11, 24)
POLICY = law().on(TODAY)
OPENS = date(2026, 11, 14)
WINDOW = Window(date(2026, 11, 29), OPENS, date(2026, 11, 29), date(2026, 12, 5), date(2026, 12, 5), date(2026, 12, 7))
OWED = Obligation("90-day", "NON-O", date(2026, 9, 1), date(2027, 8, 1), "arrival:M", WINDOW, True, ())
HELD = Held("R1", "under-review", "arrival:M")
NOTHING = Obligation(None, None, None, None, None, None, False, ())
DUE = WINDOW.due_on


def obstacles(*held: Held, today: date = TODAY, policy: Policy = POLICY, **different: Any) -> list[Obstacle]:
    return reports.obstacles_to_filing(replace(OWED, **different), held, today, policy)


def effect(reason: str, what: str) -> Policy:
    return replace(POLICY, effects={**POLICY.effects, reason: Effect(what, None)})


def test_what_may_happen_is_what_the_table_says():
    acts = {act for _, _, act, _ in TRANSITIONS}
    possible = {(act, state) for act in acts for state in ("", *STATES) if may(act, state)}
    assert possible == {(act, start) for start, _, act, _ in TRANSITIONS}
    assert not may("decide", "accepted")
    assert not may("withdraw", "accepted")
    assert may("withdraw", "returned")


def test_every_state_is_reached_and_holds_or_not():
    assert {to for _, to, _, _ in TRANSITIONS} == set(STATES)
    assert set(STATES) > HOLDING_STATES
    assert set(OUTCOMES) == {to for _, to, act, _ in TRANSITIONS if act == "decide"}


@pytest.mark.parametrize("regime", ["90-day", None])
def test_in_an_open_window_nothing_stands_in_the_way(regime):
    assert obstacles(regime=regime) == []
    assert obstacles(window=None, expected=False) == []


def test_another_regime_is_told_where_to_go():
    assert obstacles(regime="yearly", visa_class="LTR") == [Obstacle("other-regime", POLICY.regime("LTR").where)]
    assert obstacles(regime="yearly", policy=effect("other-regime", "review")) == []


def test_before_the_window_one_is_told_from_when():
    day = OPENS - timedelta(1)
    (obstacle,) = obstacles(today=day)
    assert obstacle == Obstacle("too-early", "the report can be filed from 2026-11-14", None, OPENS)
    assert obstacles(today=OPENS) == []
    assert obstacles(today=day, policy=effect("too-early", "review")) == []


def test_a_report_that_holds_the_period_is_named():
    detail = "report R1 is under-review"
    assert obstacles(HELD) == [Obstacle("already-reported", detail, "R1", OPENS)]
    assert obstacles(HELD, window=None) == [Obstacle("already-reported", detail, "R1", None)]
    assert obstacles(replace(HELD, period="arrival:L")) == []


def test_one_report_a_period_is_no_matter_of_policy_and_comes_after_the_regime():
    refusals = obstacles(HELD, regime="yearly", policy=effect("already-reported", "review"))
    assert [obstacle.reason for obstacle in refusals] == ["other-regime", "already-reported"]
    refusals = obstacles(HELD, regime="yearly", policy=effect("other-regime", "review"))
    assert [obstacle.reason for obstacle in refusals] == ["already-reported"]


@pytest.mark.parametrize(
    ("status", "basis", "today", "holds"),
    [
        ("accepted", "report:R1", OPENS - timedelta(1), True),
        ("accepted", "report:R1", OPENS, False),
        ("returned", "report:R1", OPENS - timedelta(1), False),
        ("accepted", "report:R2", OPENS - timedelta(1), False),
    ],
)
def test_an_accepted_report_holds_until_the_next_window_opens(status, basis, today, holds):
    refusals = obstacles(Held("R0", "returned", "x"), Held("R1", status, "arrival:L"), today=today, basis=basis)
    assert [obstacle.reason for obstacle in refusals if obstacle.number] == (["already-reported"] if holds else [])


def test_an_accepted_report_without_a_window_holds_its_own_period_only():
    assert obstacles(Held("R1", "accepted", "arrival:L"), basis="report:R1", window=None) == []


def test_a_stay_that_ends_before_the_due_date_may_be_refused():
    rules = {**POLICY.rules, "leave_before_expiry_of_stay": Rule("x", "refuse", "CON", "a test")}
    refusing = replace(POLICY, rules=rules)
    expected = [Obstacle("other-regime", "the permitted stay ends before the report is due")]
    assert obstacles(expected=False, policy=refusing) == expected
    assert obstacles(expected=False) == []
    assert obstacles(policy=refusing) == []
    assert obstacles(expected=False, window=None, policy=refusing) == []


def test_a_period_is_named_by_what_it_stands_on():
    assert reports.period_of(OWED, (), TODAY, POLICY) == "arrival:M"
    assert reports.period_of(NOTHING, (), TODAY, POLICY) == "no-entry"


@pytest.mark.parametrize(
    ("held", "day", "period"),
    [
        (("accepted", "no-entry", DUE), date(2026, 11, 13), "no-entry"),
        (("accepted", "no-entry", DUE), date(2026, 11, 14), "no-entry:R1"),
        (("accepted", "no-entry:R0", DUE), date(2026, 11, 13), "no-entry:R0"),
        (("under-review", "no-entry", None), date(2026, 11, 14), "no-entry"),
        (("accepted", "arrival:L", DUE), date(2026, 11, 14), "no-entry"),
    ],
)
def test_without_an_entry_a_next_period_begins_when_the_window_of_the_date_earned_opens(held, day, period):
    assert reports.period_of(NOTHING, [Held("R1", *held)], day, POLICY) == period


def test_without_an_entry_one_is_told_from_when_the_next_report_is_taken():
    accepted = Held("R1", "accepted", "no-entry", DUE)
    refusals = reports.obstacles_to_filing(NOTHING, [accepted], date(2026, 11, 13), POLICY)
    assert refusals == [Obstacle("already-reported", "report R1 is accepted", "R1", OPENS)]
    assert reports.obstacles_to_filing(NOTHING, [accepted], OPENS, POLICY) == []
    waiting = Held("R2", "under-review", "no-entry:R1")
    (obstacle,) = reports.obstacles_to_filing(NOTHING, [waiting, accepted], OPENS, POLICY)
    assert (obstacle.number, obstacle.opens_on) == ("R2", None)


FILED = date(2026, 11, 20)


def deciding(
    status: str = "under-review",
    outcome: str = "accepted",
    reasons: tuple[str, ...] = (),
    note: str = "",
    due: Any = None,
) -> list[str]:
    decision = reports.DecisionRequest(outcome=Outcome(outcome), reasons=reasons, note=note, next_due_on=due)
    return reports.obstacles_to_deciding(status, FILED, decision)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_decision_with_a_reason_goes_ahead(outcome):
    assert deciding(outcome=outcome, reasons=("other",)) == []


def test_acceptance_alone_needs_no_reason():
    assert deciding() == []
    for outcome in set(OUTCOMES) - {"accepted"}:
        assert deciding(outcome=outcome) == ["an outcome other than accepted needs at least one reason"]


def test_only_what_is_under_review_is_decided():
    assert deciding("returned") == ["the report is returned, not under review"]


@pytest.mark.parametrize(("days", "fits"), [(0, False), (1, True), (366, True), (367, False)])
def test_a_due_date_set_by_hand_lies_within_a_year_and_has_a_note(days, fits):
    due = FILED + timedelta(days)
    wrong = [] if fits else ["a next due date lies 1 to 366 days after the report was filed"]
    assert deciding(note="why", due=due) == wrong
    assert deciding(note=" ", due=due) == ["a next due date set by hand needs a note", *wrong]


def test_a_due_date_belongs_to_an_accepted_report():
    due = FILED + timedelta(90)
    assert deciding(outcome="rejected", reasons=("other",), note="why", due=due) == [
        "a next due date belongs to an accepted report only"
    ]
