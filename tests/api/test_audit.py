"""What officers do with personal data is recorded; auditors and the person see it."""

from typing import Any

import pytest
from flask import Flask

from immigration.services import officers
from operations.services import services_of
from tests.access import SetClock
from tests.factories import PASSWORD, Resident, activate, arrived, load, officer, query, row

WHO = {"document_number": "TEST00001", "issuing_state": "FRA", "purpose": "At the counter."}
SEARCH = "/review/residents/search"


@pytest.fixture
def staff(app: Flask) -> Resident:
    return officer(app, office="BKK")


@pytest.fixture
def auditor(app: Flask) -> Resident:
    return officer(app, "auditor", "auditor")


def kinds(answer: Any) -> list[str]:
    return [item["kind"] for item in answer.json["items"]]


def test_a_person_sees_who_of_which_office_looked_when_and_why(
    clock: SetClock, resident: Resident, number: str, staff: Resident
) -> None:
    staff.post(SEARCH, WHO)
    clock.pass_by(minutes=1)
    staff.get(f"/review/reports/{number}")
    opened, looked_up = resident.get("/me/access-log").json["items"]
    assert looked_up == {
        "at": "2026-11-23T10:00:00+07:00",
        "office": "BKK",
        "role": "officer",
        "act": "looked-up",
        "purpose": "At the counter.",
        "report": None,
    }
    assert (opened["at"], opened["act"], opened["report"]) == ("2026-11-23T10:01:00+07:00", "report-opened", number)


def test_nobody_sees_who_looked_at_another(app: Flask, resident: Resident, number: str, staff: Resident) -> None:
    load(app, "passports", row("passports", document_number="TEST00002"))
    other = activate(app, "TEST00002")
    staff.post(SEARCH, WHO)
    staff.get(f"/review/reports/{number}")
    assert len(resident.get("/me/access-log").json["items"]) == 2
    assert other.get("/me/access-log").json["items"] == []
    assert staff.get("/me/access-log").status_code == 403


def test_to_page_through_the_queue_is_no_look(resident: Resident, number: str, staff: Resident) -> None:
    assert staff.get("/review/reports").json["items"]
    assert resident.get("/me/access-log").json["items"] == []


def test_pages_of_the_access_log_neither_repeat_nor_skip(resident: Resident, number: str, staff: Resident) -> None:
    for n in range(5):
        staff.post(SEARCH, WHO | {"purpose": f"Reason {n}."})
    seen, cursor = [], ""
    while cursor is not None:
        page = resident.get(f"/me/access-log?limit=2{cursor and '&cursor=' + cursor}").json
        seen += [item["purpose"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [f"Reason {n}." for n in reversed(range(5))]


def test_a_miss_says_whom_it_sought_to_who_asks_for_that_passport(staff: Resident, auditor: Resident) -> None:
    nobody = {"document_number": "NOBODY1", "issuing_state": "FRA"}
    assert staff.post(SEARCH, nobody | {"purpose": "A rumour."}).status_code == 404
    [miss] = auditor.post("/audit/look-ups", nobody | {"document_number": "nobody 1"}).json["items"]
    assert (miss["actor"], miss["person"], miss["data"]["purpose"]) == ("officer:somchai", None, "A rumour.")
    assert auditor.post("/audit/look-ups", nobody | {"document_number": "NOBODY2"}).json["items"] == []
    assert "NOBODY1" not in str(miss)


def test_who_sought_a_passport_is_shown_by_the_auditors_offices_and_asking_is_recorded(app: Flask, staff) -> None:
    nobody = {"document_number": "NOBODY1", "issuing_state": "FRA"}
    staff.post(SEARCH, nobody | {"purpose": "A rumour."})
    local, far = officer(app, "local", "auditor", "BKK"), officer(app, "far", "auditor", "CMI")
    assert [len(each.post("/audit/look-ups", nobody).json["items"]) for each in (local, far)] == [1, 0]
    asked = query(app, "select actor, subject from events where kind = 'audit.read' order by id")
    assert [actor for actor, _ in asked] == ["auditor:local", "auditor:far"]
    [(sought,)] = query(app, "select data->>'sought' from events where kind = 'resident.looked-up'")
    assert {subject for _, subject in asked} == {sought}


def test_what_an_auditor_reads_of_a_person_is_recorded_too(resident, number, staff, auditor) -> None:
    staff.post(SEARCH, WHO)
    assert kinds(auditor.get(f"/audit/events?person={resident.id}")) == ["resident.looked-up"]
    assert [entry["act"] for entry in resident.get("/me/access-log").json["items"]] == ["audited", "looked-up"]


def test_events_are_found_by_officer_office_day_and_kind(app, clock, resident, number, staff, auditor) -> None:
    staff.get(f"/review/reports/{number}")
    clock.pass_by(hours=15)  # the next civil day in Bangkok, 01:00
    late = officer(app, "late", office="BKK")
    late.get(f"/review/reports/{number}")
    officer(app, "malee", office="CMI").post(SEARCH, WHO)
    auditor = officer(app, "auditor-2", "auditor")
    opened = "/audit/events?kind=report.opened"
    assert [item["actor"] for item in auditor.get(opened).json["items"]] == ["officer:late", "officer:somchai"]
    assert [item["actor"] for item in auditor.get(f"{opened}&day=2026-11-23").json["items"]] == ["officer:somchai"]
    assert [item["actor"] for item in auditor.get(f"{opened}&officer=late").json["items"]] == ["officer:late"]
    assert kinds(auditor.get("/audit/events?office=CMI")) == ["resident.looked-up"]
    assert kinds(auditor.get("/audit/events?officer=malee")) == ["resident.looked-up", "officer.signed-in"]


def test_what_residents_do_is_no_matter_of_that_list(resident: Resident, number: str, auditor: Resident) -> None:
    assert {item["actor"].partition(":")[0] for item in auditor.get("/audit/events").json["items"]} == {"auditor"}


def test_an_auditor_of_an_office_sees_its_officers_and_those_who_looked_at_its_people(app, resident, number) -> None:
    stated = {"reason": "Stands before me.", "stated_case": number}
    officer(app, "far", office="CMI").post(SEARCH, WHO | stated)
    officer(app, "other", office="PKT").post(SEARCH, WHO)
    local = officer(app, "local", "auditor", "BKK")
    assert kinds(local.get("/audit/events")) == ["office-exception.opened"]
    assert [item["data"]["offices"] for item in local.get("/audit/events").json["items"]] == [["CMI"]]


@pytest.mark.parametrize("path", ["/audit/events", "/audit/alarms"])
@pytest.mark.parametrize("role", ["officer", "supervisor", "administrator"])
def test_only_auditors_read_the_audit(app: Flask, path: str, role: str) -> None:
    assert officer(app, role, role).get(path).status_code == 403


@pytest.mark.parametrize("bad", ["day=tomorrow", "office=XXX", "person=1", "officer=", "cursor=x", "more=1"])
def test_what_cannot_be_asked_is_refused(auditor: Resident, bad: str) -> None:
    assert auditor.get(f"/audit/events?{bad}").status_code == 422


def alarms(auditor: Resident, of: str = "") -> list[str]:
    return [item["alarm"] for item in auditor.get(f"/audit/alarms?{of}").json["items"]]


def test_someone_of_no_office_is_an_alarm(app: Flask, staff: Resident, auditor: Resident) -> None:
    arrived(app)
    staff.post(SEARCH, WHO)
    [alarm] = auditor.get("/audit/alarms").json["items"]
    assert (alarm["alarm"], alarm["officer"], alarm["offices"]) == ("no-office", "officer:somchai", ["BKK"])
    assert alarms(auditor, "officer=malee") == []


def test_a_look_beyond_ones_offices_is_an_alarm(app: Flask, number: str, auditor: Resident) -> None:
    stated = {"reason": "Stands before me.", "stated_case": number}
    officer(app, office="CMI").post(SEARCH, WHO | stated)
    assert alarms(auditor) == ["beyond-offices"]


def test_more_misses_than_usual_are_one_alarm_a_day(clock: SetClock, app: Flask, staff, auditor) -> None:
    nobody = WHO | {"document_number": "NOBODY"}
    for n in range(20):
        staff.post(SEARCH, nobody | {"document_number": f"NOBODY{n}"})
    assert alarms(auditor) == []
    for _ in range(3):
        staff.post(SEARCH, nobody)
    [alarm] = auditor.get("/audit/alarms").json["items"]
    assert (alarm["alarm"], alarm["count"]) == ("many-misses", 21)


def test_more_reads_than_usual_are_an_alarm(app: Flask, number: str, staff: Resident, auditor: Resident) -> None:
    for _ in range(151):
        assert staff.get(f"/review/reports/{number}").status_code == 200
    assert alarms(auditor) == ["many-reads"]


def test_a_failed_sign_in_is_recorded_and_a_name_that_is_none_is_not_readable(app: Flask, auditor: Resident) -> None:
    officer(app, "anan")
    client = app.test_client()
    for name in ("anan", "my-secret-password"):
        client.post("/api/v1/officers/sessions", json={"name": name, "password": "wrong"})
    failed = query(app, "select actor, data::text from events where kind = 'officer.sign-in-failed' order by id")
    assert [actor for actor, _ in failed] == ["officer:anan", "officer:"]
    assert "secret" not in str(failed)
    assert auditor.get("/audit/events?kind=officer.sign-in-failed&officer=anan").json["items"]


@pytest.mark.parametrize("change", ["closed", "password", "second-factor"])
def test_a_change_of_an_account_is_recorded(app: Flask, clock: SetClock, auditor: Resident, change: str) -> None:
    officer(app, "anan")
    with services_of(app).database.transaction() as session:
        if change == "closed":
            officers.disable(session, "anan", actor="command-line:root", now=clock())
        elif change == "password":
            officers.set_password(session, "anan", PASSWORD + "x", actor="command-line:root", now=clock())
        else:
            officers.set_up_totp(session, "anan", actor="command-line:root", now=clock())
    [event] = auditor.get("/audit/events?officer=root").json["items"]
    assert (event["kind"], event["data"]["change"]) == ("officer.changed", change)
