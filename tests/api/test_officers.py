"""Officers signing in and out."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import pyotp
import pytest
from sqlalchemy import select

from foundation.errors import Unavailable
from foundation.events import EventRecord
from immigration.models.access import Officer, OfficerSession
from immigration.services import officers, passwords
from immigration.services.passwords import Slots, WeakPassword
from operations.services import services_of
from tests.access import make_app
from tests.conftest import NOW
from tests.factories import together

PASSWORD = "correct horse battery"


@pytest.fixture
def app(database, clock):
    with database.transaction() as session:
        officers.add(session, "anan", password=PASSWORD, role="officer", office="BKK", actor="tests", now=NOW)
    return make_app(database, clock)


def sign_in(client, password=PASSWORD, name="anan", **more):
    return client.post("/api/v1/officers/sessions", json={"name": name, "password": password} | more)


def token_of(client) -> str:
    return sign_in(client).json["access_token"]


def knows(client, token) -> bool:
    """Whether the token is somebody's: a resident's route then refuses the role, not the token."""
    return client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 403


def failed(answer) -> bool:
    return (answer.status_code, answer.json["code"]) == (401, "sign-in-failed")


def kinds(database):
    with database.read_session() as session:
        return session.scalars(select(EventRecord.kind).order_by(EventRecord.id)).all()


def test_an_officer_signs_in(client, database):
    answer = sign_in(client)
    assert answer.status_code == 201
    assert answer.json.pop("access_token").startswith("ofc_")
    assert answer.json | {"access_token": ""} == {
        "access_token": "",
        "token_type": "Bearer",
        "expires_in": 43200,
        "role": "officer",
        "office": "BKK",
        "offices": ["BKK"],
        "name": "anan",
    }
    assert kinds(database) == ["officer.added", "officer.signed-in"]


def test_the_token_stands_for_role_office_and_name(app, client):
    who = services_of(app).authenticate(token_of(client))
    assert (who.role, who.offices, who.name, who.actor) == ("officer", {"BKK"}, "anan", "officer:anan")


def test_neither_password_nor_token_is_kept(client, database):
    token = token_of(client)
    with database.read_session() as session:
        officer, sitting = session.scalars(select(Officer)).one(), session.scalars(select(OfficerSession)).one()
    assert officer.password_hash.startswith("$argon2id$")
    assert token.encode() not in sitting.token_digest


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"name": "nobody"}, {"name": "ANAN"}, {"password": "รหัส"}])
def test_what_is_wrong_is_not_said(client, wrong):
    answers = [sign_in(client, **wrong), sign_in(client, password="wrong again")]
    assert all(map(failed, answers))
    assert answers[0].data == answers[1].data


def test_an_unknown_name_takes_as_long_as_a_wrong_password(client):
    def took(name):
        began = time.process_time()
        sign_in(client, "wrong", name)
        return time.process_time() - began

    took("nobody")
    known, unknown = [statistics.median(took(name) for _ in range(4)) for name in ("anan", "nobody")]
    assert unknown > known / 2


def waits(answer) -> bool:
    return (answer.status_code, answer.json["code"]) == (429, "too-many-requests")


def elsewhere(client, password=PASSWORD):
    """Sign in from another network."""
    body = {"name": "anan", "password": password}
    return client.post("/api/v1/officers/sessions", json=body, environ_overrides={"REMOTE_ADDR": "192.0.2.9"})


def test_five_wrong_passwords_make_a_network_wait_and_no_account(client, clock, database):
    for _ in range(5):
        assert failed(sign_in(client, "wrong"))
    answer = sign_in(client)
    assert waits(answer)
    assert answer.headers["Retry-After"] == "30"
    assert kinds(database)[-1] == "officer.locked-out"
    assert elsewhere(client).status_code == 201
    clock.pass_by(seconds=29)
    assert waits(sign_in(client))
    clock.pass_by(seconds=1)
    assert sign_in(client).status_code == 201


def test_a_name_that_is_no_account_is_throttled_alike(client):
    answers = [sign_in(client, "wrong", name="nobody") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


def test_beyond_the_limit_no_password_is_hashed(client, monkeypatch):
    for _ in range(5):
        sign_in(client, "wrong")
    began = time.process_time()
    assert waits(sign_in(client, "wrong"))
    refused = time.process_time() - began
    began = time.process_time()
    assert failed(elsewhere(client, "wrong"))
    assert refused < (time.process_time() - began) / 2


def test_a_success_forgets_earlier_failures(client):
    for _ in range(2):
        for _ in range(4):
            assert failed(sign_in(client, "wrong"))
        assert sign_in(client).status_code == 201


def test_guesses_made_at_once_get_no_more_than_five_tries(app, database):
    with ThreadPoolExecutor(8) as pool:
        guesses = [pool.submit(sign_in, app.test_client(), f"wrong {n}") for n in range(12)]
    statuses = [guess.result().status_code for guess in guesses]
    assert statuses.count(401) <= 5
    assert statuses.count(429) == 7
    assert set(statuses) <= {401, 429, 503}  # 503: three of a network are hashed or wait at a time
    assert waits(sign_in(app.test_client()))


def test_a_session_ends_when_nothing_is_asked_for_half_an_hour(client, clock):
    token = token_of(client)
    for _ in range(3):
        clock.pass_by(minutes=29)
        assert knows(client, token)
    clock.pass_by(minutes=30)
    assert not knows(client, token)


def test_a_session_ends_after_twelve_hours_whatever_is_asked(client, clock):
    token = token_of(client)
    for _ in range(35):
        clock.pass_by(minutes=20)
        assert knows(client, token)
    clock.pass_by(minutes=20)
    assert not knows(client, token)


def test_use_is_noted_once_a_minute(client, clock, database):
    def seen():
        with database.read_session() as session:
            return session.scalars(select(OfficerSession.seen_at)).one()

    token = token_of(client)
    clock.pass_by(seconds=59)
    assert knows(client, token)
    assert seen() == NOW
    clock.pass_by(seconds=1)
    assert knows(client, token)
    assert seen() == clock.moment


def test_signing_out_ends_this_session_only(client):
    one, other = token_of(client), token_of(client)
    answer = client.delete("/api/v1/officers/sessions/current", headers={"Authorization": f"Bearer {one}"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert not knows(client, one)
    assert knows(client, other)


def test_a_closed_account_is_out_at_once(client, database):
    token = token_of(client)
    with database.transaction() as session:
        officers.disable(session, "anan", actor="tests", now=NOW)
    assert not knows(client, token)
    assert failed(sign_in(client))


def test_a_closed_account_has_no_session_even_where_one_is_left(client, database):
    token = token_of(client)
    with database.transaction() as session:
        session.scalars(select(Officer)).one().disabled_at = NOW
    assert not knows(client, token)


def test_a_password_that_is_replaced_while_it_is_checked_signs_nobody_in(client, database, monkeypatch):
    def replaced(*_, **__):
        with database.transaction() as session:
            officers.set_password(session, "anan", "another horse battery", actor="tests", now=NOW)
        return True

    monkeypatch.setattr(passwords, "matches", replaced)
    assert failed(sign_in(client))


def test_another_password_ends_sessions(client, database):
    token = token_of(client)
    with database.transaction() as session:
        officers.set_password(session, "anan", "another horse battery", actor="tests", now=NOW)
    assert not knows(client, token)
    assert failed(sign_in(client))
    assert sign_in(client, "another horse battery").status_code == 201


@pytest.fixture
def factor(app, database):
    """The second factor of the account, in the officer's hand."""
    with database.transaction() as session:
        uri = officers.set_up_totp(session, "anan", actor="tests", now=NOW)
    return pyotp.parse_uri(uri)


def test_another_authenticator_app_ends_sessions(client, database):
    token = token_of(client)
    with database.transaction() as session:
        officers.set_up_totp(session, "anan", actor="tests", now=NOW)
    assert not knows(client, token)


def test_a_second_factor_is_asked_for_once_set_up(client, factor):
    assert failed(sign_in(client))
    assert failed(sign_in(client, totp="000000"))
    assert failed(sign_in(client, totp="๐๐๐๐๐๐"))
    assert failed(sign_in(client, "wrong", totp=factor.at(NOW)))
    assert sign_in(client, totp=factor.at(NOW)).status_code == 201


def test_a_second_factor_is_taken_once(client, clock, factor):
    code = factor.at(NOW)
    assert sign_in(client, totp=code).status_code == 201
    assert failed(sign_in(client, totp=code))
    clock.pass_by(seconds=30)
    assert sign_in(client, totp=factor.at(clock.moment)).status_code == 201


@pytest.mark.parametrize(("seconds", "taken"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_clock_may_be_half_a_minute_off(client, factor, seconds, taken):
    code = factor.at(int(NOW.timestamp()) + seconds)
    assert sign_in(client, totp=code).status_code == (201 if taken else 401)


def test_of_two_sign_ins_with_one_code_at_once_one_succeeds(app, clock, factor, monkeypatch):
    monkeypatch.setattr(passwords, "matches", lambda *_, **__: True)  # they arrive together
    for _ in range(5):
        answers = together([partial(sign_in, app.test_client(), totp=factor.at(clock())) for _ in range(2)])
        assert sorted(answer.status_code for answer in answers) == [201, 401]
        clock.pass_by(seconds=30)


def test_the_secret_of_a_second_factor_is_sealed(app, factor, database):
    with database.engine.connect() as connection:
        kept = connection.exec_driver_sql("select totp_secret from officers").scalar_one()
    assert factor.secret.encode() not in kept


@pytest.mark.parametrize("body", [{}, {"name": "anan"}, {"name": "anan", "password": "x" * 257}, {"name": 1}])
def test_a_malformed_sign_in_is_refused(client, body):
    assert client.post("/api/v1/officers/sessions", json=body).status_code == 422


def test_a_flood_from_one_network_leaves_slots_to_others():
    slots = Slots(at_once=2, waiting=4, each=3)
    with ExitStack() as inside:
        for _ in range(2):
            inside.enter_context(slots.take("flood"))
        slots._inside["flood"] += 1  # a third that waits
        with pytest.raises(Unavailable), slots.take("flood"):
            pass
        slots._inside["second flood"] += 3
        with pytest.raises(Unavailable), slots.take("honest"):
            pass  # more than six would hold memory and threads
    slots._inside.clear()
    with slots.take("honest"):
        assert slots._inside["honest"] == 1
    assert slots._inside == {}


def test_an_officers_token_opens_no_residents_route_and_the_other_way_round(client):
    assert knows(client, token_of(client))
    assert client.delete("/api/v1/officers/sessions/current").status_code == 401


@pytest.mark.parametrize("name", ["anan", "Anan"])
def test_two_officers_cannot_share_a_name(app, database, name):
    with pytest.raises(officers.OfficerExists), database.transaction() as session:
        officers.add(session, name, password=PASSWORD, role="auditor", office=None, actor="tests", now=NOW)


@pytest.mark.parametrize("weak", ["fourteen chars", "password1234567", "iamploysawadee-2026"])
def test_a_weak_password_is_refused(database, weak):
    with pytest.raises(WeakPassword), database.transaction() as session:
        officers.add(session, "ploy", password=weak, role="auditor", office=None, actor="tests", now=NOW)
    with database.transaction() as session:
        officers.add(session, "ploy", password=PASSWORD, role="auditor", office=None, actor="tests", now=NOW)
    with pytest.raises(WeakPassword), database.transaction() as session:
        officers.set_password(session, "ploy", weak, actor="tests", now=NOW)
