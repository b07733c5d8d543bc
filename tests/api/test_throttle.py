"""Where the throttle stands, and that others than the one who failed do not notice it."""

from datetime import timedelta

import pytest

from foundation import throttle
from foundation.throttle import Throttle
from immigration.registries.access import limits
from immigration.rules.access import Throttled
from tests.access import DETAILS, activate, add_person, code_for
from tests.authenticator import Authenticator
from tests.conftest import NOW
from tests.factories import activate as activate_resident
from tests.factories import arrived, officer, query

ELSEWHERE = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.9"}}


def allowed(operation):
    return limits(NOW.date())[operation].allowed


def ask_for_a_code(client, **more):
    return client.post("/api/v1/activations/requests", json=DETAILS | more.pop("details", {}), **more)


def refresh(client, token):
    return client.post("/api/v1/tokens", json={"refresh_token": token})


def verify(client, receipt):
    return client.post("/api/v1/receipts/verify", json={"receipt": receipt})


def is_refused(answer) -> bool:
    return (answer.status_code, answer.json["code"]) == (429, "too-many-requests") and int(
        answer.headers["Retry-After"]
    ) >= 1


def test_codes_by_mail_are_asked_for_three_times_an_hour(app, client, clock):
    assert [ask_for_a_code(client).status_code for _ in range(3)] == [202] * 3
    answer = ask_for_a_code(client)
    assert is_refused(answer)
    assert answer.headers["Retry-After"] == "3600"
    assert query(app, "select count(*) from activation_requests") == [(3,)]
    clock.pass_by(hours=1)
    assert ask_for_a_code(client).status_code == 202


def test_a_request_of_another_network_or_person_is_not_refused(client):
    for _ in range(4):
        ask_for_a_code(client)
    assert ask_for_a_code(client, **ELSEWHERE).status_code == 202
    assert ask_for_a_code(client, details={"document_number": "EX1000002"}).status_code == 202


def test_a_passport_on_record_and_one_that_is_not_are_refused_alike(client, database):
    add_person(database, email="chloe@example.org")
    answers = {
        number: [ask_for_a_code(client, details={"document_number": number}) for _ in range(4)]
        for number in ("EX1000001", "EX9999999")
    }
    known, unknown = answers.values()
    assert [(a.status_code, a.data, dict(a.headers).keys()) for a in known] == [
        (a.status_code, a.data, dict(a.headers).keys()) for a in unknown
    ]


def test_requests_of_a_network_that_sent_many_wait_behind_those_of_others(app, client):
    for number in range(5):
        ask_for_a_code(client, details={"document_number": f"EX900000{number}"})
    ask_for_a_code(client, **ELSEWHERE)
    assert query(app, "select place from activation_requests order by place") == [(1,), (1,), (2,), (3,), (4,), (5,)]


def test_a_network_that_asked_for_thousands_of_codes_waits_and_nothing_is_stored(app, client, database):
    key = throttle.key_of(Throttled.CODE_REQUEST_NETWORK, "127.0.0.0/24", "")
    count, later = allowed(Throttled.CODE_REQUEST_NETWORK), NOW + timedelta(seconds=1)
    with database.transaction() as session:
        session.add(Throttle(key=key, count=count, next_at=later, expires_at=NOW + timedelta(hours=1)))
    assert is_refused(ask_for_a_code(client))
    assert query(app, "select count(*) from activation_requests") == [(0,)]
    assert ask_for_a_code(client, **ELSEWHERE).status_code == 202


def test_wrong_refresh_tokens_are_refused_and_a_right_one_is_not(client, database):
    add_person(database)
    right = activate(client, code_for(database)).json["refresh_token"]
    answers = [refresh(client, f"wrong {n}").status_code for n in range(allowed(Throttled.REFRESH))]
    assert set(answers) == {401}
    assert is_refused(refresh(client, "wrong again"))
    assert refresh(client, right).status_code == 201


def prove(client, passkey):
    return passkey.get(client.post("/api/v1/passkeys/sign-in/options").json)


@pytest.mark.parametrize("path", ["/passkeys/sign-in", "/me/verification"])
def test_passkeys_of_nobody_are_refused_and_a_right_one_is_not(app, client, path):
    arrived(app)
    resident, right = activate_resident(app), Authenticator()
    made = right.create(resident.post("/me/passkeys/options").json)
    assert resident.post("/me/passkeys", {"credential": made, "name": ""}).status_code == 201
    wrong = {"credential": prove(client, Authenticator())}
    answers = [resident.post(path, wrong).status_code for _ in range(allowed(Throttled.PASSKEY_SIGN_IN))]
    assert len(set(answers)) == 1
    assert is_refused(resident.post(path, wrong))
    assert resident.post(path, {"credential": prove(client, right)}).status_code in (201, 204)


def test_made_up_receipts_are_refused_and_a_real_one_is_not(app, client):
    arrived(app)
    number = activate_resident(app).file().json["number"]
    answers = [verify(client, "R26-XXXX").status_code for _ in range(allowed(Throttled.VERIFICATION))]
    assert set(answers) == {200}
    assert is_refused(verify(client, "R26-XXXX"))
    assert verify(client, number).json["says"]["report"] == number


def test_an_officer_who_tries_numbers_out_is_refused(app):
    arrived(app)
    someone, other = officer(app, "somchai"), officer(app, "anan")
    wrong = {"document_number": "NOBODY1", "issuing_state": "FRA", "purpose": "counter"}
    right = wrong | {"document_number": "TEST00001"}
    for _ in range(allowed(Throttled.LOOK_UP) + 5):
        assert someone.post("/review/residents/search", right).status_code == 200
    for _ in range(allowed(Throttled.LOOK_UP)):
        assert someone.post("/review/residents/search", wrong).status_code == 404
    assert is_refused(someone.post("/review/residents/search", right))
    assert other.post("/review/residents/search", right).status_code == 200


def test_an_officer_who_asks_for_a_look_at_number_after_number_is_refused(app):
    staff = officer(app, office="CMI")
    asked = {"issuing_state": "FRA", "purpose": "counter", "reason": "Stands before me."}
    for number in range(allowed(Throttled.LOOK_UP)):
        answer = staff.post("/review/residents/search", asked | {"document_number": f"NOBODY{number}"})
        assert answer.status_code == 202
    assert is_refused(staff.post("/review/residents/search", asked | {"document_number": "NOBODY"}))


def test_thousands_of_right_activations_from_one_network_are_not_refused(app, client, database):
    limit = allowed(Throttled.ACTIVATION_NETWORK)
    for number in range(limit + 20):
        add_person(database, f"EX2{number:06}")
        code = code_for(database, f"EX2{number:06}")
        assert activate(client, code, document_number=f"EX2{number:06}").status_code == 201
    assert query(app, "select count(*) from throttles") == [(0,)]


@pytest.mark.parametrize("header", ["192.0.2.1", "192.0.2.1, 198.51.100.1"])
def test_a_made_up_forwarding_header_is_no_new_network(client, header):
    for _ in range(3):
        ask_for_a_code(client)
    assert is_refused(ask_for_a_code(client, headers={"X-Forwarded-For": header}))
