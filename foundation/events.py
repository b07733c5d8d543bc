"""The append-only table through which the packages talk: audit trail, timeline and outbox in one.

An event is written in the transaction of the change that it records. A worker relays waiting events to subscribers.
It carries no personal data: numbers, codes and dates only.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    Text,
    delete,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.append_only import only_add
from foundation.classification import internal, personal
from foundation.db import Base, ReadSession, Session, execute_bulk
from foundation.identity import STAFF
from foundation.sealing import keyring


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened; a subclass names the kind and carries its facts.

    `subject` is what it happened to (a report's number, a resident's id), `person_id` whom it concerns.
    """

    kind: ClassVar[str]
    subject: str
    person_id: UUID | None


COMMAND_LINE = "command-line"
OF_STAFF = "split_part(actor, ':', 1) in ('officer', 'supervisor', 'auditor', 'administrator', 'command-line')"
"""What officers, auditors and people at the command line did; the indexes are of these few events only."""


class EventRecord(Base):
    """An event as it is kept."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_subject", "subject", "id"),
        Index("ix_events_person_id", "person_id", "id"),
        Index("ix_events_of_staff", "actor", "id", postgresql_where=OF_STAFF),
        Index("ix_events_of_staff_at", "at", postgresql_where=OF_STAFF),
        # What one officer read in a day is counted with each thing they open: nothing but this index is read for it.
        Index(
            "ix_events_of_staff_lately",
            *("actor", "at"),
            postgresql_where=OF_STAFF,
            postgresql_include=["kind", "person_id"],
        ),
        {"info": {"person": "person_id", "retention": "10 years"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=internal("when"))
    kind: Mapped[str] = mapped_column(Text, info=internal("what happened"))
    subject: Mapped[str] = mapped_column(Text, info=personal("to what: a report's number, a resident's id"))
    person_id: Mapped[UUID | None] = mapped_column(info=personal("whom it concerns"))
    actor: Mapped[str] = mapped_column(Text, info=internal("who did it"))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, info=personal("numbers, codes and dates only"))
    relayed_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        info=internal("when it was relayed, by earlier releases; they still insert it, as null"),
    )
    proof: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=internal("keyed mark of the service that wrote the row; of earlier releases, none")
    )


class EventToRelay(Base):
    """An event that was not handed to its subscribers yet: a trigger adds it, in the transaction of the event."""

    __tablename__ = "events_to_relay"
    __table_args__ = ({"info": {"retention": "until it is relayed, within seconds"}},)

    event_id: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, info=internal("which event")
    )


only_add(EventRecord)


def plain(value: Any) -> Any:
    """A value as JSON keeps it: dates in ISO 8601, ids as text."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def payload(event: Event) -> dict[str, Any]:
    """The facts of an event without those that have columns of their own."""
    names = (field.name for field in fields(event) if field.name not in ("subject", "person_id"))
    return {name: plain(getattr(event, name)) for name in names}


def row(event: Event, *, actor: str, at: datetime) -> dict[str, Any]:
    """An event as a row of the events table, for statements that write many."""
    facts = {
        "at": at,
        "kind": event.kind,
        "subject": event.subject,
        "person_id": event.person_id,
        "actor": actor,
        "data": payload(event),
    }
    return facts | {"proof": keyring().prove(content(facts))}


def content(facts: Mapping[str, Any]) -> bytes:
    """All that an event says, as bytes that are the same whenever it is read: what is proved and sealed."""
    at: datetime = facts["at"]
    person_id = facts["person_id"] and str(facts["person_id"])
    said = [at.astimezone(UTC).isoformat(), facts["kind"], facts["subject"], person_id, facts["actor"], facts["data"]]
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def record(session: Session, event: Event, *, actor: str, at: datetime) -> None:
    """Write an event in the transaction of the change it tells of; `actor` is who did it ("resident:…")."""
    session.add(EventRecord(**row(event, actor=actor, at=at)))


def of_staff() -> ColumnElement[bool]:
    """Whether an event is the act of an account or of the command line, as the indexes say it."""
    return literal_column(OF_STAFF, Boolean)


def actors_named(name: str) -> list[str]:
    """Every actor that an account or a user of this name can be."""
    return [f"{kind}:{name}" for kind in (*sorted(STAFF), COMMAND_LINE)]


def history(session: ReadSession, subject: str) -> Sequence[EventRecord]:
    """Everything that happened to a subject, oldest first."""
    return session.scalars(select(EventRecord).where(EventRecord.subject == subject).order_by(EventRecord.id)).all()


Subscriber = Callable[[Session, EventRecord], None]


def relay(session: Session, subscribers: Sequence[Subscriber], *, limit: int = 200) -> int:
    """Hand waiting events to every subscriber and take them from the outbox, in this transaction; how many there were.

    Several relays may run at once: each takes rows that no other holds.
    """
    waiting = (
        select(EventToRelay.event_id).order_by(EventToRelay.event_id).limit(limit).with_for_update(skip_locked=True)
    )
    ids = session.scalars(waiting).all()
    if ids:
        for event in session.scalars(select(EventRecord).where(EventRecord.id.in_(ids)).order_by(EventRecord.id)):
            for notify in subscribers:
                notify(session, event)
        execute_bulk(session, delete(EventToRelay).where(EventToRelay.event_id.in_(ids)))
    return len(ids)
