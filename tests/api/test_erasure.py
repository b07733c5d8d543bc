"""Erasure on request: what no law keeps goes at once, and the answer says what stays and why."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from immigration.registries.processing import purposes
from immigration.services import exporting
from operations import privacy_documents
from tests.authenticator import Authenticator
from tests.factories import Resident, activate, arrived, load, query, row
from tests.linking import relay

DEVICE = {"platform": "android", "kind": "token", "target": "push-address-1", "language": "en"}
MARK = "anna@example.org"


@pytest.fixture
def resident(app) -> Resident:
    """Somebody who uses everything, signed in once more on another phone."""
    arrived(app)
    other = activate(app)
    other.client.put("/api/v1/devices/other", json=DEVICE | {"target": "push-address-2"}, headers=other.headers)
    resident = activate(app)
    resident.client.put("/api/v1/devices/phone", json=DEVICE, headers=resident.headers)
    contact = {"email": MARK, "phone": "+66812345678"}
    assert resident.client.patch("/api/v1/me", json=contact, headers=resident.headers).status_code == 200
    wanted = {"hour": 12, "optional_reminders": False, "mail": False}
    assert resident.client.put("/api/v1/me/reminders", json=wanted, headers=resident.headers).status_code == 200
    assert resident.file().status_code == 201
    return resident


def left(app):
    """What is left of what a person gave freely."""
    tables = ("devices", "notification_preferences", "passkeys")
    counts = {table: query(app, f"select count(*) from {table}")[0][0] for table in tables}
    return counts | {"contact": query(app, "select count(*) from people where email is not null")[0][0]}


def test_what_no_law_keeps_goes_and_the_rest_is_explained(app, resident):
    relay(app)
    answer = resident.post("/me/erasure")
    assert answer.status_code == 200
    assert answer.json["removed"] == ["contact", "devices", "notification_preferences", "sign-ins"]
    relay(app)
    assert left(app) == {"devices": 0, "notification_preferences": 0, "passkeys": 0, "contact": 0}
    kept = {each["table"]: each for each in answer.json["kept"]}
    assert {"passports", "movements", "reports", "receipts", "events", "token_families"} <= kept.keys()
    assert not {"devices", "notification_preferences", "passkeys"} & kept.keys()
    assert (kept["reports"]["rows"], kept["reports"]["until"]) == (1, "10 years")
    assert "ten years" in kept["reports"]["why"]
    assert "section 33" in kept["reports"]["source"]
    profile = resident.get("/me").json
    assert (profile["email"], profile["phone"]) == (None, None)
    assert resident.get("/reports").json["items"][0]["status"] == "accepted"


def test_other_sign_ins_are_out_at_once(app, resident):
    other = activate(app)
    resident.post("/me/erasure")
    assert other.get("/me").status_code == 401
    assert resident.get("/me").status_code == 200


def test_other_sign_ins_end_and_the_asking_one_reads_the_message(app, resident):
    resident.post("/me/erasure")
    relay(app)
    assert [each["current"] for each in resident.get("/me/sessions").json["items"]] == [True]
    kinds = [item["kind"] for item in resident.get("/notifications").json["items"]]
    assert kinds.count("resident.data-erased") == 1
    assert query(app, "select count(*) from token_families where name <> ''") == [(0,)]


def test_passkeys_go_and_sign_nobody_in_any_more(app, resident):
    passkey = Authenticator()
    options = resident.post("/me/passkeys/options").json
    assert resident.post("/me/passkeys", {"credential": passkey.create(options), "name": ""}).status_code == 201
    assert resident.post("/me/erasure").json["code"] == "verification-required"
    asked = resident.client.post("/api/v1/passkeys/sign-in/options").json
    assert resident.post("/me/verification", {"credential": passkey.get(asked)}).status_code == 204
    assert "passkeys" in resident.post("/me/erasure").json["removed"]
    asked = resident.client.post("/api/v1/passkeys/sign-in/options").json
    answer = resident.client.post("/api/v1/passkeys/sign-in", json={"credential": passkey.get(asked)})
    assert answer.json["code"] == "passkey-failed"


def test_it_needs_a_person_who_was_verified_of_late(app, resident, clock):
    clock.pass_by(minutes=5, seconds=1)
    answer = resident.post("/me/erasure")
    assert (answer.status_code, answer.json["code"], answer.json["methods"]) == (
        403,
        "verification-required",
        ["activation"],
    )
    assert left(app)["contact"] == 1


def test_after_recovery_by_mail_it_waits_a_day(app, resident):
    answer = activate(app, assurance="mail").post("/me/erasure")
    assert (answer.status_code, answer.json["code"]) == (403, "recovery-wait")
    assert left(app)["contact"] == 1


def test_another_persons_data_stay(app, resident):
    load(app, "passports", row("passports", document_number="TEST00002"))
    assert activate(app, "TEST00002").post("/me/erasure").status_code == 200
    relay(app)
    assert left(app) == {"devices": 2, "notification_preferences": 1, "passkeys": 0, "contact": 1}


def test_again_and_at_once_it_is_the_same(app, resident):
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(resident.post, "/me/erasure") for _ in range(3)]
    assert {answer.result().status_code for answer in answers} == {200}
    relay(app)
    assert left(app) == {"devices": 0, "notification_preferences": 0, "passkeys": 0, "contact": 0}


def test_what_is_registered_after_it_stays(app, resident, clock):
    resident.post("/me/erasure")
    clock.pass_by(seconds=1)
    resident.client.put("/api/v1/devices/phone", json=DEVICE, headers=resident.headers)
    relay(app)
    assert query(app, "select device_id from devices where removed_at is null") == [("phone",)]


def test_the_event_holds_none_of_what_was_removed(app, resident):
    resident.post("/me/erasure")
    [(data, person_id)] = query(app, "select data, person_id from events where kind = 'resident.data-erased'")
    assert (data, str(person_id)) == ({}, resident.id)


def test_it_is_explained_in_thai_too(app, resident):
    headers = resident.headers | {"Accept-Language": "th"}
    kept = resident.client.post("/api/v1/me/erasure", headers=headers).json["kept"]
    for name in ("purpose", "why", "until", "source"):
        assert all(any("\u0e00" < sign < "\u0e7f" for sign in each[name]) for each in kept), name


def test_the_thai_notice_is_thai_throughout():
    rows = [*privacy_documents.notice_rows("th"), *privacy_documents.RIGHTS["th"]]
    latin = re.findall(r"[A-Za-z]{2,}", " ".join(cell for row in rows for cell in row))
    assert set(latin) <= {"GET", "POST", "me", "export", "access", "log", "cases", "erasure"}


def test_all_that_is_kept_of_people_has_one_purpose():
    data = [name for each in purposes() for name in each.data]
    assert len(data) == len({*data})
    assert {*privacy_documents.personal_data()} <= {name for name in data if "." not in name}
    named = {f"{table}.{column.name}" for table, each in privacy_documents.personal_data().items() for column in each}
    assert {name for name in data if "." in name} <= named
    assert {table.name for table in exporting.exported_tables()} <= {*data}
    assert {each.key for each in purposes() if each.goes} == {"contact", "passkeys"}
