"""A report that an officer records for a person at the counter."""

import pytest

from tests.access import make_app
from tests.factories import activate, arrived, load, officer, query, row, together

NOBODY = "00000000-0000-4000-8000-000000000009"


@pytest.fixture
def app(database, clock):
    return make_app(database, clock)


@pytest.fixture
def person(app):
    """A person whose report is due on 28 November, five days after the clock."""
    arrived(app, "2026-08-31")
    load(app, "residences", row("residences"))
    return str(query(app, "select person_id from passports")[0][0])


def record(staff, person, number="BKK-1", **more):
    return staff.post(f"/review/residents/{person}/counter-reports", {"receipt_number": number} | more)


def test_a_report_in_person_counts_from_its_day(app, person):
    answer = record(officer(app, office="BKK"), person)
    assert answer.status_code == 201, answer.json
    assert answer.json == {
        "receipt_number": "BKK-1", "filed_on": "2026-11-23", "office": "BKK", "next_due_on": "2027-02-21",
    }  # fmt: skip
    assert query(app, "select due_on::text, basis from obligations") == [("2027-02-21", "office-report:BKK-1")]
    assert query(app, "select channel, office from office_reports") == [("counter", "BKK")]
    assert ("counter-report.taken", "officer:somchai") in query(app, "select kind, actor from events")


def test_the_same_receipt_again_is_the_same_report(app, person):
    staff = officer(app, office="BKK")
    answers = together([lambda: record(staff, person)] * 3)
    assert {answer.status_code for answer in answers} == {201}
    assert len({str(answer.json) for answer in answers}) == 1
    assert query(app, "select count(*) from office_reports") == [(1,)]
    assert query(app, "select count(*) from events where kind = 'counter-report.taken'") == [(1,)]


def test_another_receipt_for_the_same_period_is_refused(app, person):
    staff = officer(app, office="BKK")
    record(staff, person)
    answer = record(staff, person, "BKK-2")
    assert (answer.status_code, answer.json["code"]) == (409, "too-early")


def test_a_number_of_another_report_is_refused(app, person):
    load(app, "reports", row("reports", receipt_number="BKK-1", filed_on="2026-09-10", next_due_on="2026-12-01"))
    answer = record(officer(app, office="BKK"), person)
    assert (answer.status_code, answer.json["code"]) == (409, "receipt-number-taken")


def test_what_waits_for_an_officer_is_closed_by_it(app, person):
    number = activate(app, assurance="mail").file().json["number"]
    staff = officer(app, office="BKK")
    assert record(staff, person).status_code == 201
    assert query(app, f"select status, reasons from reports where number = '{number}'") == [
        ("rejected", ["already-reported"])
    ]
    decision = staff.post(f"/review/reports/{number}/decision", {"outcome": "accepted"})
    assert (decision.status_code, decision.json["code"]) == (409, "cannot-decide")


def test_an_accepted_report_leaves_nothing_to_report(app, person):
    number = activate(app).file().json["number"]
    answer = record(officer(app, office="BKK"), person)
    assert (answer.status_code, answer.json["code"], answer.json["number"]) == (409, "already-reported", number)


def test_too_early_says_from_when(app):
    arrived(app, "2026-11-01")
    load(app, "residences", row("residences"))
    person = str(query(app, "select person_id from passports")[0][0])
    answer = record(officer(app, office="BKK"), person)
    assert (answer.status_code, answer.json["code"]) == (409, "too-early")
    assert answer.json["opens_on"] > "2026-12-01"


def test_people_and_offices_of_others_are_not_found(app, person):
    staff = officer(app, office="BKK")
    assert record(officer(app, "malee", office="CMI"), person).status_code == 404
    assert record(staff, NOBODY).status_code == 404
    for office in ("CMI", "XXX", "HQ", "all"):
        assert record(staff, person, office=office).status_code == 404, office
    assert query(app, "select count(*) from office_reports") == [(0,)]


def test_an_officer_of_all_offices_names_one(app, person):
    staff = officer(app, office="HQ")
    assert record(staff, person).status_code == 404
    assert record(staff, person, office="BKK").json["office"] == "BKK"


@pytest.mark.parametrize("number", ["", " ", "a b", "<b>", "x" * 41, "\u202eX", "ก", None, 7])
def test_a_number_that_no_paper_has_is_refused(app, person, number):
    assert record(officer(app, office="BKK"), person, number).status_code == 422


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_only_officers_take_reports(app, person, role):
    assert record(officer(app, role, role), person).status_code == 403
