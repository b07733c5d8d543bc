"""Closing days, outages and waivers that two people register and end, and the law as officers read it."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from immigration.services import law_versions, refreshing
from operations.services import services_of
from tests.factories import Resident, activate, arrived, officer, query, together

OUTAGE = {
    "kind": "outage",
    "name": "The data centre was flooded",
    "first_on": "2026-12-01",
    "last_on": "2026-12-04",
    "source": "Notice of the Bureau of 23 November 2026",
    "grade": "OFF",
}
YES = {"outcome": "approved", "note": "Seen."}


@pytest.fixture
def admin(app: Flask) -> Resident:
    return officer(app, "admin", "administrator")


@pytest.fixture
def second(app: Flask) -> Resident:
    return officer(app, "second", "supervisor")


def approve(who: Resident, asked: Any, **changes: str) -> Any:
    assert asked.status_code == 202, asked.json
    return who.post(f"/review/approvals/{asked.json['approval']}", YES | changes)


def registered(admin: Resident, second: Resident, **changes: Any) -> dict[str, Any]:
    """Register an entry by two people; as the list shows it."""
    assert approve(second, admin.post("/law/entries", OUTAGE | changes)).json["state"] == "approved"
    entries = admin.get("/law/entries").json["items"]
    found: dict[str, Any] = next(each for each in entries if each["name"] == (OUTAGE | changes)["name"])
    return found


def end(who: Resident, entry: dict[str, Any], last_on: str | None) -> Any:
    return who.post(f"/law/entries/{entry['id']}/ending", {"last_on": last_on, "reason": "It is over."})


def refused(answer: Any, *obstacles: str) -> bool:
    found = (answer.status_code, answer.json["code"], answer.json.get("obstacles"))
    return found == (409, "cannot-change-law", list(obstacles))


def late_after(app: Flask) -> date:
    """The last day that is not judged late, as the worker keeps it after its next round."""
    services = services_of(app)
    context = services.filing
    refreshing.refresh(
        services.database, records=context.records, law=context.law, now=services.clock(), actor="worker"
    )
    found: date = query(app, "select late_after from obligations")[0][0]
    return found


def test_an_outage_counts_at_once_when_a_second_person_approves_it(app, admin, second) -> None:
    arrived(app)
    before, version = late_after(app), admin.get("/law").json["version"]
    asked = admin.post("/law/entries", OUTAGE)
    assert late_after(app) == before, "nothing changes until another person approves"
    assert admin.post("/law/entries", OUTAGE).json == asked.json, "sent again after a lost answer"
    assert approve(second, asked).status_code == 200
    assert (before, late_after(app)) == (date(2026, 12, 8), date(2026, 12, 14))
    [entry] = admin.get("/law/entries").json["items"]
    assert (entry["state"], entry["registered_by"], entry["approved_by"]) == (
        "to-come",
        "administrator:admin",
        "supervisor:second",
    )
    law = admin.get("/law").json
    assert law["version"] != version
    assert "2026-12-01 2026-12-04 The data centre was flooded" in law["contents"]["waivers"]
    written = query(app, "select kind, actor from events where kind like 'law%'")
    assert written == [("law-entry.registered", "administrator:admin")]


def test_an_outage_that_is_over_earlier_ends_and_the_days_that_passed_stay(app, clock, admin, second) -> None:
    arrived(app)
    entry = registered(admin, second, first_on="2026-11-20", last_on="2026-12-10")
    held = late_after(app)
    assert refused(end(admin, entry, "2026-11-22"), "days-passed")
    assert refused(end(admin, entry, "2026-12-10"), "not-earlier")
    asked = end(admin, entry, "2026-11-24")
    assert late_after(app) == held
    assert approve(second, asked).status_code == 200
    assert (held, late_after(app)) > (date(2026, 12, 8), date(2026, 12, 8))
    assert late_after(app) < held
    [ended] = admin.get("/law/entries").json["items"]
    assert (ended["last_on"], ended["registered_until"], ended["state"]) == ("2026-11-24", "2026-12-10", "holds")
    assert (ended["ended_by"], ended["end_approved_by"]) == ("administrator:admin", "supervisor:second")
    clock.pass_by(days=2)
    again = end(officer(app, "later", "administrator"), entry, "2026-11-24")
    assert refused(again, "over-already", "days-passed", "not-earlier")


def test_what_has_not_begun_can_be_taken_back_as_a_whole(app, admin, second) -> None:
    arrived(app)
    before = late_after(app)
    entry = registered(admin, second)
    assert late_after(app) > before
    assert approve(second, end(admin, entry, None)).status_code == 200
    assert late_after(app) == before
    assert admin.get("/law/entries").json["items"][0]["state"] == "over"


def test_a_closing_day_of_a_province_is_closed_there_only(app, admin, second) -> None:
    day = {"kind": "closing-day", "first_on": "2026-12-08", "last_on": "2026-12-08", "provinces": ["50", "50"]}
    entry = registered(admin, second, **day)
    assert entry["provinces"] == ["50"]
    closed = admin.get("/law").json["contents"]["closing-days"]
    assert ("2026-12-08 50" in closed, "2026-12-08" in closed, "2026-12-08 10" in closed) == (True, False, False)


WRONG: tuple[dict[str, Any], ...] = (
    {"kind": "holiday"},
    {"name": "ab"},
    {"name": "Flood \u202e"},
    {"name": "x" * 121},
    {"source": "none"},
    {"source": "Passport AB1234567 was seen"},
    {"grade": "SURE"},
    {"first_on": "2026-13-01"},
    {"last_on": None},
    {"provinces": ["1"]},
    {"provinces": ["10"] * 78},
    {"provinces": "10"},
    {"approved_as": "me"},
)
OBSTACLES: tuple[tuple[dict[str, Any], list[str]], ...] = (
    ({"last_on": "2026-11-30"}, ["ends-before-it-begins"]),
    ({"last_on": "2027-12-02"}, ["too-long"]),
    ({"first_on": "2025-11-21", "last_on": "2025-11-22"}, ["too-far"]),
    ({"first_on": "2029-12-01", "last_on": "2029-12-02"}, ["too-far"]),
    ({"kind": "closing-day", "provinces": ["99"]}, ["unknown-province"]),
    ({"provinces": ["10"]}, ["provinces-of-closing-days-only"]),
)


def test_what_does_not_fit_is_refused_before_anybody_is_asked(app, admin) -> None:
    assert [admin.post("/law/entries", OUTAGE | wrong).status_code for wrong in WRONG] == [422] * len(WRONG)
    for change, obstacles in OBSTACLES:
        assert refused(admin.post("/law/entries", OUTAGE | change), *obstacles), change
    assert query(app, "select count(*) from approvals") == [(0,)]


def test_who_may_register_and_who_may_approve(app, admin, second, number) -> None:
    local = officer(app, "local", "administrator", "BKK")
    assert local.post("/law/entries", OUTAGE).status_code == 403
    asked = admin.post("/law/entries", OUTAGE)
    path = f"/review/approvals/{asked.json['approval']}"
    own = admin.post(path, YES)
    assert (own.status_code, own.json["code"]) == (409, "own-request")
    plain, far = officer(app, "plain"), officer(app, "far", "supervisor", "CMI")
    assert [who.post(path, YES).status_code for who in (plain, far, local)] == [404, 404, 404]
    decision = {"outcome": "accepted", "next_due_on": "2027-06-01", "note": "In hospital."}
    personal = officer(app, "asker", office="BKK").post(f"/review/reports/{number}/decision", decision)
    assert [each["kind"] for each in admin.get("/review/approvals").json["items"]] == ["law-entry"]
    assert admin.post(f"/review/approvals/{personal.json['approval']}", YES).status_code == 404
    assert {each["kind"] for each in second.get("/review/approvals").json["items"]} == {"law-entry", "next-due-date"}
    assert approve(second, asked).status_code == 200


def test_the_same_approved_twice_at_once_is_registered_once(app, admin, second) -> None:
    third = officer(app, "third", "administrator")
    asked = [who.post("/law/entries", OUTAGE) for who in (admin, third)]
    answers = together([lambda: approve(second, asked[0]), lambda: approve(officer(app, "x", "supervisor"), asked[1])])
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert query(app, "select count(*) from law_entries") == [(1,)]


def test_what_is_registered_is_never_changed_or_removed(app, admin, second) -> None:
    registered(admin, second)
    for statement in (
        "update law_entries set last_on = last_on - 1",
        "delete from law_entries",
        "truncate law_endings",
    ):
        with pytest.raises(DBAPIError, match="only added to"), services_of(app).database.engine.begin() as connection:
            connection.execute(text(statement))


def test_versions_are_compared_and_their_decisions_listed(app, admin, second) -> None:
    def note() -> str:
        with services_of(app).database.transaction() as session:
            law_versions.note(session, services_of(app).filing.law, now=services_of(app).clock())
        version: str = admin.get("/law").json["version"]
        return version

    first = note()
    arrived(app)
    number = activate(app).file().json["number"]
    registered(admin, second)
    present: str = admin.get("/law").json["version"]
    versions = admin.get("/law/versions").json["items"]
    assert [(each["version"], each["decisions"], each["present"]) for each in versions] == [
        (present, 0, True),
        (first, 1, False),
    ]
    [changed] = admin.get(f"/law/comparison?first={first}&second={present}").json["items"]
    assert (changed["section"], changed["first"], changed["second"]["name"]) == ("waivers", None, OUTAGE["name"])
    assert admin.get(f"/law?version={first}").json["contents"] != admin.get("/law").json["contents"]
    decided = f"/law/decisions?version={first}"
    assert [each["report"] for each in second.get(decided).json["items"]] == [number]
    assert officer(app, "far", office="CMI").get(decided).json["items"] == []
    assert admin.get("/law?version=2026-01-01-0123456789").status_code == 404
    assert admin.get("/law?version=x").status_code == 422
