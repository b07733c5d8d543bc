"""Staying signed in, and what is not a token of ours."""

import json
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from secrets import token_urlsafe
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from foundation.events import EventRecord
from foundation.identity import Principal, Role
from foundation.sealing import Keyring, keyring
from immigration.models.access import RefreshToken, TokenFamily, token_digest
from immigration.models.people import Passport
from immigration.services import keys, tokens
from operations.services import services_of
from tests.access import SETTINGS, add_person
from tests.conftest import NOW
from tests.factories import officer
from tests.waiting import await_waiting_backends


def begin(session, person, *, now):
    """A sign-in of a person's only passport, activated at a counter."""
    passport = session.scalars(select(Passport.id).where(Passport.person_id == person)).one()
    return tokens.begin(
        session, person, assurance="counter", passport_id=passport, refresh_token=token_urlsafe(32), now=now
    )


@pytest.fixture
def pair(database, app, clock):
    """What a phone was given."""
    person = add_person(database)
    with database.transaction() as session:
        grant = begin(session, person, now=clock())
        return tokens.pair(services_of(app).filing.signer, SETTINGS, grant, now=clock())


def me(client, token):
    return client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})


def refresh(client, token):
    return client.post("/api/v1/tokens", json={"refresh_token": token})


def claims_of(token) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def test_an_access_token_says_who_it_is_for_and_how_they_were_activated(client, pair):
    claims = claims_of(pair.access_token)
    assert claims["iss"] == "https://reports.example"
    assert claims["sub"] == str(pair.resident_id)
    assert claims["asr"] == "counter"
    assert claims["exp"] - claims["iat"] == pair.expires_in == 600
    assert me(client, pair.access_token).status_code == 200


def test_a_token_is_recognised_as_the_sign_in_it_was_given_to(app, pair, database):
    who = services_of(app).authenticate(pair.access_token)
    with database.read_session() as session:
        family = session.scalars(select(TokenFamily)).one()
    assert who == Principal(
        Role.RESIDENT, pair.resident_id, assurance="counter", passport_id=family.passport_id, family=family.id
    )
    assert family.passport_id is not None
    assert (pair.token_type, len(pair.refresh_token)) == ("Bearer", 43)


def test_an_officers_token_is_recognised_as_the_officer(app, database):
    headers = officer(app, office="PKT").headers
    who = services_of(app).authenticate(headers["Authorization"].removeprefix("Bearer "))
    assert (who.role, who.name, who.offices) == (Role.OFFICER, "somchai", {"PKT"})


def test_a_token_of_a_retired_key_is_not_taken(app, database, pair, clock):
    signer = services_of(app).filing.signer
    with database.transaction() as session:
        keys.rotate(session, "access", NOW - timedelta(days=1))
    signer._load()
    assert tokens.resident(signer, SETTINGS, pair.access_token, now=NOW) is None


def test_an_access_token_ends_after_ten_minutes(client, pair, clock):
    clock.pass_by(minutes=9, seconds=59)
    assert me(client, pair.access_token).status_code == 200
    clock.pass_by(seconds=1)
    answer = me(client, pair.access_token)
    assert (answer.status_code, answer.json["code"]) == (401, "invalid-token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_refresh_token_is_exchanged_for_another_pair(client, pair):
    answer = refresh(client, pair.refresh_token)
    assert answer.status_code == 201
    assert answer.json["resident_id"] == str(pair.resident_id)
    assert answer.json["refresh_token"] != pair.refresh_token
    assert me(client, answer.json["access_token"]).status_code == 200


def test_a_lost_answer_to_a_refresh_is_given_again(client, pair, database, clock):
    first = refresh(client, pair.refresh_token)
    clock.pass_by(seconds=60)
    again = refresh(client, pair.refresh_token)
    assert again.status_code == 201
    assert again.json["refresh_token"] == first.json["refresh_token"]
    assert again.json["resident_id"] == first.json["resident_id"]
    assert claims_of(again.json["access_token"])["iat"] == claims_of(first.json["access_token"])["iat"] + 60
    assert me(client, again.json["access_token"]).status_code == 200
    assert refresh(client, again.json["refresh_token"]).status_code == 201
    with database.read_session() as session:
        assert session.scalars(select(EventRecord)).all() == []


def test_after_a_minute_a_used_token_ends_the_sign_in(client, pair, clock):
    newer = refresh(client, pair.refresh_token).json["refresh_token"]
    clock.pass_by(seconds=61)
    assert refresh(client, pair.refresh_token).status_code == 401
    assert refresh(client, newer).status_code == 401


def test_a_used_token_whose_successor_was_used_ends_the_sign_in(client, pair):
    second = refresh(client, pair.refresh_token).json["refresh_token"]
    third = refresh(client, second).json["refresh_token"]
    assert refresh(client, pair.refresh_token).status_code == 401
    assert refresh(client, third).status_code == 401


def test_a_successor_can_be_made_of_nothing_that_is_stored(client, pair, database):
    newer = refresh(client, pair.refresh_token).json["refresh_token"]
    with database.read_session() as session:
        kept = [*session.scalars(select(RefreshToken.token_digest))]
    assert sorted(kept) == sorted(map(token_digest, (pair.refresh_token, newer)))
    assert newer == keyring().token("refresh-token", pair.refresh_token)
    assert newer != Keyring(("another secret of thirty-two characters",)).token("refresh-token", pair.refresh_token)


def test_a_token_that_was_replaced_before_successors_were_derived_ends_the_sign_in(client, pair, database):
    refresh(client, pair.refresh_token)
    with database.transaction() as session:
        successor = session.scalars(select(RefreshToken).where(RefreshToken.used_at.is_(None))).one()
        successor.token_digest = token_digest("made at random")
    assert refresh(client, pair.refresh_token).status_code == 401


def test_a_used_refresh_token_ends_the_whole_sign_in(client, pair, database, clock):
    newer = refresh(client, pair.refresh_token).json["refresh_token"]
    clock.pass_by(minutes=2)
    reused = refresh(client, pair.refresh_token)
    assert (reused.status_code, reused.json["code"]) == (401, "invalid-token")
    assert refresh(client, newer).status_code == 401
    refresh(client, pair.refresh_token)
    with database.read_session() as session:
        event = session.scalars(select(EventRecord)).one()
        family = session.scalars(select(TokenFamily)).one()
    assert (event.kind, event.person_id) == ("resident.sign-in-revoked", pair.resident_id)
    assert (event.subject, event.data) == (str(pair.resident_id), {"family": str(family.id)})
    assert (family.revoked_at, family.revoked_because) == (NOW + timedelta(minutes=2), "reuse")


def test_access_tokens_end_with_their_sign_in(app, client, pair, clock):
    refresh(client, pair.refresh_token)
    clock.pass_by(minutes=2)
    assert me(client, pair.access_token).status_code == 200
    refresh(client, pair.refresh_token)
    services_of(app).ended._read_at -= 1.0
    assert me(client, pair.access_token).status_code == 401


def test_a_refresh_token_ends_after_ninety_days(client, pair, clock):
    clock.pass_by(days=89, hours=23)
    newer = refresh(client, pair.refresh_token).json["refresh_token"]
    clock.pass_by(days=90)
    assert refresh(client, newer).status_code == 401


@pytest.mark.parametrize("token", ["x", "ofc_x", "ก" * 40, " "])
def test_an_unknown_refresh_token_gets_nothing(client, database, token):
    answer = refresh(client, token)
    assert (answer.status_code, answer.json["code"]) == (401, "invalid-token")


@pytest.mark.parametrize("body", [{}, {"refresh_token": ""}, {"refresh_token": 1}, {"refresh_token": "x", "more": 1}])
def test_a_malformed_refresh_is_refused(client, database, body):
    assert client.post("/api/v1/tokens", json=body).status_code == 422


def test_of_many_uses_at_once_all_get_the_same_successor(app, pair, database):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refresh(app.test_client(), pair.refresh_token), range(8)))
    assert [answer.status_code for answer in answers] == [201] * 8
    (successor,) = {answer.json["refresh_token"] for answer in answers}
    assert refresh(app.test_client(), successor).status_code == 201
    with database.read_session() as session:
        assert session.scalars(select(EventRecord)).all() == []
        assert len(session.scalars(select(RefreshToken)).all()) == 3


def test_two_used_tokens_at_one_instant_end_the_sign_in_once(app, pair, database, clock):
    second = refresh(app.test_client(), pair.refresh_token).json["refresh_token"]
    refresh(app.test_client(), second)
    clock.pass_by(minutes=2)
    with ThreadPoolExecutor(2) as pool:
        with database.transaction() as session:
            session.execute(select(TokenFamily).with_for_update())
            used = [pool.submit(refresh, app.test_client(), token) for token in (pair.refresh_token, second)]
            await_waiting_backends(database.url, "Lock", len(used))
        assert [each.result().status_code for each in used] == [401, 401]
    with database.read_session() as session:
        assert len(session.scalars(select(EventRecord)).all()) == 1


def part(value) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forgeries(app, token):
    """Tokens as an attacker would make them from a good one."""
    signer, claims, header = services_of(app).filing.signer, claims_of(token), jwt.get_unverified_header(token)
    _, body, signature = token.split(".")
    public = signer._keys[header["kid"]].public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    other = ec.generate_private_key(ec.SECP256R1())
    hs256 = jwt.PyJWS(algorithms=["HS256"])
    hs256._algorithms["HS256"].prepare_key = lambda key: key  # the library would not help an attacker with this
    json_claims = json.dumps(claims).encode()

    yield "alg none", f"{part(header | {'alg': 'none'})}.{body}."
    yield "alg None, signature kept", f"{part(header | {'alg': 'None'})}.{body}.{signature}"
    yield "HS256 with the public key", hs256.encode(json_claims, public, "HS256", headers=header | {"alg": "HS256"})
    yield "another key, our key id", jwt.encode(claims, other, "ES256", headers=header)
    yield (
        "another key, brought along",
        jwt.encode(
            claims,
            other,
            "ES256",
            headers=header | {"kid": "x", "jwk": {"kty": "EC"}, "jku": "http://attacker.example"},
        ),
    )
    yield "no key id", jwt.encode(claims, other, "ES256")
    yield "a statement's key", signer.sign_statement(claims)
    yield (
        "a statement's key, typed as a token",
        jwt.encode(
            claims,
            signer._signing("statement").private,
            "ES256",
            {"kid": signer._signing("statement").kid, "typ": "at+jwt"},
        ),
    )


def misshapen(app, token):
    """Tokens with a good signature on the wrong claims, or with a spoilt one."""
    signer, claims = services_of(app).filing.signer, claims_of(token)
    head, body, signature = token.split(".")

    def signed(**changes):
        return signer.sign("access", {k: v for k, v in (claims | changes).items() if v is not None})

    yield "another person, signature kept", f"{head}.{part(claims | {'sub': str(uuid4())})}.{signature}"
    yield "no signature", f"{head}.{body}."
    yield "signature cut", token[:-4]
    yield "signature spelt otherwise", token[:-1] + chr(ord(token[-1]) + 1)
    yield "another issuer", signed(iss="https://other.example")
    yield "another audience", signed(aud="https://reports.example")
    yield "a list of audiences", signed(aud=[claims["aud"]])
    yield "no issuer", signed(iss=None)
    yield "no end", signed(exp=None)
    yield "an end that is no number", signed(exp="9999999999")
    yield "an end beyond all calendars", signed(exp=10**30)
    yield "ended", signed(exp=int(NOW.timestamp()))
    begin = int(NOW.timestamp())
    yield "begins in a minute", signed(iat=begin + 60, exp=begin + 600)
    yield "not before a minute from now", signed(nbf=begin + 60)
    yield "not before, as a text", signed(nbf="now")
    yield "lives a second longer than ours do", signed(exp=claims["iat"] + 601)
    yield "no beginning", signed(iat=None)
    yield "no person", signed(sub=None)
    yield "a person that is no id", signed(sub="' or 1=1")
    yield "not a token", "Bearer"
    yield "a passport that is no number", signed(psp="one")
    yield "an officer's token, made up", "ofc_" + "x" * 43
    yield "the refresh token's shape", "x" * 43


def test_no_forged_token_is_taken(app, client, pair):
    services_of(client.application).filing.signer.refresh()
    me(client, pair.access_token)
    for name, forged in (*forgeries(app, pair.access_token), *misshapen(app, pair.access_token)):
        answer = me(client, forged)
        assert (answer.status_code, answer.json["code"]) == (401, "invalid-token"), name


def test_a_token_of_a_person_who_was_joined_with_another_is_not_taken(app, client, clock, database):
    add_person(database)
    grant = tokens.Grant(uuid4(), uuid4(), "mail", None, "x")
    token = tokens.pair(services_of(app).filing.signer, SETTINGS, grant, now=clock()).access_token
    assert me(client, token).json["code"] == "invalid-token"


def test_without_a_token_nobody_is_known(client, database):
    assert client.get("/api/v1/me").json["code"] == "unauthenticated"


def test_an_access_token_of_the_release_before_still_works(app, client, pair):
    claims = {name: value for name, value in claims_of(pair.access_token).items() if name != "psp"}
    token = services_of(app).filing.signer.sign("access", claims)
    assert me(client, token).status_code == 200


def test_signing_in_goes_on_through_a_rotation_of_keys(client, pair, database):
    with database.transaction() as session:
        kid = keys.rotate(session, "access", NOW)
    assert me(client, pair.access_token).status_code == 200
    answer = refresh(client, pair.refresh_token)
    assert me(client, answer.json["access_token"]).status_code == 200
    assert kid in [key["kid"] for key in client.get("/.well-known/jwks.json").json["keys"]]


def test_a_clock_that_is_half_a_minute_ahead_is_no_fault(app, client, pair, clock):
    begin = int(NOW.timestamp())
    claims = claims_of(pair.access_token) | {"iat": begin + 30, "nbf": begin + 30, "exp": begin + 630}
    assert me(client, services_of(app).filing.signer.sign("access", claims)).status_code == 200


@pytest.mark.parametrize("where", ["this process", "another process"])
def test_a_leaked_key_is_of_no_use_within_a_second(app, client, pair, database, clock, where):
    assert me(client, pair.access_token).status_code == 200
    signer = services_of(app).filing.signer
    leaked = signer._signing("access").private
    forged = jwt.encode(claims_of(pair.access_token), leaked, "ES256", jwt.get_unverified_header(pair.access_token))
    assert me(client, forged).status_code == 200
    if where == "this process":
        answer = app.test_cli_runner().invoke(args=["keys", "rotate", "access", "--compromised"])
        assert answer.exit_code == 0
    else:
        with database.transaction() as session:
            keys.replace_compromised(session, "access", NOW)
    services_of(app).ended._read_at -= 1.0
    assert me(client, forged).json["code"] == "invalid-token"
    kid = jwt.get_unverified_header(pair.access_token)["kid"]
    assert kid not in [key["kid"] for key in client.get("/.well-known/jwks.json").json["keys"]]
    assert me(client, refresh(client, pair.refresh_token).json["access_token"]).status_code == 200


STATEMENT = {"statement": "filed", "report": "R26-0000-0000-0000-0"}


def test_statements_of_a_leaked_key_prove_nothing_any_more(app, client, pair, database):
    signer = services_of(app).filing.signer
    earlier = signer.sign_statement(STATEMENT)
    with database.transaction() as session:
        keys.rotate(session, "statement", NOW)
    signer._read()
    later = signer.sign_statement(STATEMENT)
    with database.transaction() as session:
        keys.replace_compromised(session, "statement", NOW)
    signer._read()
    verdicts = [client.post("/api/v1/receipts/verify", json={"receipt": text}).json for text in (earlier, later)]
    assert verdicts[0]["status"] != "invalid-signature"
    assert verdicts[1]["status"] == "invalid-signature"


def test_seals_are_not_ended_in_an_emergency(database):
    with pytest.raises(keys.CannotEndKey), database.transaction() as session:
        keys.replace_compromised(session, "seal", NOW)


def test_the_key_set_may_be_kept_for_five_minutes(client, pair):
    answer = client.get("/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert {key["purpose"] for key in answer.json["keys"]} == {"access", "statement", "seal"}
    key = next(key for key in answer.json["keys"] if key["purpose"] == "access")
    options = {"verify_exp": False, "verify_iat": False}
    known = jwt.decode(
        pair.access_token, jwt.PyJWK(key), ["ES256"], audience=tokens.audience(SETTINGS), options=options
    )
    assert known["sub"] == str(pair.resident_id)
