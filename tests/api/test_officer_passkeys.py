"""Officers' second factor: required in production, registered with a code of first use, and the way in."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyotp
import pytest
from sqlalchemy import select

from foundation.events import EventRecord
from foundation.http import SESSION_COOKIE
from immigration.models.access import Officer
from immigration.services import officer_passkeys, officers, passwords
from tests.access import SETTINGS, make_app
from tests.authenticator import PRESENT, Authenticator
from tests.conftest import NOW, application, as_served
from tests.factories import query

PASSWORD = "correct horse battery"
BASE = "/api/v1/officers"
PASSKEYS = f"{BASE}/passkeys"
PRODUCTION = replace(SETTINGS, environment="production")


@pytest.fixture
def account(database):
    with database.transaction() as session:
        officers.add(session, "anan", password=PASSWORD, role="officer", office="BKK", actor="tests", now=NOW)


@pytest.fixture
def app(account, database, clock):
    return application(as_served(database), settings=PRODUCTION, clock=clock)


def first_use_code(database, *, replace=False, now=NOW):
    with database.transaction() as session:
        return officer_passkeys.issue_code(session, "anan", replace=replace, actor="tests", now=now)


def first_use(client, given, passkey, **changes):
    """Register a first passkey; the first answer that is not as it should be, else the last."""
    asked = {"name": "anan", "password": PASSWORD, "code": given} | changes
    options = client.post(f"{PASSKEYS}/first/options", json=asked)
    if options.status_code != 200:
        return options
    made = {"credential": passkey.create(options.json), "passkey_name": "Desk"}
    return client.post(f"{PASSKEYS}/first", json=asked | made)


def registered(client, database, **made):
    passkey = Authenticator(**made)
    assert first_use(client, first_use_code(database), passkey).status_code == 201
    return passkey


def proof(client, passkey):
    return {"credential": passkey.get(client.post(f"{PASSKEYS}/sign-in/options").json)}


def sign_in(client, passkey):
    return client.post(f"{PASSKEYS}/sign-in", json=proof(client, passkey))


def bearer(client, passkey):
    answer = sign_in(client, passkey)
    assert answer.status_code == 201, answer.json
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def with_password(client, **more):
    return client.post(f"{BASE}/sessions", json={"name": "anan", "password": PASSWORD} | more)


def refused(answer, code="sign-in-failed", status=401):
    return (answer.status_code, answer.json["code"]) == (status, code)


def changes(database):
    with database.read_session() as session:
        rows = session.scalars(select(EventRecord).order_by(EventRecord.id)).all()
        return [row.data["change"] for row in rows if row.kind == "officer.changed"]


def test_in_production_a_password_alone_signs_nobody_in(client):
    assert refused(with_password(client))
    own_page = {"Sec-Fetch-Site": "same-origin"}
    body = {"name": "anan", "password": PASSWORD}
    assert refused(client.post("/api/v1/console/session", json=body, headers=own_page))


def test_a_password_with_an_authenticator_app_does(client, database):
    with database.transaction() as session:
        factor = pyotp.parse_uri(officers.set_up_totp(session, "anan", actor="tests", now=NOW))
    assert with_password(client, totp=factor.at(NOW)).status_code == 201


def test_a_code_of_first_use_registers_a_passkey_and_opens_nothing_else(client, database):
    code = first_use_code(database)
    assert refused(with_password(client, totp=code))
    answer = first_use(client, code.lower().replace("-", " "), passkey := Authenticator())
    assert (answer.status_code, answer.json["name"]) == (201, "Desk")
    assert query_sessions(database) == 0
    answer = sign_in(client, passkey)
    assert (answer.status_code, answer.json["role"], answer.json["offices"]) == (201, "officer", ["BKK"])
    assert refused(with_password(client))
    assert changes(database) == ["first-use-code", "passkey-added"]


def test_a_code_of_first_use_does_not_go_with_a_password_that_is_replaced_meanwhile(client, database, monkeypatch):
    code = first_use_code(database)

    def replaced(*_, **__):
        with database.transaction() as session:
            officers.set_password(session, "anan", "another horse battery", actor="tests", now=NOW)
        return True

    monkeypatch.setattr(passwords, "matches", replaced)
    assert refused(first_use(client, code, Authenticator()))


def test_a_passkey_of_a_closed_account_signs_nobody_in_even_where_one_is_left(client, database):
    passkey = registered(client, database)
    with database.transaction() as session:
        session.scalars(select(Officer)).one().disabled_at = NOW
    assert refused(sign_in(client, passkey), "passkey-failed")


def query_sessions(database):
    with database.engine.connect() as connection:
        return connection.exec_driver_sql("select count(*) from officer_sessions").scalar_one()


def test_a_code_of_first_use_works_once(client, database):
    code = first_use_code(database)
    assert first_use(client, code, Authenticator()).status_code == 201
    assert refused(first_use(client, code, Authenticator()))


def test_a_code_of_first_use_ends_after_a_day_and_with_the_next_one(client, database, clock):
    old, code = first_use_code(database), first_use_code(database)
    assert refused(first_use(client, old, Authenticator()))
    clock.pass_by(hours=24, seconds=-1)
    assert first_use(client, code, Authenticator()).status_code == 201
    code = first_use_code(database, now=clock.moment)
    clock.pass_by(hours=24)
    assert refused(first_use(client, code, Authenticator()))


@pytest.mark.parametrize("wrong", [{"code": "AAAAA-AAAAA"}, {"password": "wrong"}, {"name": "nobody"}, {"code": "๐"}])
def test_what_is_wrong_with_a_first_use_is_not_said(client, database, wrong):
    answers = [first_use(client, first_use_code(database), Authenticator(), **each) for each in (wrong, {"code": "X"})]
    assert all(map(refused, answers))
    assert answers[0].data == answers[1].data


def test_an_account_without_a_code_registers_nothing(client):
    assert refused(first_use(client, "AAAAA-AAAAA", Authenticator()))


def test_codes_of_first_use_cannot_be_guessed_at_will(client, database):
    code = first_use_code(database)
    for _ in range(5):
        assert refused(first_use(client, "AAAAA-AAAAA", Authenticator()))
    assert refused(first_use(client, code, Authenticator()), "too-many-requests", 429)


def test_a_closed_account_registers_nothing_and_its_passkeys_are_gone(client, database):
    passkey, code = registered(client, database), first_use_code(database)
    with database.transaction() as session:
        officers.disable(session, "anan", actor="tests", now=NOW)
    assert refused(sign_in(client, passkey), "passkey-failed")
    assert refused(first_use(client, code, Authenticator()))


def test_a_first_use_with_a_wrong_answer_keeps_the_code(client, database):
    code = first_use_code(database)
    asked = {"name": "anan", "password": PASSWORD, "code": code}
    for credential in ({}, {"response": []}, {"response": {"clientDataJSON": "e30"}}):
        answer = client.post(f"{PASSKEYS}/first", json=asked | {"credential": credential})
        assert refused(answer, "invalid-passkey", 422)
        assert client.post(f"{PASSKEYS}/first/options", json=asked).status_code == 200
    assert first_use(client, code, Authenticator()).status_code == 201


def test_of_two_first_uses_at_once_one_is_taken(app, database):
    code = first_use_code(database)
    with ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(first_use, app.test_client(), code, Authenticator()) for _ in range(2)]
    assert sorted(each.result().status_code for each in tries) == [201, 401]


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://reports.example.evil"},
        {"site": "evil.example"},
        {"flags": PRESENT},
        {"counter": -1},
        {"key": Authenticator().key},
        {"id": b"unknown"},
    ],
)
def test_an_answer_that_is_not_the_owners_signs_nobody_in(client, database, changed):
    passkey = registered(client, database)
    assert sign_in(client, passkey).status_code == 201
    assert refused(sign_in(client, replace(passkey, **changed)), "passkey-failed")


def test_an_answer_is_taken_once_and_within_five_minutes(client, database, clock):
    passkey = registered(client, database, counts=False)
    given = proof(client, passkey)
    assert client.post(f"{PASSKEYS}/sign-in", json=given).status_code == 201
    assert refused(client.post(f"{PASSKEYS}/sign-in", json=given), "passkey-failed")
    late = proof(client, passkey)
    clock.pass_by(minutes=5)
    assert refused(client.post(f"{PASSKEYS}/sign-in", json=late), "passkey-failed")


def test_challenges_of_residents_are_none_for_officers_and_the_other_way_round(client, database):
    passkey = registered(client, database)
    residents = passkey.get(client.post("/api/v1/passkeys/sign-in/options").json)
    assert refused(client.post(f"{PASSKEYS}/sign-in", json={"credential": residents}), "passkey-failed")
    assert refused(client.post("/api/v1/passkeys/sign-in", json=proof(client, passkey)), "passkey-failed")


def test_a_failed_passkey_is_recorded_for_its_account(client, database):
    passkey = registered(client, database)
    sign_in(client, replace(passkey, origin="https://evil.example"))
    with database.read_session() as session:
        assert session.scalars(select(EventRecord.kind).order_by(EventRecord.id)).all()[-1] == "officer.sign-in-failed"


def test_the_console_signs_in_with_a_passkey_on_its_own_page_only(app, client, database):
    passkey, browser = registered(client, database), app.test_client(use_cookies=False)
    path = "/api/v1/console/session/passkey"
    answer = browser.post(path, json=proof(client, passkey), headers={"Sec-Fetch-Site": "cross-site"})
    assert refused(answer, "other-origin", 403)
    answer = browser.post(path, json=proof(client, passkey), headers={"Sec-Fetch-Site": "same-origin"})
    assert (answer.status_code, answer.json["name"]) == (201, "anan")
    assert answer.headers["Set-Cookie"].startswith(f"{SESSION_COOKIE}=ofc_")


def test_more_passkeys_are_added_and_removed_just_after_signing_in(client, database, clock):
    headers = bearer(client, registered(client, database))
    second = Authenticator()
    clock.pass_by(seconds=1)
    options = client.post(f"{PASSKEYS}/options", headers=headers).json
    added = client.post(PASSKEYS, json={"credential": second.create(options), "name": "Key"}, headers=headers)
    assert added.status_code == 201
    listed = client.get(PASSKEYS, headers=headers).json["items"]
    assert [each["name"] for each in listed] == ["Desk", "Key"]
    clock.pass_by(minutes=5, seconds=1)
    late = [
        client.post(f"{PASSKEYS}/options", headers=headers),
        client.post(PASSKEYS, json={"credential": {}}, headers=headers),
        client.delete(f"{PASSKEYS}/{listed[0]['id']}", headers=headers),
    ]
    assert all(refused(answer, "verification-required", 403) for answer in late)
    headers = bearer(client, second)
    assert client.delete(f"{PASSKEYS}/{listed[0]['id']}", headers=headers).status_code == 204
    last = client.delete(f"{PASSKEYS}/{listed[1]['id']}", headers=headers)
    assert refused(last, "last-second-factor", 409)
    assert changes(database) == ["first-use-code", "passkey-added", "passkey-added", "passkey-removed"]


def test_a_passkey_of_another_account_is_not_found(client, database):
    with database.transaction() as session:
        officers.add(session, "ploy", password=PASSWORD, role="officer", office="BKK", actor="tests", now=NOW)
        code = officer_passkeys.issue_code(session, "ploy", replace=False, actor="tests", now=NOW)
    mine, theirs = registered(client, database), Authenticator()
    assert first_use(client, code, theirs, name="ploy").status_code == 201
    (their_id,) = [each["id"] for each in client.get(PASSKEYS, headers=bearer(client, theirs)).json["items"]]
    answer = client.delete(f"{PASSKEYS}/{their_id}", headers=bearer(client, mine))
    assert refused(answer, "unknown-passkey", 404)
    assert sign_in(client, theirs).status_code == 201


def test_a_passkey_is_registered_once_and_ten_at_most(client, database):
    passkey = registered(client, database)
    headers = bearer(client, passkey)

    def add(each):
        options = client.post(f"{PASSKEYS}/options", headers=headers).json
        return client.post(PASSKEYS, json={"credential": each.create(options)}, headers=headers)

    assert refused(add(passkey), "passkey-exists", 409)
    assert [add(Authenticator()).status_code for _ in range(10)] == [201] * 9 + [409]


def test_lost_devices_are_replaced_and_what_they_opened_ends(client, database):
    lost = registered(client, database)
    headers = bearer(client, lost)
    code = first_use_code(database, replace=True)
    assert client.get(PASSKEYS, headers=headers).status_code == 401
    assert refused(sign_in(client, lost), "passkey-failed")
    assert first_use(client, code, found := Authenticator()).status_code == 201
    assert sign_in(client, found).status_code == 201


def test_outside_production_a_passkey_once_registered_is_asked_for(account, database, clock):
    app = make_app(database, clock)
    client = app.test_client()
    assert with_password(client).status_code == 201
    passkey = registered(client, database)
    assert refused(with_password(client))
    assert sign_in(client, passkey).status_code == 201


def test_the_code_is_kept_as_a_keyed_digest(app, database):
    code = first_use_code(database)
    with database.read_session() as session:
        kept = session.scalars(select(Officer.first_use_digest)).one()
    assert code.encode() not in kept
    assert query(app, "select first_use_ends_at is not null from officers") == [(True,)]
