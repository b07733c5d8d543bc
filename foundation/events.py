"""The append-only table through which the packages talk: audit trail, timeline and outbox in one.

An event is written in the transaction of the change that it records. A worker relays waiting events to subscribers.
It carries no personal data: numbers, codes and dates only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, personal
from foundation.db import Base, ReadSession, Session, execute_bulk


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened; a subclass names the kind and carries its facts.

    `subject` is what it happened to (a report's number, a resident's id), `person_id` whom it concerns.
    """

    kind: ClassVar[str]
    subject: str
    person_id: UUID | None


class EventRecord(Base):
    """An event as it is kept."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_waiting", "id", postgresql_where="relayed_at is null"),
        Index("ix_events_subject", "subject", "id"),
        Index("ix_events_person_id", "person_id", "id"),
        {"info": {"retention": "10 years"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=internal("when"))
    kind: Mapped[str] = mapped_column(Text, info=internal("what happened"))
    subject: Mapped[str] = mapped_column(Text, info=personal("to what: a report's number, a resident's id"))
    person_id: Mapped[UUID | None] = mapped_column(info=personal("whom it concerns"))
    actor: Mapped[str] = mapped_column(Text, info=internal("who did it"))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, info=personal("numbers, codes and dates only"))
    relayed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), info=internal("when it was relayed"))


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
    return {
        "at": at,
        "kind": event.kind,
        "subject": event.subject,
        "person_id": event.person_id,
        "actor": actor,
        "data": payload(event),
    }


def record(session: Session, event: Event, *, actor: str, at: datetime) -> None:
    """Write an event in the transaction of the change it tells of; `actor` is who did it ("resident:…")."""
    session.add(EventRecord(**row(event, actor=actor, at=at)))


def history(session: ReadSession, subject: str) -> Sequence[EventRecord]:
    """Everything that happened to a subject, oldest first."""
    return session.scalars(select(EventRecord).where(EventRecord.subject == subject).order_by(EventRecord.id)).all()


Subscriber = Callable[[Session, EventRecord], None]


def relay(session: Session, subscribers: Sequence[Subscriber], *, now: datetime, limit: int = 200) -> int:
    """Hand waiting events to every subscriber inside this transaction, and mark them; how many there were.

    Several relays may run at once: each takes rows that no other holds.
    """
    waiting = (
        select(EventRecord)
        .where(EventRecord.relayed_at.is_(None))
        .order_by(EventRecord.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    events = session.scalars(waiting).all()
    for event in events:
        for notify in subscribers:
            notify(session, event)
    if events:
        marked = update(EventRecord).where(EventRecord.id.in_([event.id for event in events])).values(relayed_at=now)
        execute_bulk(session, marked)
    return len(events)
