"""Which decisions go against the records, and which acceptances are drawn."""

import hashlib
from datetime import date

import pytest

from immigration.registries.law import law
from immigration.rules.codes import Outcome
from immigration.rules.fairness import is_drawn
from immigration.rules.overrides import overrides
from immigration.rules.reports import DecisionRequest

DAY, EARNED = date(2026, 11, 23), date(2027, 2, 27)
POLICY = law().on(DAY)


def found(outcome, *findings, reasons=(), next_due_on=None, earned=EARNED):
    checks = dict(enumerate(findings)) and {f"check-{n}": each for n, each in enumerate(findings)}
    decision = DecisionRequest(outcome=Outcome(outcome), reasons=reasons, next_due_on=next_due_on)
    return overrides(decision, checks | {"passed": None}, earned=earned, policy=POLICY)


@pytest.mark.parametrize(
    ("finding", "is_one"),
    [
        ("entry-not-found", True),
        ("entry-mismatch", True),
        ("identity-mismatch", True),
        ("passport-invalid", True),
        ("stay-expired", True),
        ("duplicate", True),
        ("first-report", False),
        ("new-passport", False),
        ("too-late", False),
        ("other-regime", False),
        ("source-unavailable", False),
        ("address-mismatch", False),
    ],
)
def test_accepting_is_an_override_where_the_records_speak_against_it(finding, is_one):
    assert found("accepted", "first-report", finding) == (["against-finding"] if is_one else [])


def test_a_finding_that_no_law_knows_any_more_speaks_against_nothing():
    assert found("accepted", "of-an-earlier-release") == []


@pytest.mark.parametrize("outcome", ["rejected", "needs-visit"])
def test_refusing_is_an_override_where_no_reason_was_found(outcome):
    assert found(outcome, "too-late", reasons=["other"]) == ["without-finding"]
    assert found(outcome, "too-late", reasons=["other", "too-late"]) == []
    assert found(outcome, reasons=["other"]) == ["without-finding"]


def test_returning_is_none():
    assert found("returned", "too-late", reasons=["other"]) == []


def test_a_date_set_by_hand_is_one_unless_the_officer_has_to_state_it():
    assert found("accepted", next_due_on=date(2027, 2, 26)) == ["own-date"]
    assert found("accepted", next_due_on=EARNED) == []
    assert found("accepted", next_due_on=date(2027, 2, 26), earned=None) == []
    assert found("accepted", "stay-expired", next_due_on=date(2027, 2, 1)) == ["against-finding", "own-date"]


def test_a_sample_has_its_share_and_a_higher_rate_draws_what_a_lower_one_draws():
    marks = [hashlib.sha256(str(n).encode()).digest() for n in range(20_000)]
    drawn = {rate: {mark for mark in marks if is_drawn(mark, rate)} for rate in (0, 20, 200, 1000)}
    assert (len(drawn[0]), len(drawn[1000])) == (0, 20_000)
    assert 300 < len(drawn[20]) < 500
    assert 3700 < len(drawn[200]) < 4300
    assert drawn[20] < drawn[200]
