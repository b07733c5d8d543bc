"""The keys that the service signs with."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from sqlalchemy import select, text

from foundation.db import Database
from foundation.events import EventRecord
from immigration.models.access import SigningKey
from immigration.services import keys
from immigration.services.keys import InvalidSignature, Signer
from tests.access import SetClock
from tests.conftest import NOW

CLAIMS = {"statement": "filed", "report": "R26-4XQ2-7K3M-9PTC-T"}


@pytest.fixture
def signer(database) -> Signer:
    return Signer(database, SetClock())


def active(database, purpose="access"):
    with database.read_session() as session:
        rows = select(SigningKey.kid).where(SigningKey.purpose == purpose, SigningKey.retired_at.is_(None))
        return session.scalars(rows).all()


def rotate(database, purpose, now=NOW):
    with database.transaction() as session:
        return keys.rotate(session, purpose, now)


def test_processes_that_start_at_once_end_with_one_key_per_purpose(database):
    def sign(_):
        return Signer(database, SetClock()).sign_statement(CLAIMS)

    with ThreadPoolExecutor(8) as pool:
        statements = list(pool.map(sign, range(16)))
    assert len(active(database, "access")) == len(active(database, "statement")) == 1
    assert len({jwt.get_unverified_header(statement)["kid"] for statement in statements}) == 1


def test_rotations_at_once_leave_one_active_key(database):
    rotate(database, "access")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: rotate(database, "access"), range(8)))
    assert len(active(database)) == 1


def test_a_statement_contains_what_was_signed(signer):
    assert signer.verify_statement(signer.sign_statement(CLAIMS)) == CLAIMS


def test_every_changed_character_of_a_statement_is_caught(signer):
    statement = signer.sign_statement(CLAIMS)
    for place, character in enumerate(statement):
        for bit in range(7):
            changed = statement[:place] + chr(ord(character) ^ 1 << bit) + statement[place + 1 :]
            with pytest.raises(InvalidSignature):
                signer.verify_statement(changed)


def test_statements_of_a_replaced_key_always_verify(database, signer):
    old = signer.sign_statement(CLAIMS)
    kid = rotate(database, "statement")
    fresh = Signer(database, SetClock(NOW + timedelta(days=9999)))
    assert fresh.verify_statement(old) == CLAIMS
    assert jwt.get_unverified_header(fresh.sign_statement(CLAIMS))["kid"] == kid


def test_a_key_made_by_another_process_is_found_when_it_is_first_met(database, signer):
    signer.refresh()
    rotate(database, "statement")
    new = Signer(database, SetClock()).sign_statement(CLAIMS)
    assert signer.verify_statement(new) == CLAIMS


def test_a_replaced_access_key_verifies_for_a_day(database, signer):
    token = signer.sign("access", {"sub": "x"})
    rotate(database, "access")
    fresh = Signer(database, SetClock())
    assert fresh.verify_access(token, NOW + timedelta(hours=23)) == {"sub": "x"}
    with pytest.raises(InvalidSignature):
        fresh.verify_access(token, NOW + timedelta(days=1))


def test_the_private_part_of_a_replaced_key_is_gone(database, signer):
    signer.refresh()
    kid = rotate(database, "access")
    with database.read_session() as session:
        private = dict(session.execute(text("select kid, private_pem is not null from signing_keys")).all())
    assert private.pop(kid)
    assert sorted(private.values()) == [False, True, True]  # the old access key's; the statement's and the seal's


def test_a_rotation_is_an_event(database):
    kid = rotate(database, "statement")
    with database.read_session() as session:
        event = session.scalars(select(EventRecord)).one()
    assert (event.kind, event.subject) == ("signing-key.rotated", kid)
    assert event.data == {"purpose": "statement", "compromised": False}


def test_a_key_does_not_verify_the_other_purpose(signer):
    with pytest.raises(InvalidSignature):
        signer.verify_statement(signer.sign("access", CLAIMS))
    with pytest.raises(InvalidSignature):
        signer.verify_access(signer.sign_statement(CLAIMS), NOW)


def part(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b.c",
        "..",
        "ก.ข.ค",
        part({"alg": "none", "kid": "x"}) + "." + part(CLAIMS) + ".",
        part({"alg": "ES256", "kid": ["x"]}) + "." + part(CLAIMS) + ".AAAA",
        part({"alg": "ES256", "kid": {"x": 1}}) + "." + part(CLAIMS) + ".AAAA",
        part({"alg": "ES256", "kid": "../../etc/passwd"}) + "." + part(CLAIMS) + ".AAAA",
        base64.urlsafe_b64encode(b"[" * 5000).decode() + "." + part(CLAIMS) + ".AAAA",
        "x" * 100_000,
    ],
)
def test_malformed_text_is_refused(signer, text):
    with pytest.raises(InvalidSignature):
        signer.verify_statement(text)


def test_unknown_key_ids_do_not_cause_a_query_each(signer, monkeypatch):
    signer.refresh()
    readings = []
    monkeypatch.setattr(signer, "_load", lambda: readings.append(1))
    for number in range(200):
        token = jwt.encode(CLAIMS, "k" * 32, algorithm="HS256", headers={"kid": f"made-up-{number}"})
        with pytest.raises(InvalidSignature):
            signer.verify_access(token, NOW)
    assert len(readings) == 1


def test_loaded_keys_serve_while_the_database_is_away(database, signer, monkeypatch):
    token = signer.sign_statement(CLAIMS)
    signer._database = Database("postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setattr(keys, "FRESH_FOR", 0.0)
    began = time.monotonic()
    assert signer.verify_statement(token) == CLAIMS
    assert signer.verify_statement(signer.sign_statement(CLAIMS)) == CLAIMS
    assert time.monotonic() - began < 3


def test_a_statement_verifies_with_the_published_key_set(database, signer):
    statement = signer.sign_statement(CLAIMS)
    rotate(database, "statement")
    rotate(database, "access")
    with database.read_session() as session:
        soon, later = keys.jwks(session, NOW), keys.jwks(session, NOW + timedelta(days=2))
    key = next(k for k in later["keys"] if k["kid"] == jwt.get_unverified_header(statement)["kid"])
    assert jwt.decode(statement, jwt.PyJWK(key), algorithms=["ES256"]) == CLAIMS
    assert [len([k for k in shown["keys"] if k["purpose"] == "access"]) for shown in (soon, later)] == [2, 1]
    assert not any("d" in k for k in soon["keys"])
