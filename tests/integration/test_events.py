"""The events table as outbox: whoever relays at once, each event is told once, and none that failed is lost."""

import threading
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from foundation import events
from foundation.db import Database
from foundation.events import Event, EventRecord, EventToRelay
from tests.conftest import NOW

SOMEBODY = UUID(int=7)


@dataclass(frozen=True, kw_only=True)
class Happened(Event):
    """Something happened."""

    kind: ClassVar[str] = "test.happened"
    on: object


def happen(database: Database, count: int) -> None:
    with database.transaction() as session:
        for n in range(count):
            events.record(session, Happened(subject=f"S-{n}", person_id=SOMEBODY, on=NOW), actor="test", at=NOW)


def waiting(database: Database) -> list[str]:
    with database.read_session() as session:
        queued = EventRecord.id.in_(select(EventToRelay.event_id))
        return [*session.scalars(select(EventRecord.subject).where(queued).order_by(EventRecord.id))]


def relay(database: Database, *subscribers: events.Subscriber, limit: int = 200) -> int:
    with database.transaction() as session:
        return events.relay(session, subscribers, limit=limit)


def test_an_event_is_told_to_every_subscriber_once_in_order(database: Database) -> None:
    happen(database, 3)
    told: list[tuple[str, str]] = []
    subscribers = [lambda _, event, who=who: told.append((who, event.subject)) for who in ("a", "b")]
    assert relay(database, *subscribers) == 3
    assert relay(database, *subscribers) == 0
    assert told == [(who, f"S-{n}") for n in range(3) for who in ("a", "b")]
    assert waiting(database) == []


def test_two_workers_at_once_hand_each_event_over_once(database: Database) -> None:
    happen(database, 100)
    told: list[str] = []
    both_hold = threading.Barrier(2, timeout=10)

    def work() -> None:
        met = False

        def notify(_: Session, event: EventRecord) -> None:
            nonlocal met
            if not met:
                met = bool(both_hold.wait() + 1)  # the other holds rows of its own by now
            told.append(event.subject)

        while relay(database, notify, limit=10):
            pass

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert sorted(told) == sorted(f"S-{n}" for n in range(100))
    assert waiting(database) == []


def test_a_subscriber_that_fails_leaves_the_events_waiting_and_nothing_half_done(database: Database) -> None:
    happen(database, 2)

    def note(session: Session, event: EventRecord) -> None:
        session.execute(text('insert into switches (name, "on") values (:name, true)'), {"name": event.subject})

    def fail(_: Session, event: EventRecord) -> None:
        if event.subject == "S-1":
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        relay(database, note, fail)
    assert waiting(database) == ["S-0", "S-1"]
    with database.read_session() as session:
        assert session.scalar(text("select count(*) from switches")) == 0
    assert relay(database, note) == 2


def test_an_event_of_a_change_that_was_rolled_back_did_not_happen(database: Database) -> None:
    def change() -> None:
        with database.transaction() as session:
            events.record(session, Happened(subject="S-0", person_id=SOMEBODY, on=NOW), actor="test", at=NOW)
            session.flush()
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        change()
    assert waiting(database) == []


def test_facts_are_kept_as_json_without_what_has_a_column(database: Database) -> None:
    facts = {"days": (NOW.date(), NOW), "who": SOMEBODY}
    with database.transaction() as session:
        events.record(session, Happened(subject="S-0", person_id=SOMEBODY, on=facts), actor="test", at=NOW)
    with database.read_session() as session:
        (kept,) = events.history(session, "S-0")
    assert kept.data == {"on": {"days": ["2026-11-23", "2026-11-23T03:00:00+00:00"], "who": str(SOMEBODY)}}
    assert (kept.kind, kept.person_id, kept.actor, kept.at) == ("test.happened", SOMEBODY, "test", NOW)


def test_what_waits_is_told_oldest_first_and_in_batches(database: Database) -> None:
    happen(database, 5)
    told: list[str] = []
    assert relay(database, lambda _, event: told.append(event.subject), limit=2) == 2
    assert (told, waiting(database)) == (["S-0", "S-1"], ["S-2", "S-3", "S-4"])
