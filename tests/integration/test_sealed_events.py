"""Sealed events: what is changed, removed, added or copied is named, whatever the order of commits; nobody waits."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from foundation import event_seals, events
from foundation.sealing import Keyring, use_keyring
from immigration.rules.codes import KeyPurpose
from immigration.services import keys
from immigration.services.keys import Signer
from operations import auditing
from operations.services import services_of
from operations.worker import ROUNDS
from tests.access import SetClock
from tests.conftest import NOW, SECRET
from tests.factories import activate, arrived
from tests.sealing import Happened, happen, tamper, verified

LATER = "a-later-secret-of-the-tests-that-is-long-enough"


def test_untouched_events_are_found_so(sealed, signer, witness):
    found, check = verified(sealed, signer, witness)
    assert (found, check.seals, check.events, check.waiting) == ([], 3, 15, 0)


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 second'",
        "kind = 'test.other'",
        "subject = 'S-8'",
        "person_id = null",
        "actor = 'another'",
        "data = '{\"number\": 8}'",
        "proof = null",
    ],
)
def test_an_event_with_any_column_changed_is_named(sealed, faults, change):
    tamper(sealed, f"update events set {change} where id = 7")
    assert faults() == ["event 7 (seal 2): changed"]


def test_a_removed_event_is_named(sealed, faults):
    tamper(sealed, "delete from events where id = 7")
    assert faults() == ["event 7 (seal 2): removed"]


def test_events_in_another_order_are_named(sealed, faults):
    tamper(
        sealed,
        "update events set id = -7 where id = 7",
        "update events set id = 7 where id = 8",
        "update events set id = 8 where id = -7",
    )
    assert faults() == ["event 7 (seal 2): changed", "event 8 (seal 2): changed"]


INSERTED = """insert into events (id, at, kind, subject, person_id, actor, data, proof)
    select {id}, at, kind, 'S-77', person_id, actor, data, {proof} from events where id = 7"""


@pytest.mark.parametrize("number", [0, 100])
@pytest.mark.parametrize("proof", ["null", "proof", "substring(proof for 12) || substring(proof from 14) || '\\x00'"])
def test_an_added_event_is_named_whether_it_was_queued_or_not(sealed, seal, faults, number, proof):
    tamper(sealed, INSERTED.format(id=number, proof=proof))
    assert f"event {number}: added" in faults()
    tamper(sealed, f"insert into events_to_seal values ({number})")
    seal()
    assert f"event {number} (seal 4): added" in faults()


def test_a_copied_event_is_named_even_where_it_goes_through_the_trigger(sealed, seal, faults):
    with sealed.transaction() as session:
        session.execute(
            text(
                """insert into events (at, kind, subject, person_id, actor, data, proof)
                select at, kind, subject, person_id, actor, data, proof from events where id = 7"""
            )
        )
    assert faults() == ["event 16: copied"]
    seal()
    assert faults() == ["event 16: copied"]


def test_an_event_that_goes_before_it_is_sealed_is_named(database, seal, faults):
    happen(database, 3)
    tamper(database, "delete from events where id = 2")
    seal()
    assert faults() == ["event 2 (seal 1): removed before it was sealed"]


def test_an_event_taken_from_the_queue_is_named(database, seal, faults):
    happen(database, 3)
    tamper(database, "delete from events_to_seal where event_id = 2")
    seal()
    assert faults() == ["event 2: added"]


def test_a_seal_that_was_changed_is_named_and_so_is_the_event_it_hid(sealed, faults):
    tamper(
        sealed,
        "update events set actor = 'another' where id = 7",
        "update seals set leaves = set_byte(leaves, 60, 255 - get_byte(leaves, 60)) where number = 2",
    )
    assert faults() == ["seal 2: its list of events was changed", "event 7 (seal 2): changed"]


def test_seals_that_were_cut_off_are_named_with_their_events(sealed, faults):
    tamper(sealed, "delete from seals where number > 1", "delete from events where id > 5 and id <> 9")
    removed = [f"event {n} (seal {2 if n < 11 else 3}): removed" for n in range(6, 16) if n != 9]
    assert faults() == ["seal 2: only the witness has it", "seal 3: only the witness has it", *removed]


def test_a_seal_signed_with_a_key_that_was_put_into_the_table_is_named(sealed, signer, witness):
    """A superuser has no private key, so he makes his own; only the witness can tell."""
    with sealed.transaction() as session:
        forger = keys.rotate(session, KeyPurpose.SEAL, NOW)
        statement = session.scalar(text("select statement from seals where number = 2"))
    own = Signer(sealed, SetClock())
    claims = signer.verify(KeyPurpose.SEAL, statement)
    with sealed.transaction() as session:
        values = {"statement": own.sign(KeyPurpose.SEAL, claims)}
        session.execute(text("set local session_replication_role = replica"))
        session.execute(text("update seals set statement = :statement where number = 2"), values)
    assert own._signing(KeyPurpose.SEAL).kid == forger
    found, _ = verified(sealed, own, witness)
    assert found == ["seal 2: not the one that the witness took"]


def test_a_seal_that_nobody_signed_is_named_without_a_witness(sealed, signer):
    tamper(sealed, "update seals set statement = overlay(statement placing 'AAAA' from 200) where number = 2")
    found, _ = verified(sealed, signer, None)
    assert {"seal 2: not signed by this service", "seal 3: does not follow on the seal before"} <= set(found)


def test_sealing_follows_commits_not_ids(database, seal, signer, witness):
    with database.transaction() as slow:
        events.record(slow, Happened(subject="slow", person_id=None, number=1), actor="test", at=NOW)
        slow.flush()
        happen(database, 3)
        assert seal() == 3
        assert verified(database, signer, witness)[0] == []
    assert seal() == 1
    found, check = verified(database, signer, witness)
    assert (found, check.events) == ([], 4)


def test_an_event_that_was_rolled_back_leaves_no_gap(database, seal, faults):
    def change():
        with database.transaction() as session:
            events.record(session, Happened(subject="S", person_id=None, number=1), actor="test", at=NOW)
            session.flush()
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        change()
    happen(database, 2)
    seal()
    assert faults() == []


def test_a_writer_does_not_wait_for_a_seal_that_is_being_made(database, signer):
    happen(database, 3)
    signer.refresh()
    with database.transaction() as session:
        assert event_seals.seal(session, lambda claims: signer.sign(KeyPurpose.SEAL, claims), now=NOW) == 3
        happen(database, 3, first=3)  # a lock that it needed would raise after two seconds
    with database.read_session() as session:
        assert session.scalar(text("select count(*) from events_to_seal")) == 3


def test_sealers_at_once_make_one_chain(database, seal, faults):
    happen(database, 50)
    sealers = [threading.Thread(target=seal) for _ in range(4)]
    for each in sealers:
        each.start()
    happen(database, 50, first=50)
    for each in sealers:
        each.join(20)
    seal()
    assert faults() == []


def test_the_chain_outlives_rotated_keys(sealed, seal, signer, faults):
    with sealed.transaction() as session:
        keys.rotate(session, KeyPurpose.SEAL, NOW)
    signer._read_at = float("-inf")
    happen(sealed, first=15)
    seal()
    assert faults() == []


def test_the_chain_outlives_a_dropped_secret(sealed, signer, witness, faults):
    try:
        use_keyring(Keyring((LATER,)))
        assert faults() == []
    finally:
        use_keyring(Keyring((SECRET,)))


def test_an_event_of_a_secret_that_the_worker_does_not_have_yet_waits(database, seal, signer, witness):
    try:
        use_keyring(Keyring((LATER, SECRET)))
        happen(database, 1)
    finally:
        use_keyring(Keyring((SECRET,)))
    happen(database, 1, first=1)
    assert seal() == 1
    found, check = verified(database, signer, witness)
    assert (found, check.waiting) == ([], 1)


OF_ANOTHER_SECRET = """insert into events (at, kind, subject, actor, data, proof)
    select cast(:at as timestamptz), 'k', 's', 'a', '{}', sha256(n::text::bytea) from generate_series(1, :count) n"""


@pytest.mark.parametrize("hours", [-2, 2])
def test_an_event_whose_secret_no_worker_ever_has_is_named_after_an_hour(sealed, seal, signer, witness, hours):
    with sealed.transaction() as session:
        session.execute(text(OF_ANOTHER_SECRET), {"at": NOW, "count": 1})
    assert seal() == 0
    found, check = verified(sealed, signer, witness)
    assert (found, check.waiting) == ([], 1)
    assert verified(sealed, signer, witness, NOW + timedelta(hours=hours))[0] == ["event 16: added"]


def test_events_of_another_secret_keep_no_other_from_being_sealed(sealed, signer):
    with sealed.transaction() as session:
        session.execute(text(OF_ANOTHER_SECRET), {"at": NOW, "count": 4})
    happen(sealed, 3, first=15)
    signer.refresh()
    with sealed.transaction() as session:
        assert event_seals.seal(session, lambda claims: signer.sign(KeyPurpose.SEAL, claims), now=NOW, limit=3) == 3


def test_events_of_an_earlier_release_are_sealed_as_they_are_but_not_after_the_first_proof(database, seal, faults):
    unproved = "insert into events (at, kind, subject, actor, data) values (now(), 'k', 's', 'a', '{}')"
    with database.transaction() as session:
        session.execute(text(unproved))
    happen(database, 1)
    seal()
    assert faults() == []
    with database.transaction() as session:
        session.execute(text(unproved))
    seal()
    assert faults() == ["event 3 (seal 2): added"]


def test_what_is_removed_in_due_time_is_certified_and_what_is_not_is_named(sealed, signer, witness):
    tamper(sealed, "update events set at = at - interval '11 years' where id <= 3")
    assert auditing.remove_expired(sealed, signer, NOW) == 3
    found, check = verified(sealed, signer, witness)
    assert (found, check.removed) == ([], 3)
    tamper(sealed, "delete from events where id = 4")
    assert verified(sealed, signer, witness)[0] == ["event 4 (seal 1): removed"]
    tamper(sealed, "update removed_events set ids = ids || '\\x0000000000000004'")
    assert "seal 0: a certificate of removal was changed" in verified(sealed, signer, witness)[0]


def test_a_seal_is_no_certificate_of_removal(database, seal, faults):
    """Its digest is signed with the same key; of eight events its list has the length of a list of ids."""
    happen(database, 8)
    seal()
    tamper(
        database,
        "insert into removed_events (removed_at, ids, statement) select now(), leaves, statement from seals",
        "delete from events where id = 7",
    )
    assert faults() == ["seal 0: a certificate of removal was changed", "event 7 (seal 1): removed"]


def test_the_events_of_people_are_proved_sealed_and_verified_by_the_command(app, witness, tmp_path):
    arrived(app)
    activate(app)
    services = services_of(app)
    auditing.seal_round(services.database, services.filing.signer, NOW, witness=witness)
    place = str(tmp_path / "seals.jsonl")
    verify = partial(app.test_cli_runner().invoke, args=["audit", "verify", "--witness", place])
    assert (verify().exit_code, "0 faults" in verify().output) == (0, True)
    tamper(services.database, "update events set actor = 'another' where id = 1")
    assert verify().exit_code == 1
    assert "event 1 (seal 1): changed" in verify().output


def test_an_event_is_sealed_and_witnessed_within_a_minute():
    assert next(each.every for each in ROUNDS if each.name == "seal") <= 30
