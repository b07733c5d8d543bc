"""A report under review is given to another office, which decides it; its author is told."""

import pytest

from foundation.clock import rfc3339
from tests.conftest import NOW
from tests.factories import officer, query, sign_in
from tests.linking import messages, relay

TO_CMI = {"office": "CMI", "note": "They live there now."}


@pytest.fixture
def near(app):
    return officer(app, "near", office="BKK")


def test_the_other_office_decides_and_the_person_is_told(app, resident, number, near):
    far = officer(app, "far", office="CMI")
    due = near.get("/review/reports").json["items"][0]["answer_by"]
    near.post(f"/review/reports/{number}/claim")
    assert near.post(f"/review/reports/{number}/transfer", TO_CMI).status_code == 204
    assert near.get(f"/review/reports/{number}").status_code == 404
    [item] = far.get("/review/reports").json["items"]
    assert (item["number"], item["office"], item["answer_by"], item["claimed_by"]) == (number, "CMI", due, None)
    assert (item["office_days"], item["office_since"]) == (0, rfc3339(NOW))
    assert far.get(f"/review/reports/{number}").json["history"][-2]["data"]["note"] == TO_CMI["note"]
    relay(app)
    assert "report.transferred" in messages(resident)
    assert far.post(f"/review/reports/{number}/decision", {"outcome": "accepted"}).status_code == 200


def test_what_waited_for_a_second_person_no_longer_fits(app, number, near):
    beyond = {"outcome": "accepted", "next_due_on": "2027-06-01", "note": "In hospital."}
    asked = officer(app, "asker", office="BKK").post(f"/review/reports/{number}/decision", beyond).json["approval"]
    near.post(f"/review/reports/{number}/transfer", TO_CMI)
    answer = near.post(f"/review/approvals/{asked}", {"outcome": "approved", "note": ""})
    assert answer.json["code"] == "approval-outdated"


def test_what_cannot_be_given_stays(app, number, near):
    path = f"/review/reports/{number}/transfer"
    assert near.post(path, TO_CMI | {"office": "BKK"}).status_code == 409
    assert near.post(path, TO_CMI | {"office": "XXX"}).json["code"] == "unknown-office"
    for body in ({}, {"office": "CMI"}, TO_CMI | {"note": "x"}, TO_CMI | {"x": 1}):
        assert near.post(path, body).status_code == 422
    officer(app, "holder", office="BKK").post(f"/review/reports/{number}/claim")
    assert near.post(path, TO_CMI).json["code"] == "claimed"
    assert officer(app, "far", office="CMI").post(path, TO_CMI).status_code == 404
    assert query(app, "select office from reports") == [("BKK",)]


def test_a_decided_report_stays_where_it_is(number, near):
    near.post(f"/review/reports/{number}/decision", {"outcome": "accepted"})
    assert near.post(f"/review/reports/{number}/transfer", TO_CMI).status_code == 409


def test_the_clock_of_an_office_begins_when_it_gets_the_report(app, clock, number, near):
    """Filed on a Monday, given on Wednesday: on Friday the report is there for two working days, and waits for four."""
    officer(app, "far", office="CMI")
    clock.pass_by(days=2)
    near = sign_in(app, "near")
    assert near.get("/review/reports").json["items"][0]["office_days"] == 2
    near.post(f"/review/reports/{number}/transfer", TO_CMI)
    given = rfc3339(clock())
    clock.pass_by(days=2)
    far = sign_in(app, "far")
    [item] = far.get("/review/reports?at_office_days=2").json["items"]
    assert (item["office_days"], item["office_since"], item["filed_at"] < given) == (2, given, True)
    opened = far.get(f"/review/reports/{number}").json
    assert (opened["office_days"], opened["office_since"]) == (2, given)
    assert far.get("/review/reports?at_office_days=3").json["items"] == []
    assert len(far.get("/review/reports?waiting_days=4").json["items"]) == 1
    clock.pass_by(days=2)
    assert sign_in(app, "far").get("/review/reports").json["items"][0]["office_days"] == 2, (
        "on a Sunday it is no longer"
    )


def test_the_clock_of_a_case_begins_anew_too(app, clock, resident, number, near):
    case = resident.post("/me/cases", {"about": "entry", "text": "I came by land."}).json["number"]
    clock.pass_by(days=1)
    near = sign_in(app, "near")
    assert near.get("/review/cases?at_office_days=1").json["items"][0]["office_days"] == 1
    near.post(f"/review/cases/{case}/answer", {"transfer_to": "CMI"})
    far = officer(app, "far", office="CMI")
    [item] = far.get("/review/cases").json["items"]
    assert (item["office_days"], item["office_since"]) == (0, rfc3339(clock()))
    assert far.get("/review/cases?at_office_days=1").json["items"] == []
    assert far.get(f"/review/cases/{case}").json["office_since"] == rfc3339(clock())
    assert far.get("/review/cases?at_office_days=x").status_code == 422
