"""Passkeys: registered, the way in, the proof of being there, and everything that must be neither."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest

from notifications import rounds
from operations.services import services_of
from operations.subscribing import SUBSCRIBERS
from tests.authenticator import PRESENT, Authenticator, decoded, encoded
from tests.factories import Resident, activate, arrived, load, query, row, together


@pytest.fixture
def phone(app) -> Resident:
    arrived(app)
    return activate(app)


def register(resident, passkey, name="", **changes):
    options = resident.post("/me/passkeys/options").json
    return resident.post("/me/passkeys", {"credential": passkey.create(options) | changes, "name": name})


def registered(resident, **made) -> Authenticator:
    """A passkey that a person has registered."""
    passkey = Authenticator(**made)
    assert register(resident, passkey).status_code == 201
    return passkey


def proof(client, passkey):
    return passkey.get(client.post("/api/v1/passkeys/sign-in/options").json)


def sign_in(client, passkey):
    return client.post("/api/v1/passkeys/sign-in", json={"credential": proof(client, passkey)})


def signed_in(client, passkey) -> Resident:
    answer = sign_in(client, passkey)
    assert answer.status_code == 201, answer.json
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    return Resident(client, headers, answer.json["resident_id"], answer.json["refresh_token"])


def contact(resident, email="new@example.org"):
    return resident.client.patch("/api/v1/me", json={"email": email}, headers=resident.headers)


def verify(resident, passkey):
    return resident.post("/me/verification", {"credential": proof(resident.client, passkey)})


def failed(answer) -> bool:
    return (answer.status_code, answer.json["code"]) == (401, "passkey-failed")


def messages(app):
    rounds.relay_round(services_of(app).database, SUBSCRIBERS)
    return [kind for (kind,) in query(app, "select kind from notifications")]


def test_a_passkey_signs_its_owner_in(app, phone):
    passkey = registered(phone)
    again = signed_in(app.test_client(), passkey)
    assert again.id == phone.id
    assert again.get("/me").json["assurance"] == "counter"
    assert again.file().status_code == 201
    refreshed = phone.client.post("/api/v1/tokens", json={"refresh_token": again.refresh_token})
    assert refreshed.status_code == 201
    assert {"resident.passkey-added", "resident.signed-in"} <= {*messages(app)}


def test_the_options_are_for_this_site_and_verified_people(phone):
    options = phone.post("/me/passkeys/options").json
    assert options["rp"]["id"] == "reports.example"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    asked = phone.client.post("/api/v1/passkeys/sign-in/options").json
    assert (asked["rpId"], asked["userVerification"], asked.get("allowCredentials", [])) == (
        "reports.example",
        "required",
        [],
    )


def test_a_passkey_is_named_and_only_verification_adds_another_or_removes_it(phone):
    made = register(phone, Authenticator(), "Pixel")
    assert (made.status_code, made.json["name"], made.json["last_used_at"]) == (201, "Pixel", None)
    assert phone.post("/me/passkeys/options").json["code"] == "verification-required"
    assert phone.post("/me/passkeys", {"credential": {}, "name": "Other"}).json["code"] == "verification-required"
    removed = phone.client.delete(f"/api/v1/me/passkeys/{made.json['id']}", headers=phone.headers)
    assert removed.json["code"] == "verification-required"
    assert [each["name"] for each in phone.get("/me/passkeys").json["items"]] == ["Pixel"]


def test_a_second_passkey_is_added_and_one_is_removed_after_verification(app, phone):
    passkey = registered(phone)
    assert verify(phone, passkey).status_code == 204
    second = Authenticator()
    assert register(phone, second, "Key").status_code == 201
    options = phone.post("/me/passkeys/options").json
    assert {each["id"] for each in options["excludeCredentials"]} == {encoded(passkey.id), encoded(second.id)}
    [first] = [each["id"] for each in phone.get("/me/passkeys").json["items"] if each["name"] != "Key"]
    removed = [phone.client.delete(f"/api/v1/me/passkeys/{first}", headers=phone.headers) for _ in range(2)]
    assert [answer.status_code for answer in removed] == [204, 404]
    assert failed(sign_in(phone.client, passkey))
    assert sign_in(phone.client, second).status_code == 201
    assert "resident.passkey-removed" in messages(app)


def test_where_there_is_a_passkey_only_it_verifies(app, phone, clock):
    passkey = registered(phone)
    answer = contact(phone)
    assert (answer.status_code, answer.json["code"], answer.json["methods"]) == (
        403,
        "verification-required",
        ["passkey"],
    )
    assert verify(phone, passkey).status_code == 204
    assert contact(phone).status_code == 200
    clock.pass_by(minutes=5, seconds=1)
    assert contact(phone, "newer@example.org").json["code"] == "verification-required"
    assert contact(signed_in(app.test_client(), passkey), "newest@example.org").status_code == 200


def test_verifying_one_sign_in_verifies_no_other(app, phone):
    other = activate(app)
    passkey = registered(phone)
    assert verify(phone, passkey).status_code == 204
    assert contact(other).json["code"] == "verification-required"


def test_another_persons_passkey_verifies_and_removes_nothing(app, phone):
    load(app, "passports", row("passports", document_number="TEST00002"))
    stranger = activate(app, "TEST00002")
    mine, theirs = registered(phone), registered(stranger)
    assert verify(phone, theirs).json["code"] == "invalid-passkey"
    assert contact(phone).json["code"] == "verification-required"
    passkey_id = phone.get("/me/passkeys").json["items"][0]["id"]
    answers = [
        stranger.client.delete(f"/api/v1/me/passkeys/{each}", headers=stranger.headers)
        for each in (passkey_id, uuid4())
    ]
    assert answers[0].status_code == answers[1].status_code == 404
    assert answers[0].data == answers[1].data
    assert sign_in(phone.client, mine).status_code == 201
    assert verify(stranger, theirs).status_code == 204
    assert register(stranger, mine).json["code"] == "passkey-exists"


WRONG = {
    "another site": {"site": "reports.example.org"},
    "another origin": {"origin": "https://reports.example.org"},
    "no TLS": {"origin": "http://reports.example"},
    "a person who is not verified": {"flags": PRESENT},
    "nobody there": {"flags": 0},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_a_stranger_or_another_site_makes_is_refused(phone, wrong):
    answer = register(phone, Authenticator(**wrong))
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-passkey")
    passkey = registered(phone)
    assert failed(sign_in(phone.client, replace(passkey, **wrong)))


def test_another_key_under_a_known_id_is_refused(phone):
    passkey = registered(phone)
    assert failed(sign_in(phone.client, Authenticator(id=passkey.id, counter=9)))
    assert failed(sign_in(phone.client, Authenticator()))


def test_a_copy_is_noticed_by_its_counter(phone):
    passkey = registered(phone)
    copy = replace(passkey)
    for _ in range(3):
        assert sign_in(phone.client, passkey).status_code == 201
    assert failed(sign_in(phone.client, copy))


def test_a_challenge_is_answered_once_even_at_one_instant(app, phone):
    passkey = registered(phone)
    body = {"credential": proof(phone.client, passkey)}
    with ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(app.test_client().post, "/api/v1/passkeys/sign-in", json=body) for _ in range(6)]
    assert sorted(answer.result().status_code for answer in answers) == [201] + [401] * 5


def test_an_answer_of_a_passkey_without_a_counter_is_taken_once(app, phone):
    passkey = registered(phone, counts=False)
    body = {"credential": proof(phone.client, passkey)}
    assert phone.client.post("/api/v1/passkeys/sign-in", json=body).status_code == 201
    assert failed(phone.client.post("/api/v1/passkeys/sign-in", json=body))
    assert phone.post("/me/verification", body).json["code"] == "invalid-passkey"
    assert query(app, "select count(*) from token_families") == [(2,)]
    assert sign_in(phone.client, passkey).status_code == 201


def test_a_challenge_ends_after_five_minutes(phone, clock):
    passkey = registered(phone)
    late = phone.client.post("/api/v1/passkeys/sign-in/options").json
    clock.pass_by(minutes=5)
    assert failed(phone.client.post("/api/v1/passkeys/sign-in", json={"credential": passkey.get(late)}))


def test_challenges_are_for_one_purpose_and_one_sign_in(app, phone):
    other = activate(app)
    mine = phone.post("/me/passkeys/options").json
    to_sign_in = phone.client.post("/api/v1/passkeys/sign-in/options").json
    made_up = mine | {"challenge": encoded(b"x" * 56)}
    longer = mine | {"challenge": encoded(decoded(mine["challenge"]) + b"x")}
    for resident, options in ((other, mine), (phone, to_sign_in), (phone, made_up), (phone, longer)):
        answer = resident.post("/me/passkeys", {"credential": Authenticator().create(options)})
        assert answer.json["code"] == "invalid-passkey"
    passkey = registered(phone)
    assert failed(phone.client.post("/api/v1/passkeys/sign-in", json={"credential": passkey.get(mine)}))


def spoilt(credential):
    response = credential["response"]
    yield {}
    yield credential | {"response": None}
    yield credential | {"response": []}
    yield credential | {"response": {}}
    yield credential | {"id": 1, "rawId": 1}
    yield credential | {"rawId": "é"}
    yield credential | {"type": "password"}
    for name in response:
        for value in (None, 1, "", "x", "A" * 5000, [], {}):
            yield credential | {"response": response | {name: value}}


def test_what_no_authenticator_makes_is_refused_and_breaks_nothing(phone):
    passkey = Authenticator()
    for credential in spoilt(passkey.create(phone.post("/me/passkeys/options").json)):
        answer = phone.post("/me/passkeys", {"credential": credential})
        assert (answer.status_code, answer.json["code"]) == (422, "invalid-passkey"), credential
    passkey = registered(phone)
    for credential in spoilt(proof(phone.client, passkey)):
        if credential.get("response") and credential["response"].get("userHandle") is not None:
            continue  # what it says of the person is not asked
        answer = phone.client.post("/api/v1/passkeys/sign-in", json={"credential": credential})
        assert answer.status_code in (401, 429), credential


def test_after_recovery_by_mail_no_passkey_is_added_or_removed_for_a_day(app, phone, clock):
    passkey = registered(phone)
    thief = activate(app, assurance="mail")
    assert thief.post("/me/passkeys/options").json["code"] == "recovery-wait"
    ids = [each["id"] for each in thief.get("/me/passkeys").json["items"]]
    removed = thief.client.delete(f"/api/v1/me/passkeys/{ids[0]}", headers=thief.headers)
    assert removed.json["code"] == "recovery-wait"
    assert contact(signed_in(app.test_client(), passkey)).status_code == 200


def test_who_lost_their_passkey_recovers_with_a_code_from_a_counter(app, phone, clock):
    lost = registered(phone)
    clock.pass_by(minutes=9)
    again = activate(app)
    assert contact(again).status_code == 200
    own = registered(again)
    assert contact(again, "newer@example.org").json["code"] == "verification-required"
    assert verify(again, own).status_code == 204
    [first, _] = [each["id"] for each in again.get("/me/passkeys").json["items"]]
    assert again.delete(f"/me/passkeys/{first}").status_code == 204
    assert failed(sign_in(app.test_client(), lost))


def test_a_code_from_a_counter_verifies_for_five_minutes_only(app, phone, clock):
    registered(phone)
    clock.pass_by(minutes=1)
    again = activate(app)
    clock.pass_by(minutes=5, seconds=1)
    assert contact(again).json["code"] == "verification-required"


def test_a_code_by_mail_never_stands_for_a_passkey(app, phone, clock):
    registered(phone)
    clock.pass_by(minutes=1)
    thief = activate(app, assurance="mail")
    number = thief.file().json["number"]
    assert thief.post(f"/reports/{number}/withdrawal").json["code"] == "verification-required"


def test_of_passkeys_at_once_none_is_beyond_the_limit(app, phone):
    assert verify(phone, registered(phone)).status_code == 204
    for _ in range(8):
        registered(phone)
    made = [(Resident(app.test_client(), phone.headers, phone.id), Authenticator()) for _ in range(4)]
    answers = together([partial(register, each, passkey) for each, passkey in made])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert query(app, "select count(*) from passkeys") == [(10,)]


def test_of_first_passkeys_at_once_one_needs_no_verification(app, phone):
    made = [(each, Authenticator()) for each in (phone, activate(app), activate(app))]
    answers = together([partial(register, each, passkey) for each, passkey in made])
    assert sorted(answer.status_code for answer in answers) == [201, 403, 403]


def test_a_person_has_ten_passkeys_at_most(phone):
    passkey = registered(phone)
    assert verify(phone, passkey).status_code == 204
    for _ in range(9):
        registered(phone)
    assert phone.post("/me/passkeys/options").json["code"] == "too-many-passkeys"


def test_neither_challenges_nor_keys_fill_a_table_unasked(app, phone):
    for _ in range(5):
        phone.client.post("/api/v1/passkeys/sign-in/options")
    assert query(app, "select count(*) from used_challenges") == [(0,)]
    registered(phone)
    assert query(app, "select count(*) from used_challenges") == [(1,)]
