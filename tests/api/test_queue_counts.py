"""Counts of the fixed views of the queue: a worker counts, reading is a look-up, and each officer sees their own."""

from typing import Any

import pytest
from sqlalchemy import text

from foundation.clock import rfc3339
from immigration.services import queue_counts
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import officer, query

NONE: dict[str, Any] = {"mine": 0, "most": 100, "all": None, "offices": [], "reasons": [], "counted_at": None}
ONE = {
    "all": 1,
    "offices": [{"office": "BKK", "reports": 1}],
    "reasons": [{"reason": "first-report", "reports": 1}],
    "counted_at": rfc3339(NOW),
}


@pytest.fixture
def count(app):
    def run():
        with services_of(app).database.transaction() as session:
            return queue_counts.count(session, now=services_of(app).clock())

    return run


def counts(who):
    return who.get("/review/counts").json


def test_before_a_worker_counted_nothing_is_claimed(app, number):
    assert counts(officer(app)) == NONE


def test_each_office_sees_its_own_by_office_and_reason(app, number, count):
    count()
    assert counts(officer(app, "near", office="BKK")) == NONE | ONE
    assert counts(officer(app, "chief", office="HQ")) == NONE | ONE
    assert counts(officer(app, "far", office="CMI")) == NONE | {"all": 0, "counted_at": rfc3339(NOW)}


def test_an_account_of_several_offices_sees_their_sum(app, number, count):
    with services_of(app).database.transaction() as session:
        session.execute(text("update reports set reasons = '{first-report,duplicate,duplicate}'"))
    count()
    two = officer(app, "two", office=["BKK", "CMI"])
    assert counts(two)["all"] == 1
    assert counts(two)["reasons"] == [
        {"reason": "duplicate", "reports": 1},
        {"reason": "first-report", "reports": 1},
    ]


def test_it_shows_what_was_counted_until_it_is_counted_again(app, clock, number, count):
    near = officer(app, "near", office="BKK")
    count()
    near.post(f"/review/reports/{number}/decision", {"outcome": "accepted"})
    clock.pass_by(seconds=30)
    assert (counts(near)["all"], counts(near)["counted_at"]) == (1, rfc3339(NOW))
    count()
    assert (counts(near)["all"], counts(near)["counted_at"]) == (0, rfc3339(clock()))
    assert query(app, "select office, reason, reports from queue_counts") == [("", "", 0)]


def test_what_an_officer_must_not_handle_is_not_counted(app, resident, number, count):
    count()
    staff = [officer(app, name, office=office) for name, office in (("near", "BKK"), ("chief", "HQ"))]
    for each in staff:
        each.post(f"/review/residents/{resident.id}/conflicts", {"officer": None, "reason": "My wife."})
        said = counts(each)
        assert (said["all"], said["offices"], said["reasons"]) == (
            0,
            [{"office": "BKK", "reports": 0}],
            [{"reason": "first-report", "reports": 0}],
        )
    assert counts(officer(app, "other", office="BKK"))["all"] == 1


def test_a_report_that_was_filed_since_is_not_taken_off_what_was_counted_before(app, clock, resident, count):
    chief = officer(app, "chief", office="HQ")
    count()
    clock.pass_by(minutes=1)
    resident.file()
    chief.post(f"/review/residents/{resident.id}/conflicts", {"officer": None, "reason": "My wife."})
    assert counts(chief)["all"] == 0


def test_what_is_in_hand_is_counted_now(app, number, count):
    near = officer(app, "near", office="BKK")
    near.post(f"/review/reports/{number}/claim")
    assert counts(near)["mine"] == 1
