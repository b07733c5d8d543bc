"""What a client gets that sends the same again because the answer was lost: the same answer, and nothing twice."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select, update

from foundation.events import EventRecord
from immigration.models.access import ActivationAttempt, TokenFamily
from immigration.models.people import Passport
from immigration.services import officers
from tests.access import activate, add_person, code_for, failed
from tests.conftest import NOW
from tests.factories import ADDRESS, PASSWORD, Resident, arrived, officer
from tests.factories import activate as sign_in

NOTE = {"note": "Decided in haste."}
DEVICE = {"platform": "android", "kind": "fid", "target": "a-target", "language": "en"}


def kinds(database):
    with database.read_session() as session:
        return session.scalars(select(EventRecord.kind).order_by(EventRecord.id)).all()


def attempts(database):
    with database.read_session() as session:
        return session.scalars(select(ActivationAttempt.succeeded).order_by(ActivationAttempt.at)).all()


@pytest.fixture
def resident(app: Flask) -> Resident:
    arrived(app)
    return sign_in(app, assurance="mail")


@pytest.fixture
def path(resident: Resident) -> str:
    """Of a report under review, for its author."""
    return f"/reports/{resident.file().json['number']}"


def decide(staff: Resident, path: str, outcome: str = "accepted", *reasons: str, **more: Any) -> Any:
    return staff.post(f"/review{path}/decision", {"outcome": outcome, "reasons": list(reasons)} | more)


def test_a_lost_answer_to_an_activation_is_given_again(client, database, clock):
    add_person(database)
    code = code_for(database)
    first = activate(client, code)
    clock.pass_by(seconds=60)
    again = activate(client, code.lower())
    assert again.status_code == 201
    assert again.json["refresh_token"] == first.json["refresh_token"]
    assert client.post("/api/v1/tokens", json={"refresh_token": again.json["refresh_token"]}).status_code == 201
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(TokenFamily)) == 1
    assert kinds(database) == ["activation.code-issued", "resident.activated"]
    assert attempts(database) == [True, True]


@pytest.mark.parametrize("changes", [{"birth_date": "1990-05-18"}, {"document_number": "EX9999999"}])
def test_a_used_code_with_other_details_gets_nothing_again(client, database, changes):
    add_person(database)
    code = code_for(database)
    activate(client, code)
    assert failed(activate(client, code, **changes))


def test_a_code_whose_sign_in_went_on_is_used_up(client, database):
    add_person(database)
    code = code_for(database)
    token = activate(client, code).json["refresh_token"]
    client.post("/api/v1/tokens", json={"refresh_token": token})
    assert failed(activate(client, code))


def test_a_code_used_at_its_last_moment_is_answered_again_after_it(client, database, clock):
    add_person(database)
    code = code_for(database, assurance="mail")
    clock.pass_by(hours=24, seconds=-1)
    first = activate(client, code)
    clock.pass_by(seconds=30)
    assert activate(client, code).json["refresh_token"] == first.json["refresh_token"]


def test_a_passport_reported_stolen_in_between_is_not_answered_again(client, database):
    add_person(database)
    mailed = code_for(database, assurance="mail")
    assert activate(client, mailed).status_code == 201
    with database.transaction() as session:
        session.execute(update(Passport).values(status="stolen"))
    assert failed(activate(client, mailed))


def assert_nothing_happens_twice(database, send) -> Any:
    """Send the same twice; the second answer is the first one's, and leaves no event."""
    first = send()
    assert first.status_code == 200, first.json
    before = kinds(database)
    again = send()
    assert (again.status_code, again.json) == (200, first.json)
    assert kinds(database) == before
    return first


def test_a_correction_is_taken_once(app, database, resident, path):
    decide(officer(app), path, "returned", "address-mismatch")
    body = {"address": ADDRESS | {"soi": "Sukhumvit 33"}, "phone": "+66 81 234 5678"}
    assert_nothing_happens_twice(database, lambda: resident.post(f"{path}/correction", body))
    assert resident.post(f"{path}/correction", body | {"phone": ""}).status_code == 409


def test_a_correction_is_known_again_after_an_officer_opened_it_and_not_after_a_decision(app, resident, path):
    staff = officer(app)
    decide(staff, path, "returned", "address-mismatch")
    assert resident.post(f"{path}/correction", {"address": ADDRESS}).status_code == 200
    staff.get(f"/review{path}")
    assert resident.post(f"{path}/correction", {"address": ADDRESS}).status_code == 200
    decide(staff, path)
    assert resident.post(f"{path}/correction", {"address": ADDRESS}).json["code"] == "wrong-state"


def test_what_was_filed_is_no_correction(resident, path):
    body = {"address": ADDRESS, "phone": "+66 81 234 5678", "email": "alix@example.org"}
    assert resident.post(f"{path}/correction", body).json["code"] == "wrong-state"


def test_a_report_is_withdrawn_once(database, resident, path):
    assert_nothing_happens_twice(database, lambda: resident.post(f"{path}/withdrawal"))


@pytest.mark.parametrize(
    "decision",
    [
        {},
        {"next_due_on": "2027-02-01", "note": "By hand."},
        {"outcome": "rejected", "reasons": ["other"], "note": "No."},
        {"outcome": "returned", "reasons": ["address-mismatch"]},
    ],
)
def test_a_decision_is_made_once(app, database, path, decision):
    staff = officer(app)
    body = {"outcome": "accepted", "reasons": []} | decision
    assert_nothing_happens_twice(database, lambda: staff.post(f"/review{path}/decision", body))


def test_another_decision_and_another_officers_are_refused(app, path):
    first, second = officer(app, "somchai"), officer(app, "anan")
    decide(first, path, next_due_on="2027-02-01", note="By hand.")
    assert decide(first, path, note="By hand.").json["code"] == "cannot-decide"
    assert decide(first, path, next_due_on="2027-02-02", note="By hand.").json["code"] == "cannot-decide"
    assert decide(second, path, next_due_on="2027-02-01", note="By hand.").json["code"] == "cannot-decide"


def test_a_report_is_reopened_once(app, database, path):
    decide(officer(app), path)
    boss = officer(app, "boss", "supervisor")
    asked = boss.post(f"/review{path}/reopening", NOTE)
    waiting = boss.post(f"/review{path}/reopening", NOTE)
    assert (waiting.status_code, waiting.json) == (202, asked.json)
    second = officer(app, "second")
    answer = {"outcome": "approved", "note": "Seen."}
    assert_nothing_happens_twice(database, lambda: second.post(f"/review/approvals/{asked.json['approval']}", answer))
    assert_nothing_happens_twice(database, lambda: boss.post(f"/review{path}/reopening", NOTE))
    assert boss.post(f"/review{path}/reopening", {"note": "Another."}).json["code"] == "cannot-reopen"


def test_a_report_that_was_never_decided_is_not_reopened(app, path):
    boss = officer(app, "boss", "supervisor")
    assert boss.post(f"/review{path}/reopening", NOTE).json["code"] == "cannot-reopen"


def test_a_device_is_registered_and_removed_once(app, resident):
    head = resident.headers
    for _ in range(2):
        assert resident.client.put("/api/v1/devices/phone", json=DEVICE, headers=head).status_code == 200
    for _ in range(2):
        assert resident.client.delete("/api/v1/devices/phone", headers=head).status_code == 204
    assert resident.client.delete("/api/v1/devices/another", headers=head).status_code == 404


def test_a_second_factor_sent_again_fails_and_is_no_guess(app, database):
    officer(app, "anan")
    with database.transaction() as session:
        factor = pyotp.parse_uri(officers.set_up_totp(session, "anan", actor="tests", now=NOW))
    body = {"name": "anan", "password": PASSWORD, "totp": factor.at(NOW)}
    client = app.test_client()
    assert client.post("/api/v1/officers/sessions", json=body).status_code == 201
    for _ in range(6):
        assert client.post("/api/v1/officers/sessions", json=body).status_code == 401
    for _ in range(5):
        wrong = body | {"totp": factor.at(NOW + timedelta(hours=1))}
        assert client.post("/api/v1/officers/sessions", json=wrong).status_code == 401
    assert client.post("/api/v1/officers/sessions", json=body).status_code == 429
