"""POST /me/stay/simulations: what a trip abroad would change."""

import pytest

from tests.factories import activate, arrived

PATH = "/api/v1/me/stay/simulations"


@pytest.fixture
def ask(app):
    arrived(app)  # due on 29 November; today is the 23rd
    resident = activate(app)

    def post(body, **headers):
        return resident.client.post(PATH, json=body, headers=resident.headers | headers)

    return post


def test_a_trip_starts_the_count_again(ask):
    answer = ask({"leave_on": "2026-11-24", "return_on": "2026-11-25"})
    assert answer.status_code == 200
    after = answer.json["after_return"]
    assert (after["due_on"], after["opens_on"], after["state"]) == ("2027-02-22", "2027-02-07", "not-open")
    assert answer.json["before_leaving"]["code"] == "nothing-due"
    assert answer.json["permission"]["goes_on"] is True
    assert after["text"].startswith("Your next report is due on 22 February 2027.")


def test_it_is_said_in_thai_too(ask):
    answer = ask(
        {"leave_on": "2026-12-20", "return_on": "2026-12-24", "reentry_permit": False}, **{"Accept-Language": "th"}
    )
    assert answer.json["before_leaving"]["text"].startswith("ครบกำหนดรายงานตัว")
    assert answer.json["permission"]["text"].startswith("การอนุญาตให้อยู่เดิมใช้ต่อไม่ได้")


def test_nothing_is_stored(ask, app):
    def due():
        resident = activate(app)
        return resident.client.get("/api/v1/me/stay", headers=resident.headers).json["obligation"]["due_on"]

    before = due()
    assert ask({"leave_on": "2026-11-24", "return_on": "2026-11-25"}).status_code == 200
    assert due() == before


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"leave_on": "2026-12-20", "return_on": "2026-12-19"}, "return_on", "returns-before-leaving"),
        ({"leave_on": "2020-01-01", "return_on": "2026-12-19"}, "leave_on", "in-the-past"),
        ({"leave_on": "2026-12-20", "return_on": "9999-12-31"}, "return_on", "too-far-ahead"),
        ({"return_on": "2026-12-20"}, "leave_on", "no-departure"),
        ({"leave_on": "2026-12-20"}, "return_on", "missing"),
        ({"leave_on": "2026-02-30", "return_on": "2026-12-20"}, "leave_on", "not-a-date"),
        ({"leave_on": 5, "return_on": "2026-12-20"}, "leave_on", "not-a-date"),
        ({"leave_on": "\U0001f600" * 10_000, "return_on": "2026-12-20"}, "leave_on", "not-a-date"),
        ({"leave_on": "2026-12-20", "return_on": "2026-12-21", "reentry_permit": "x"}, "reentry_permit", "wrong-type"),
        ({"leave_on": "2026-12-20", "return_on": "2026-12-21", "resident": "x"}, "resident", "unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field(ask, body, field, code):
    answer = ask(body)
    assert answer.status_code == 422
    faults = {fault["field"]: fault for fault in answer.json["field_errors"]}
    assert faults[field]["code"] == code
    assert faults[field]["message"]


def test_only_a_resident_may_ask(client):
    assert client.post(PATH, json={"leave_on": "2026-12-20", "return_on": "2026-12-21"}).status_code == 401
