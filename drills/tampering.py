"""Drill: a superuser changes, removes, adds, copies and exchanges events, in one way at a time."""

import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import text

from devtools.postgres import temporary_server
from drills.rows import Row
from drills.sizes import Sizes
from foundation import events
from foundation.clock import system_clock
from foundation.db import Database, Session
from foundation.seal_checks import Check
from foundation.sealing import Keyring, use_keyring
from foundation.witnesses import FileWitness, Witness
from immigration.events import ReportFiled
from immigration.services.keys import Signer
from operations import auditing, migrating

SECRET = "a-secret-of-the-drills-that-is-long-enough"  # noqa: S105 - of a temporary installation
EVENTS = 400
SEALS = 20
Tampering = Callable[[Session, random.Random], set[int]]
"""Changes something in the transaction; the ids of the events that have to be named."""


def run(sizes: Sizes) -> Row:
    """The drill: a row."""
    row, random_ = Row("tampering"), random.Random(sizes.seed)
    with temporary_server() as server, TemporaryDirectory() as folder:
        database = Database(server.ensure_database("drill"), statement_timeout=0)
        use_keyring(Keyring((SECRET,)))
        migrating.bring_up_to_date(database)
        signer, witness = Signer(database, system_clock), FileWitness(Path(folder) / "seals.jsonl")
        _write(database, signer, witness)
        row.require("untouched events are found to be so", _named(database, signer, witness, lambda *_: set()) == [])
        tried: Counter[str] = Counter()
        found: Counter[str] = Counter()
        for number in range(sizes.tampering):
            name, tamper = WAYS[number % len(WAYS)]
            tried[name] += 1
            found[name] += not _named(database, signer, witness, tamper, random_)
        database.close()
    row.figure(**{name.replace(" ", "_"): f"{found[name]} of {count}" for name, count in tried.items()})
    row.figure(named=f"{found.total()} of {tried.total()}")
    row.require("every change is found, and every event it touched is named", found == tried)
    return row


def _write(database: Database, signer: Signer, witness: Witness) -> None:
    """Seals over so many events."""
    for number in range(EVENTS):
        with database.transaction() as session:
            event = ReportFiled(
                subject=f"R-{number}", person_id=UUID(int=number), status="accepted", reasons=[], due_on=None
            )
            events.record(session, event, actor=f"resident:{number}", at=system_clock())
        if (number + 1) % (EVENTS // SEALS) == 0:
            auditing.seal_round(database, signer, system_clock(), witness=witness)


class _Undo(Exception):
    """Ends a try: what was done is rolled back."""


def _named(
    database: Database, signer: Signer, witness: Witness, tamper: Callable[..., set[int]], *given: random.Random
) -> list[int]:
    """Tamper with the events, verify, and undo it; the ids that a verification should have named and did not."""
    missed: list[int] = []
    try:
        with database.transaction() as session:
            session.execute(text("set local session_replication_role = replica"))
            touched = tamper(session, *given)
            check = Check(session, auditing.claims_reader(signer), system_clock(), list(witness.taken()))
            missed += touched - {finding.event_id for finding in check.findings()}
            raise _Undo
    except _Undo:
        return missed


def _change(session: Session, chance: random.Random, *, column: str) -> set[int]:
    event_id = chance.randint(1, EVENTS)
    session.execute(text(f"update events set {column} where id = :id"), {"id": event_id})  # noqa: S608 - of ours
    return {event_id}


def _remove(session: Session, chance: random.Random) -> set[int]:
    event_id = chance.randint(1, EVENTS)
    session.execute(text("delete from events where id = :id"), {"id": event_id})
    return {event_id}


def _cut_off(session: Session, chance: random.Random) -> set[int]:
    """The last seals and all their events."""
    kept = chance.randint(1, SEALS - 1)
    session.execute(text("delete from seals where number > :kept"), {"kept": kept})
    first = kept * (EVENTS // SEALS) + 1
    session.execute(text("delete from events where id >= :first"), {"first": first})
    return set(range(first, EVENTS + 1))


def _swap(session: Session, chance: random.Random) -> set[int]:
    """Two events change places."""
    one, other = chance.sample(range(1, EVENTS + 1), 2)
    for before, after in ((one, -1), (other, one), (-1, other)):
        session.execute(text("update events set id = :after where id = :before"), {"before": before, "after": after})
    return {one, other}


def _add(session: Session, chance: random.Random, *, queued: bool, proof: str) -> set[int]:
    """An event among the others: with the proof of another, or with none."""
    event_id = chance.choice([-1, 0, EVENTS + chance.randint(1, 1000)])
    session.execute(
        text(
            f"""insert into events (id, at, kind, subject, person_id, actor, data, proof)
            select :id, at, kind, 'R-other', person_id, actor, data, {proof} from events where id = :from"""  # noqa: S608
        ),
        {"id": event_id, "from": chance.randint(1, EVENTS)},
    )
    if queued:
        session.execute(text("insert into events_to_seal values (:id)"), {"id": event_id})
    return {event_id}


def _copy(session: Session, chance: random.Random) -> set[int]:
    """An event once more, with all that it says."""
    event_id = EVENTS + chance.randint(1, 1000)
    session.execute(
        text(
            """insert into events (id, at, kind, subject, person_id, actor, data, proof)
            select :id, at, kind, subject, person_id, actor, data, proof from events where id = :from"""
        ),
        {"id": event_id, "from": chance.randint(1, EVENTS)},
    )
    session.execute(text("insert into events_to_seal values (:id)"), {"id": event_id})
    return {event_id}


def _hide(session: Session, chance: random.Random) -> set[int]:
    """An event is changed, and the list of its seal too."""
    event_id = chance.randint(1, EVENTS)
    session.execute(text("update events set actor = 'another' where id = :id"), {"id": event_id})
    forge = "update seals set leaves = overlay(leaves placing sha256('x') from 10) where number = :number"
    session.execute(text(forge), {"number": (event_id - 1) // (EVENTS // SEALS) + 1})
    return {event_id}


WAYS: tuple[tuple[str, Tampering], ...] = (
    ("time changed", partial(_change, column="at = at + interval '1 microsecond'")),
    ("kind changed", partial(_change, column="kind = 'report.withdrawn'")),
    ("subject changed", partial(_change, column="subject = subject || '0'")),
    ("person changed", partial(_change, column="person_id = gen_random_uuid()")),
    ("actor changed", partial(_change, column="actor = 'officer:' || gen_random_uuid()")),
    ("facts changed", partial(_change, column='data = data || \'{"status": "rejected"}\'')),
    ("removed", _remove),
    ("last seals and their events removed", _cut_off),
    ("two exchanged", _swap),
    ("added without proof", partial(_add, queued=False, proof="null")),
    ("added with another's proof", partial(_add, queued=False, proof="proof")),
    ("added through the queue", partial(_add, queued=True, proof="proof")),
    ("copied", _copy),
    ("changed together with its seal", _hide),
)
