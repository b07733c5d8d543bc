"""Sign-ins belong to the person: seen, named, ended, and over at once."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from foundation import retention
from foundation.events import EventRecord
from immigration.models.access import TokenFamily
from notifications import rounds
from operations.services import services_of
from operations.subscribing import SUBSCRIBERS
from tests.access import make_app
from tests.authenticator import Authenticator
from tests.factories import ADDRESS, Resident, activate, arrived, code, load, officer, query, row

DEVICE = {"platform": "android", "kind": "fid", "target": "a-phone", "language": "en"}


@pytest.fixture
def phone(app) -> Resident:
    arrived(app)
    return activate(app)


def sessions(resident):
    answer = resident.get("/me/sessions")
    assert answer.status_code == 200
    return answer.json["items"]


def current(resident):
    return next(each["id"] for each in sessions(resident) if each["current"])


def delete(resident, path):
    return resident.client.delete(f"/api/v1{path}", headers=resident.headers)


def rename(resident, session_id, name="Phone"):
    return resident.client.patch(f"/api/v1/me/sessions/{session_id}", json={"name": name}, headers=resident.headers)


def register(resident, passkey):
    options = resident.post("/me/passkeys/options").json
    return resident.post("/me/passkeys", {"credential": passkey.create(options), "name": ""})


def use(app, given, number="TEST00001"):
    claim = {"document_number": number, "issuing_state": "FRA", "birth_date": "1990-01-02", "activation_code": given}
    return app.test_client().post("/api/v1/activations", json=claim)


def is_in(resident) -> bool:
    return resident.get("/me").status_code == 200


def is_out(resident) -> bool:
    """Whether neither token of a phone works."""
    refreshed = resident.client.post("/api/v1/tokens", json={"refresh_token": resident.refresh_token})
    return resident.get("/me").json["code"] == "invalid-token" and refreshed.status_code == 401


def kinds(app):
    return [kind for (kind,) in query(app, "select kind from events order by id")]


def messages(app):
    rounds.relay_round(services_of(app).database, SUBSCRIBERS)
    return query(app, "select kind, params ->> 'not_to' from notifications order by created_at, kind")


def test_a_person_sees_every_phone(app, phone, clock):
    clock.pass_by(minutes=3)
    other = activate(app, assurance="mail")
    listed = sessions(other)
    assert [(each["current"], each["assurance"]) for each in listed] == [(True, "mail"), (False, "counter")]
    assert listed[1]["last_used_at"] == listed[1]["created_at"] < listed[0]["created_at"]
    assert listed[0].keys() == {"id", "name", "assurance", "created_at", "last_used_at", "current"}
    clock.pass_by(minutes=3)
    phone.client.post("/api/v1/tokens", json={"refresh_token": phone.refresh_token})
    assert sessions(other)[0]["last_used_at"] > listed[0]["last_used_at"]


def test_a_phone_is_named_by_its_system_and_by_its_owner(app, phone):
    body = {"document_number": "TEST00001", "issuing_state": "FRA", "birth_date": "1990-01-02"}
    agent = {"User-Agent": "Mozilla/5.0 (Linux; Android 15; Pixel 9)"}
    phone.client.post("/api/v1/activations", json=body | {"activation_code": code(app)}, headers=agent)
    assert sorted(each["name"] for each in sessions(phone)) == ["", "Android"]
    renamed = rename(phone, current(phone), "โทรศัพท์ของฉัน")
    assert (renamed.status_code, renamed.json["name"]) == (200, "โทรศัพท์ของฉัน")


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 61}, {"name": 1}, {"name": "a", "more": 1}])
def test_a_name_that_is_none_is_refused(phone, body):
    answer = phone.client.patch(f"/api/v1/me/sessions/{current(phone)}", json=body, headers=phone.headers)
    assert answer.status_code == (200 if body == {"name": ""} else 422)


def test_another_phone_is_out_at_once_and_told(app, phone):
    other = activate(app)
    ended = current(other)
    assert delete(phone, f"/me/sessions/{ended}").status_code == 204
    assert is_out(other)
    assert is_in(phone)
    assert delete(phone, f"/me/sessions/{ended}").status_code == 204
    assert kinds(app).count("resident.sign-in-ended") == 1
    assert [kind for kind, _ in messages(app)][-1] == "resident.sign-in-ended"


def test_all_others_are_ended_in_one_go(app, phone):
    others = [activate(app) for _ in range(3)]
    assert delete(phone, "/me/sessions").status_code == 204
    assert all(map(is_out, others))
    assert [each["current"] for each in sessions(phone)] == [True]


def test_signing_out_ends_this_phone_only(app, phone):
    other = activate(app)
    answer = phone.post("/tokens/revocation")
    assert (answer.status_code, answer.data) == (204, b"")
    assert is_out(phone)
    assert is_in(other)
    assert phone.post("/tokens/revocation").status_code == 401
    assert "resident.signed-out" in kinds(app)


def test_a_phone_may_end_itself_whenever_it_was_activated(app, phone, clock):
    clock.pass_by(minutes=9)
    assert delete(phone, f"/me/sessions/{current(phone)}").status_code == 204
    assert is_out(phone)


def test_every_process_knows_within_a_second_what_another_one_ended(app, phone, clock, database):
    elsewhere = make_app(database, clock)
    there = Resident(elsewhere.test_client(), phone.headers, phone.id, phone.refresh_token)
    assert is_in(there)
    phone.post("/tokens/revocation")
    services_of(elsewhere).ended._read_at -= 1.0
    assert there.get("/me").json["code"] == "invalid-token"


def test_another_persons_sign_in_is_not_found_in_the_same_words_as_none(app, phone):
    load(app, "passports", row("passports", document_number="TEST00002"))
    stranger = activate(app, "TEST00002")
    theirs = delete(stranger, f"/me/sessions/{current(phone)}")
    none = delete(stranger, f"/me/sessions/{uuid4()}")
    assert (theirs.status_code, theirs.data) == (none.status_code, none.data)
    assert theirs.status_code == 404
    assert delete(stranger, "/me/sessions").status_code == 204
    assert is_in(phone)


def test_a_sign_in_ends_after_180_days_however_often_it_was_used(app, phone, clock):
    token = phone.refresh_token
    for _ in range(17):
        clock.pass_by(days=10)
        answer = phone.client.post("/api/v1/tokens", json={"refresh_token": token})
        assert answer.status_code == 201
        token = answer.json["refresh_token"]
    clock.pass_by(days=10)
    assert phone.client.post("/api/v1/tokens", json={"refresh_token": token}).status_code == 401


def test_a_sign_in_ends_after_180_days_whatever_its_token_says(app, phone, clock, database):
    with database.engine.begin() as connection:
        connection.exec_driver_sql("update refresh_tokens set expires_at = expires_at + interval '1 year'")
    clock.pass_by(days=180, seconds=-1)
    answer = phone.client.post("/api/v1/tokens", json={"refresh_token": phone.refresh_token})
    assert answer.status_code == 201
    clock.pass_by(seconds=1)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("update refresh_tokens set expires_at = expires_at + interval '1 year'")
    last = {"refresh_token": answer.json["refresh_token"]}
    assert phone.client.post("/api/v1/tokens", json=last).status_code == 401


def test_no_refresh_token_outlives_its_sign_in(app, phone, clock):
    clock.pass_by(days=89)
    token = phone.client.post("/api/v1/tokens", json={"refresh_token": phone.refresh_token}).json["refresh_token"]
    clock.pass_by(days=89)
    assert phone.client.post("/api/v1/tokens", json={"refresh_token": token}).status_code == 201
    ends = (
        "select max(t.expires_at) - min(f.created_at) from refresh_tokens t join token_families f on f.id = family_id"
    )
    assert query(app, ends) == [(timedelta(days=180),)]


@pytest.mark.parametrize("status", ["lost", "stolen"])
def test_what_a_passport_began_ends_as_it_is_reported_lost(app, phone, status):
    load(app, "passports", row("passports", document_number="TEST00002"))
    stranger = activate(app, "TEST00002")
    load(app, "passports", row("passports", status=status))
    services_of(app).ended._read_at -= 1.0
    assert is_out(phone)
    assert is_in(stranger)
    again = activate(app)
    load(app, "passports", row("passports", status=status, surname="DURANT"))
    services_of(app).ended._read_at -= 1.0
    assert is_in(again)
    assert query(app, "select data ->> 'because' from events where kind = 'resident.sign-in-ended'") == [
        ("passport-out-of-hand",)
    ]


@pytest.mark.parametrize("status", ["lost", "stolen"])
def test_a_passkey_registered_with_a_passport_is_removed_as_it_is_reported_lost(app, phone, status):
    load(app, "passports", row("passports", document_number="TEST00002"))
    stranger = activate(app, "TEST00002")
    for resident in (phone, stranger):
        assert register(resident, Authenticator()).status_code == 201
    load(app, "passports", row("passports", status=status))
    assert query(app, "select person_id::text from passkeys") == [(stranger.id,)]
    assert kinds(app).count("resident.passkey-removed") == 1
    again = activate(app)
    assert register(again, Authenticator()).status_code == 201
    load(app, "passports", row("passports", status=status, surname="DURANT"))
    assert len(again.get("/me/passkeys").json["items"]) == 1


@pytest.mark.parametrize("status", ["lost", "stolen"])
def test_a_code_from_before_a_passport_was_reported_lost_activates_nothing(app, phone, status):
    load(app, "passports", row("passports", document_number="TEST00002"))
    before, of_another = code(app), code(app, "TEST00002")
    load(app, "passports", row("passports", status=status))
    assert use(app, before).status_code == 401
    assert use(app, of_another, "TEST00002").status_code == 201
    again = code(app)
    load(app, "passports", row("passports", status=status, surname="DURANT"))
    assert use(app, again).status_code == 201


def test_a_sign_in_that_does_not_know_its_passport_ends_with_any_of_its_person(app, phone, database):
    load(app, "passports", row("passports", document_number="TEST00002"))
    stranger = activate(app, "TEST00002")
    with database.transaction() as session:
        session.execute(update(TokenFamily).values(passport_id=None))
    load(app, "passports", row("passports", status="lost"))
    services_of(app).ended._read_at -= 1.0
    assert is_out(phone)
    assert is_in(stranger)


def test_an_officer_and_the_command_line_end_all(app, phone):
    desk = officer(app)
    answer = desk.client.delete(f"/api/v1/review/residents/{phone.id}/sessions", headers=desk.headers)
    assert (answer.status_code, answer.json) == (200, {"ended": 1})
    assert is_out(phone)
    again = activate(app)
    command = ["sessions", "end", "--state", "FRA", "--document"]
    assert app.test_cli_runner().invoke(args=[*command, "TEST00001"]).output == "ended 1\n"
    services_of(app).ended._read_at -= 1.0
    assert is_out(again)
    assert app.test_cli_runner().invoke(args=[*command, "NOBODY"]).exit_code == 1


def test_an_officer_of_another_office_ends_nothing(app, phone):
    phone.file()
    desk = officer(app, "ploy", office="CMI")
    answer = desk.client.delete(f"/api/v1/review/residents/{phone.id}/sessions", headers=desk.headers)
    assert answer.status_code == 404
    assert is_in(phone)


def contact(resident, **changes):
    return resident.client.patch("/api/v1/me", json=changes or {"email": "new@example.org"}, headers=resident.headers)


def protected(app, resident):
    """The calls that a thief of an unlocked phone would make."""
    number = resident.file(subdistrict_code="103901").json["number"]
    other = activate(app)
    return {
        "contact": lambda: contact(resident),
        "one session": lambda: delete(resident, f"/me/sessions/{current(other)}"),
        "all sessions": lambda: delete(resident, "/me/sessions"),
        "withdrawal": lambda: resident.post(f"/reports/{number}/withdrawal"),
        "address of an accepted report": lambda: correct_address(app, resident, number),
    }


def correct_address(app, resident, number):
    """Correct the address of a report that was accepted, as it stands in the database since an officer decided."""
    if query(app, f"select status from reports where number = '{number}'") != [("accepted",)]:
        decision = {"outcome": "accepted", "reasons": []}
        staff = officer(app, office=query(app, f"select office from reports where number = '{number}'")[0][0])
        assert staff.post(f"/review/reports/{number}/decision", decision).status_code == 200
    address = {"address": ADDRESS | {"house_number": "11", "subdistrict_code": "103901"}}
    return resident.post(f"/reports/{number}/address-correction", address, **{"Idempotency-Key": "slip"})


@pytest.mark.parametrize(
    "name", ["contact", "one session", "all sessions", "withdrawal", "address of an accepted report"]
)
def test_what_matters_needs_a_sign_in_of_the_last_five_minutes(app, clock, name):
    arrived(app, "2026-09-01")
    resident = activate(app, assurance="mail")
    call = protected(app, resident)[name]
    clock.pass_by(minutes=5, seconds=1)
    answer = call()
    assert (answer.status_code, answer.json["code"]) == (403, "verification-required")
    assert answer.json["methods"] == ["activation"]
    clock.pass_by(seconds=-1)
    assert call().status_code in (200, 201, 204)


def test_the_language_may_be_changed_whenever(phone, clock):
    clock.pass_by(minutes=9)
    assert contact(phone, language="th").status_code == 200
    assert contact(phone, email=None).status_code == 200  # nothing changes


def test_after_recovery_by_mail_a_day_passes_before_anything_is_taken_over(app, phone, clock):
    thief = activate(app, assurance="mail")
    assert thief.file().status_code == 201
    for call in (
        lambda: contact(thief),
        lambda: delete(thief, f"/me/sessions/{current(phone)}"),
        lambda: delete(thief, "/me/sessions"),
        lambda: rename(thief, current(phone)),
        lambda: rename(thief, current(thief)),
    ):
        assert (call().status_code, call().json["code"]) == (403, "recovery-wait")
    assert "until" in contact(thief).json
    assert messages(app)[-1][0] == "resident.activated"
    assert contact(phone).status_code == 200
    clock.pass_by(days=1)
    token = thief.client.post("/api/v1/tokens", json={"refresh_token": thief.refresh_token}).json["access_token"]
    thief.headers = {"Authorization": f"Bearer {token}"}
    assert contact(thief, email="thief@example.org").json["code"] == "verification-required"


@pytest.mark.parametrize("left", ["report", "contact", "passkey"])
def test_a_recovery_waits_too_once_the_former_sign_ins_were_removed(app, phone, clock, left):
    if left == "report":
        phone.file()
    elif left == "contact":
        contact(phone)
    else:
        assert register(phone, Authenticator()).status_code == 201
    clock.pass_by(days=200)
    retention.enforce(services_of(app).database, now=clock())
    assert query(app, "select count(*) from token_families") == [(0,)]
    thief = activate(app, assurance="mail")
    assert contact(thief, email="thief@example.org").json["code"] == "recovery-wait"


def test_the_first_activation_by_mail_has_nobody_to_wait_for(app):
    arrived(app)
    assert contact(activate(app, assurance="mail")).status_code == 200


def test_a_code_from_a_counter_waits_for_nothing(app, phone):
    assert contact(activate(app)).status_code == 200


def put(resident, device_id="phone", **changes):
    return resident.client.put(f"/api/v1/devices/{device_id}", json=DEVICE | changes, headers=resident.headers)


def test_another_person_does_not_take_a_push_address_over(app, phone):
    load(app, "passports", row("passports", document_number="TEST00002"))
    stranger = activate(app, "TEST00002")
    assert put(phone).status_code == 200
    answer = put(stranger, "another")
    assert (answer.status_code, answer.json["code"]) == (409, "device-of-another")
    assert query(app, "select count(*) from devices where removed_at is null") == [(1,)]
    phone.post("/tokens/revocation")
    messages(app)
    assert put(stranger, "another").status_code == 200


def test_the_same_person_takes_their_device_over_with_a_new_sign_in(app, phone):
    assert put(phone).status_code == 200
    again = activate(app)
    assert put(again).status_code == 200
    assert put(again, "renamed").status_code == 200
    assert query(app, "select device_id from devices where removed_at is null") == [("renamed",)]


def test_a_phone_that_is_signed_out_gets_no_more_messages(app, phone):
    other = activate(app)
    put(other)
    delete(phone, f"/me/sessions/{current(other)}")
    messages(app)
    assert query(app, "select removed_because from devices") == [("its sign-in ended",)]


def test_a_session_that_ended_is_on_record_with_who_ended_it(app, phone, database):
    other = activate(app)
    delete(phone, "/me/sessions")
    with database.read_session() as session:
        event = session.scalars(select(EventRecord).where(EventRecord.kind == "resident.sign-in-ended")).one()
        family = session.get_one(TokenFamily, UUID(event.data["family"]))
    assert (event.actor, event.data["because"]) == (f"resident:{phone.id}", "by-owner")
    assert family.revoked_at is not None
    assert is_out(other)
