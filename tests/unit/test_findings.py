"""Each check of a filing at its edges, and which of them hold a report."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from immigration.registries.law import law
from immigration.rules import findings
from immigration.rules.birth_dates import BirthDate
from immigration.rules.due_dates import Obligation
from immigration.rules.facts import Facts, Movement, Passport, Report, Residence
from immigration.rules.findings import CHECKS, Filing, Finding
from immigration.rules.policies import Effect, Policy, Rule
from immigration.rules.windows import Window

TODAY = date(2026, 11, 24)
DAY_BEFORE, DAY_AFTER = date(2026, 11, 23), date(2026, 11, 25)
POLICY = law().on(TODAY)
PASSPORT = Passport(1, "valid", date(2036, 1, 1), BirthDate(1990, 1, 1), False, True)
ARRIVED = date(2026, 9, 1)
ARRIVAL = Movement("M", "arrival", ARRIVED, "NON-O", date(2027, 8, 1))
HOME = Residence("103901", "1 Sukhumvit 31", date(2026, 1, 1), None)
WINDOW = Window(
    date(2026, 11, 29), date(2026, 11, 14), date(2026, 11, 29), date(2026, 12, 5), date(2026, 12, 5), date(2026, 12, 7)
)
BEFORE = Report("EX-1", date(2026, 9, 2), "counter", None, 1, "BKK")
FILING = Filing(TODAY, "counter", "103901", "1", "BKK")


def facts(**different: Any) -> Facts:
    """Everything in order, but for what is given."""
    defaults = {"passports": (PASSPORT,), "movements": (ARRIVAL,), "reports": (BEFORE,), "residences": (HOME,)}
    return Facts(**(defaults | different))


def owed(**different: Any) -> Obligation:
    obligation = Obligation("90-day", "NON-O", ARRIVED, date(2027, 8, 1), "arrival:M", WINDOW, True, ())
    return replace(obligation, **different)


def found(known: Facts | None = None, due: Obligation | None = None, policy: Policy = POLICY, **filing: Any) -> Any:
    """What the checks find, by check; nothing where all is in order."""
    made = findings.examine(known or facts(), due or owed(), replace(FILING, **filing), policy)
    assert [finding.check for finding in made] == list(CHECKS)
    return {finding.check: finding.reason for finding in made if finding.reason}


def test_a_filing_in_order_passes_every_check():
    assert found() == {}


@pytest.mark.parametrize(("regime", "finding"), [(None, {}), ("yearly", {"regime": "other-regime"})])
def test_another_regime_is_found(regime, finding):
    assert found(due=owed(regime=regime)) == finding


def test_passports_of_two_births_are_found():
    other = replace(PASSPORT, id=2, birth_date=BirthDate(1990, 1, 2), current=False)
    assert found(facts(passports=(PASSPORT, other))) == {"identity": "identity-mismatch"}
    third = replace(other, id=3, birth_date=BirthDate(1990))
    assert found(facts(passports=(PASSPORT, third))) == {}
    assert found(facts(passports=(PASSPORT, third, other))) == {"identity": "identity-mismatch"}
    assert found(facts(passports=(PASSPORT, replace(PASSPORT, id=2, current=False)))) == {}


@pytest.mark.parametrize(
    ("status", "expires_on", "valid"),
    [("valid", TODAY, True), ("valid", DAY_BEFORE, False), ("lost", DAY_AFTER, False), ("lost", DAY_BEFORE, False)],
)
def test_a_passport_is_good_through_its_last_day(status, expires_on, valid):
    passport = replace(PASSPORT, status=status, expires_on=expires_on)
    assert found(facts(passports=(passport,))) == ({} if valid else {"passport": "passport-invalid"})


def test_a_person_without_an_arrival_is_found():
    assert found(facts(movements=()), owed(entered_on=None)) == {"entry": "entry-not-found"}


@pytest.mark.parametrize(
    ("until", "finding"),
    [(None, {}), (ARRIVED, {"permission-to-stay": "stay-expired"}),
     (date(2026, 8, 31), {"entry": "entry-mismatch", "permission-to-stay": "stay-expired"})],
)  # fmt: skip
def test_a_permission_that_ends_before_the_arrival_is_found(until, finding):
    assert found(due=owed(permitted_until=until)) == finding


@pytest.mark.parametrize(("until", "finding"), [(TODAY, {}), (DAY_BEFORE, {"permission-to-stay": "stay-expired"})])
def test_a_stay_is_permitted_through_its_last_day(until, finding):
    assert found(due=owed(permitted_until=until)) == finding


@pytest.mark.parametrize(
    ("reported", "reentered"),
    [("2026-08-31", True), ("2026-09-01", False), ("2026-09-02", False), ("2026-11-25", False)],
)
def test_a_reentry_after_the_last_report_is_found(reported, reentered):
    known = facts(reports=(replace(BEFORE, on=date.fromisoformat(reported)),))
    assert found(known) == ({"re-entry": "reentry-after-last"} if reentered else {})


def test_the_last_report_up_to_today_is_what_a_reentry_is_compared_with():
    old, today = replace(BEFORE, on=date(2026, 8, 1)), replace(BEFORE, on=TODAY)
    assert found(facts(reports=(old, today))) == {}
    assert found(facts(reports=(old, replace(BEFORE, on=DAY_AFTER)))) == {"re-entry": "reentry-after-last"}


@pytest.mark.parametrize(
    ("opens_on", "closes_on", "finding"),
    [
        (TODAY, TODAY, {}),
        (DAY_AFTER, DAY_AFTER, {"window": "too-early"}),
        (DAY_BEFORE, DAY_BEFORE, {"window": "too-late"}),
    ],
)
def test_a_window_includes_both_its_ends(opens_on, closes_on, finding):
    window = replace(WINDOW, opens_on=opens_on, online_closes_on=closes_on)
    assert found(due=owed(window=window)) == finding


def test_without_a_due_date_there_is_no_window_to_miss():
    assert found(due=owed(window=None)) == {}


def test_a_first_report_is_found():
    assert found(facts(reports=())) == {"first-report": "first-report"}


def test_the_first_report_on_a_passport_that_replaces_another_is_found():
    new = replace(PASSPORT, id=2, replaces_another=True)
    old = replace(PASSPORT, current=False)
    assert found(facts(passports=(old, new))) == {"new-passport": "new-passport"}
    assert found(facts(passports=(old, new), reports=(BEFORE, replace(BEFORE, passport_id=2)))) == {}
    assert found(facts(passports=(old, replace(new, replaces_another=False)))) == {}


@pytest.mark.parametrize(
    ("from_on", "until_on", "known"),
    [(TODAY, TODAY, True), (DAY_AFTER, None, False), (ARRIVED, DAY_BEFORE, False), (ARRIVED, None, True)],
)
def test_a_residence_counts_on_its_first_and_its_last_day(from_on, until_on, known):
    home = replace(HOME, from_on=from_on, until_on=until_on)
    assert found(facts(residences=(home,))) == ({} if known else {"residence": "no-residence-record"})


@pytest.mark.parametrize(
    ("address", "number", "subdistrict", "same"),
    [
        ("1 Sukhumvit 31", "1", "103901", True),
        ("1,Sukhumvit 31", " 1 ", "103901", True),
        ("12A SOI 3", "12a", "103901", True),
        ("12a Soi 3", "12A", "103901", True),
        ("11 Sukhumvit 31", "1", "103901", False),
        ("1 Sukhumvit 31", "1", "103902", False),
        ("Sukhumvit 31", "", "103901", True),
        ("Sukhumvit 31", "", "103902", False),
    ],
)
def test_an_address_is_the_same_by_subdistrict_and_a_whole_word_for_the_house(address, number, subdistrict, same):
    home = replace(HOME, address=address)
    finding = found(facts(residences=(home,)), house_number=number, subdistrict_code=subdistrict)
    assert finding == ({} if same else {"residence": "address-mismatch"})


def test_one_matching_residence_of_several_is_enough():
    assert found(facts(residences=(replace(HOME, subdistrict_code="830101"), HOME))) == {}


@pytest.mark.parametrize("value", ["hard", "soft"])
def test_a_residence_is_looked_for_unless_the_policy_says_none(value):
    def switched(to: str) -> Policy:
        return replace(POLICY, rules={**POLICY.rules, "tm30.match_required": Rule("x", to, "CON", "a test")})

    assert found(facts(residences=()), policy=switched(value)) == {"residence": "no-residence-record"}
    assert found(facts(residences=()), policy=switched("none")) == {}


def test_another_office_than_that_of_the_last_report_is_found():
    later = replace(BEFORE, on=date(2026, 10, 1), office="PKT")
    assert found(facts(reports=(later, BEFORE))) == {"office": "wrong-office"}
    assert found(facts(reports=(later, BEFORE)), office="PKT") == {}
    assert found(facts(reports=(BEFORE, replace(later, office="")))) == {}


IN_WINDOW = Report("EX-2", TODAY, "counter", WINDOW.due_on, 1, "BKK")


@pytest.mark.parametrize(
    ("different", "duplicate"),
    [
        ({}, True),
        ({"on": WINDOW.opens_on}, True),
        ({"on": date(2026, 11, 13)}, False),
        ({"on": DAY_AFTER}, False),
        ({"ours": True}, False),
        ({"next_due_on": None}, False),
        ({"next_due_on": date(2026, 11, 30)}, False),
        ({"next_due_on": date(2026, 11, 28)}, True),
    ],
)
def test_a_report_at_an_office_in_this_very_window_that_moved_nothing_is_found(different, duplicate):
    known = facts(reports=(BEFORE, replace(IN_WINDOW, **different)))
    assert found(known) == ({"duplicate": "duplicate"} if duplicate else {})


def test_a_report_of_the_stay_before_is_no_duplicate():
    arrived_today = replace(ARRIVAL, on=TODAY)
    known = facts(movements=(arrived_today,), reports=(replace(IN_WINDOW, on=DAY_BEFORE),))
    assert "duplicate" not in found(known)
    assert "duplicate" in found(facts(movements=(arrived_today,), reports=(IN_WINDOW,)))


def test_without_a_stay_or_a_window_nothing_is_a_duplicate():
    known = facts(reports=(BEFORE, IN_WINDOW))
    assert found(known, owed(window=None)) == {}
    assert found(replace(known, movements=())) == {}


# What holds a report


def held(*reasons: str | None, policy: Policy = POLICY, assurance: str = "counter") -> list[str]:
    made = [Finding("check", reason) for reason in reasons]
    return findings.holding(made, replace(FILING, assurance=assurance), facts(), policy)


def test_each_reason_holds_once_and_in_order():
    assert held("too-late", None, "duplicate", "wrong-office", "too-late") == ["too-late", "duplicate"]


@pytest.mark.parametrize("reason", ["no-residence-record", "address-mismatch"])
def test_what_the_host_notified_holds_only_under_the_hard_switch(reason):
    for value, expected in (("hard", [reason]), ("soft", []), ("none", [])):
        rules = {**POLICY.rules, "tm30.match_required": Rule("x", value, "CON", "a test")}
        assert held(reason, policy=replace(POLICY, rules=rules)) == expected


@pytest.mark.parametrize(("value", "expected"), [("yes", ["reentry-after-last"]), ("no", [])])
def test_a_reentry_holds_where_it_resets_the_way_online(value, expected):
    rules = {**POLICY.rules, "online.reset_on_reentry": Rule("x", value, "CON", "a test")}
    assert held("reentry-after-last", policy=replace(POLICY, rules=rules)) == expected


@pytest.mark.parametrize(("effect", "holds"), [("note", []), ("refuse", ["too-late"]), ("review", ["too-late"])])
def test_what_is_not_only_noted_holds_a_report_that_was_taken(effect, holds):
    effects = {**POLICY.effects, "too-late": Effect(effect, None)}
    assert held("too-late", policy=replace(POLICY, effects=effects)) == holds


@pytest.mark.parametrize(("value", "assurance", "holds"), [
    ("yes", "mail", False), ("counter-activation", "counter", False), ("counter-activation", "mail", True),
    ("no", "counter", True),
])  # fmt: skip
def test_a_new_passport_passes_as_the_policy_says(value, assurance, holds):
    rules = {**POLICY.rules, "online.after_new_passport": Rule("x", value, "CON", "a test")}
    findings = held("new-passport", policy=replace(POLICY, rules=rules), assurance=assurance)
    assert findings == (["new-passport"] if holds else [])


# How findings are rendered and stored


def test_a_finding_tells_its_outcome():
    assert Finding("window").as_dict() == {"check": "window", "outcome": "passed", "reason": None}
    assert Finding("window", "too-late").as_dict() == {"check": "window", "outcome": "failed", "reason": "too-late"}


def test_without_records_nothing_is_known():
    made = findings.unavailable()
    assert [f.check for f in made] == list(CHECKS)
    assert {(f.outcome, f.reason) for f in made} == {("unknown", "source-unavailable")}


def test_findings_that_were_kept_come_back_in_order():
    made = [Finding(check, "too-late" if check == "window" else None) for check in CHECKS]
    assert findings.kept(findings.to_keep(reversed(made))) == made
    assert findings.kept({"a-former-check": "other", "window": None}) == [
        Finding("window"), Finding("a-former-check", "other")
    ]  # fmt: skip
