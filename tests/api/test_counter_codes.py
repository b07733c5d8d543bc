"""Codes that officers issue: nobody becomes a resident unnoticed."""

import pytest
from flask import Flask

from devtools.standins import mailbox
from foundation.config import Settings
from notifications import rounds
from notifications.channels.mail import CHANNEL as MAIL
from notifications.channels.mail import MailChannel
from operations.services import services_of
from operations.subscribing import SUBSCRIBERS
from tests.access import SetClock
from tests.factories import PASSWORD, Resident, activate, arrived, load, officer, query, row, sign_in, together

RATE = 30


@pytest.fixture
def resident(app: Flask) -> Resident:
    arrived(app)
    load(app, "residences", row("residences"))
    return activate(app, assurance="mail")


@pytest.fixture
def staff(app: Flask) -> Resident:
    return officer(app, office="BKK")


def issue(staff: Resident, resident: Resident) -> int:
    return int(staff.post(f"/review/residents/{resident.id}/activation-codes").status_code)


def alarms(app: Flask) -> list[str]:
    return [kind for (kind,) in query(app, "select data->>'alarm' from events where kind = 'alarm.raised' order by id")]


def titles(app: Flask, clock: SetClock, resident: Resident) -> list[str]:
    """The titles in a resident's inbox, the newest first."""
    rounds.relay_round(services_of(app).database, SUBSCRIBERS)
    return [item["title"] for item in resident.get("/notifications").json["items"]]


def test_every_sign_in_of_the_person_is_told_of_a_code_and_of_the_phone_that_used_it(
    app, clock, resident, staff
) -> None:
    before = titles(app, clock, resident)
    clock.pass_by(minutes=1)
    assert issue(staff, resident) == 201
    assert titles(app, clock, resident) == ["An activation code was issued for you", *before]
    clock.pass_by(minutes=1)
    second = activate(app)
    for phone in (resident, second):
        assert "A phone was added to your account" in titles(app, clock, phone)[:2]


def test_a_code_is_told_to_the_own_address_and_to_that_of_the_arrival(app, resident, staff, database) -> None:
    own = {"email": "alix@home.example"}
    assert resident.client.patch("/api/v1/me", json=own, headers=resident.headers).status_code == 200
    assert issue(staff, resident) == 201
    rounds.relay_round(database, SUBSCRIBERS)
    with mailbox.start() as post:
        channel = MailChannel(Settings(smtp_url=post.url, public_url="https://reports.example"))
        services = services_of(app)
        rounds.send_round(database, channel, services.clock(), kind=MAIL, routing=services.routing)
        told = {to for mail in post.messages if "activation code" in mail.subject for to in mail.recipients}
    assert told == {"alix@example.org", "alix@home.example"}


def test_an_officer_issues_so_many_codes_an_hour(app: Flask, clock: SetClock, resident, staff) -> None:
    assert {issue(staff, resident) for _ in range(RATE)} == {201}
    refused = staff.post(f"/review/residents/{resident.id}/activation-codes")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3601")
    assert issue(officer(app, "colleague", office="BKK"), resident) == 201
    for _ in range(3):
        clock.pass_by(minutes=20)
        staff.get("/review/reports")
    assert issue(staff, resident) == 201


def test_of_codes_at_once_none_is_beyond_the_limit(app: Flask, resident, staff) -> None:
    for _ in range(RATE - 1):
        issue(staff, resident)
    assert sorted(together([lambda: issue(staff, resident)] * 4)) == [201, 429, 429, 429]


def test_a_code_of_the_own_office_is_no_alarm(app: Flask, resident, staff) -> None:
    issue(staff, resident)
    assert alarms(app) == []


def test_a_code_of_another_office_is_an_alarm(app: Flask, resident) -> None:
    number = resident.file().json["number"]
    far = officer(app, "far", office="CMI")
    far.post(f"/review/reports/{number}/exception", {"reason": "Stands before me."})
    assert issue(far, resident) == 201
    assert alarms(app) == ["beyond-offices", "code-beyond-offices"]


@pytest.mark.parametrize("hours", [0, 23, 24])
def test_who_transfers_a_report_to_their_office_makes_its_author_none_of_theirs(
    app: Flask, clock: SetClock, resident, hours: int
) -> None:
    number = resident.file().json["number"]
    far = officer(app, "far", office="CMI")
    far.post(f"/review/reports/{number}/exception", {"reason": "Stands before me."})
    assert far.post(f"/review/reports/{number}/transfer", {"office": "CMI", "note": "Lives here."}).status_code == 204
    clock.pass_by(hours=hours)
    assert issue(sign_in(app, "far"), resident) == 201
    assert alarms(app) == ["beyond-offices", *["code-beyond-offices"] * (hours < 24)]


def test_a_report_that_an_officer_takes_makes_nobody_of_no_office_theirs(app: Flask) -> None:
    arrived(app)
    resident, staff = activate(app, assurance="mail"), officer(app, office="CMI")
    who = {"document_number": "TEST00001", "issuing_state": "FRA", "purpose": "Stands before me."}
    assert staff.post("/review/residents/search", who).status_code == 200
    taken = {"receipt_number": "PAPER-1", "office": "CMI"}
    assert staff.post(f"/review/residents/{resident.id}/counter-reports", taken).status_code == 201
    assert issue(staff, resident) == 201
    assert alarms(app) == ["no-office", "no-office"]


def test_a_code_for_somebody_whose_passport_the_officer_linked_the_day_before_is_an_alarm(
    app: Flask, clock: SetClock, resident, staff
) -> None:
    load(app, "passports", row("passports", document_number="OTHER0001"))
    other = {"document_number": "OTHER0001", "issuing_state": "FRA", "reason": "Both are theirs."}
    assert staff.post(f"/review/residents/{resident.id}/links", other).status_code == 201
    assert issue(officer(app, "colleague", office="BKK"), resident) == 201
    assert alarms(app) == []
    assert issue(staff, resident) == 201
    assert alarms(app) == ["own-link"]


@pytest.mark.parametrize(("hours", "raised"), [(23, ["own-code"]), (24, [])])
def test_to_decide_for_somebody_to_whom_one_issued_a_code_the_day_before_is_an_alarm(
    app: Flask, clock: SetClock, resident, staff, hours: int, raised: list[str]
) -> None:
    issue(staff, resident)
    number = resident.file().json["number"]
    clock.pass_by(hours=hours)
    body = {"name": "somchai", "password": PASSWORD}
    token = staff.client.post("/api/v1/officers/sessions", json=body).json["access_token"]
    staff.headers["Authorization"] = f"Bearer {token}"
    decision = {"outcome": "rejected", "reasons": ["other"]}
    assert staff.post(f"/review/reports/{number}/decision", decision).status_code == 200
    assert alarms(app) == raised
