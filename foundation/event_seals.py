"""Sealing of events: a chain of signed digests, from which a changed, removed or added event can be told.

A trigger queues every event that is written, in its writer's transaction, so a row of the queue is seen once that
transaction has committed: sealing follows the order of commits, whatever the ids are, and no writer waits for it.
A seal lists each event's id and digest (its leaves) and signs their digest together with that of the seal before.

See docs/adr/0012-sealed-events.md.
"""

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    DateTime,
    Identity,
    LargeBinary,
    Select,
    Text,
    delete,
    event,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from foundation.append_only import only_add
from foundation.classification import internal, opened
from foundation.clock import rfc3339
from foundation.db import Base, ReadSession, Session
from foundation.events import EventRecord, content
from foundation.sealing import keyring

LARGEST = 10_000
"""Events of one seal."""
Sign = Callable[[dict[str, Any]], str]
"""Claims to a compact JWS, signed with the key for seals."""
_TIME = DateTime(timezone=True)
_LEAF = struct.Struct(">qB32s")
_QUEUE = (
    """create function queue_events() returns trigger language plpgsql as $$
    begin
      insert into events_to_seal (event_id) select id from added;
      insert into events_to_relay (event_id) select id from added;
      return null;
    end $$""",
    """create trigger queue_events after insert on events referencing new table as added
    for each statement execute function queue_events()""",
)


class QueuedEvent(Base):
    """An event that no seal covers yet."""

    __tablename__ = "events_to_seal"
    __table_args__ = ({"info": {"retention": "until it is sealed, within a minute"}},)

    event_id: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, info=internal("which event")
    )


class Seal(Base):
    """A link of the chain: the digests of the events since the last one, and the signed digest of them all."""

    __tablename__ = "seals"
    __table_args__ = ({"info": {"retention": "for ever"}},)

    number: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, info=opened("from 1, no gap")
    )
    sealed_at: Mapped[datetime] = mapped_column(_TIME, info=opened("when"))
    leaves: Mapped[bytes] = mapped_column(LargeBinary, info=internal("id, mark and digest of each event"))
    statement: Mapped[str] = mapped_column(Text, info=opened("signed digest of the leaves and of the seal before"))


class WitnessedSeal(Base):
    """A seal that the witness has taken."""

    __tablename__ = "witnessed_seals"
    __table_args__ = ({"info": {"retention": "for ever"}},)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, info=opened("which seal"))
    witnessed_at: Mapped[datetime] = mapped_column(_TIME, info=opened("when it was taken"))


class RemovedEvents(Base):
    """A certificate: which events were removed because they were older than they are kept."""

    __tablename__ = "removed_events"
    __table_args__ = ({"info": {"retention": "for ever"}},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    removed_at: Mapped[datetime] = mapped_column(_TIME, info=opened("when"))
    ids: Mapped[bytes] = mapped_column(LargeBinary, info=internal("the events' ids"))
    statement: Mapped[str] = mapped_column(Text, info=opened("signed digest of the ids"))


for _statement in _QUEUE:
    event.listen(EventRecord.__table__, "after_create", DDL(_statement))  # type: ignore[no-untyped-call]
for _model in (Seal, RemovedEvents):
    only_add(_model, for_ever=True)


class Mark(IntEnum):
    """What was known of an event when it was sealed."""

    PROVED = 0
    FOREIGN = 1
    MISSING = 2
    EARLIER = 3


@dataclass(frozen=True, slots=True)
class Leaf:
    """An event as a seal lists it.

    `mark` is FOREIGN where the service did not write it, MISSING where it was gone before it was sealed, EARLIER where
    a release without proofs wrote it.
    """

    event_id: int
    mark: Mark
    digest: bytes


def pack(leaves: Iterable[Leaf]) -> bytes:
    """Leaves as they are stored and signed."""
    return b"".join(_LEAF.pack(leaf.event_id, leaf.mark, leaf.digest) for leaf in leaves)


def unpack(packed: bytes) -> Iterator[Leaf]:
    """What `pack` stored; raises ValueError where it is not that."""
    try:
        for event_id, mark, digest in _LEAF.iter_unpack(packed):
            yield Leaf(event_id, Mark(mark), digest)
    except struct.error as error:
        raise ValueError("not a list of leaves") from error


def digest(row: Any) -> bytes:
    """The digest of an event with its id and its proof: of all but the mark of its delivery."""
    said = hashlib.sha256(struct.pack(">q", row.id) + content(row._mapping) + bytes(row.proof or b""))
    return said.digest()


def columns() -> Sequence[Any]:
    """The columns of an event that `digest` and `is_proved` need."""
    names = ("id", "at", "kind", "subject", "person_id", "actor", "data", "proof")
    return [EventRecord.__table__.columns[name] for name in names]


def is_proved(row: Any) -> bool | None:
    """Whether this service wrote an event; None where it cannot be known, since the secret is gone."""
    return False if row.proof is None else keyring().proves(row.proof, content(row._mapping))


def link(statement: str) -> str:
    """What a seal says of the one before it: the digest of its statement."""
    return hashlib.sha256(statement.encode()).hexdigest()


def seal(session: Session, sign: Sign, *, now: datetime, limit: int = LARGEST) -> int:
    """Seal the events whose transactions have committed and that no seal covers yet; how many there were.

    Sealers take turns. `sign` must not need the database.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("seals"))))
    queued = session.scalars(_sealable().order_by(QueuedEvent.event_id).limit(limit)).all()
    leaves = list(_leaves(session, queued, begun=_has_begun(session)))
    if not leaves:
        return 0
    session.execute(delete(QueuedEvent).where(QueuedEvent.event_id.in_([leaf.event_id for leaf in leaves])))
    last = session.execute(select(Seal.number, Seal.statement).order_by(Seal.number.desc()).limit(1)).one_or_none()
    packed = pack(leaves)
    claims = {
        "seal": last.number + 1 if last else 1,
        "at": rfc3339(now),
        "events": len(leaves),
        "digest": hashlib.sha256(packed).hexdigest(),
        "previous": link(last.statement) if last else "",
    }
    values = {"number": claims["seal"], "sealed_at": now, "leaves": packed, "statement": sign(claims)}
    session.execute(insert(Seal).values(values))
    return len(leaves)


def remove(session: Session, ids: Sequence[int], sign: Sign, *, now: datetime) -> int:
    """Remove sealed events that have been kept for long enough, and certify which; how many there were.

    In a transaction with the settings REMOVES_EXPIRED.
    """
    gone = sorted(session.scalars(delete(EventRecord).where(EventRecord.id.in_(ids)).returning(EventRecord.id)))
    if not gone:
        return 0
    packed = struct.pack(f">{len(gone)}q", *gone)
    claims = {"removed": len(gone), "at": rfc3339(now), "digest": hashlib.sha256(packed).hexdigest()}
    session.execute(insert(RemovedEvents).values(removed_at=now, ids=packed, statement=sign(claims)))
    return len(gone)


def expired(session: ReadSession, before: datetime, *, limit: int = LARGEST) -> Sequence[int]:
    """Events from before a moment, oldest first."""
    return session.scalars(
        select(EventRecord.id).where(EventRecord.at < before).order_by(EventRecord.id).limit(limit)
    ).all()


def _sealable() -> Select[int]:
    """The queued events but those that another secret proves: they wait, since a worker may get it later than the API.

    They are left out before the limit, so that any number of them keeps no other from being sealed.
    """
    ours = func.substring(EventRecord.proof, 1, 4).in_(keyring().proof_names)
    query = select(QueuedEvent.event_id).outerjoin(EventRecord, EventRecord.id == QueuedEvent.event_id)
    return query.where(or_(EventRecord.proof.is_(None), ours))


def _leaves(session: Session, ids: Sequence[int], *, begun: bool) -> Iterator[Leaf]:
    """The leaves of queued events."""
    rows = {row.id: row for row in session.execute(select(*columns()).where(EventRecord.id.in_(ids)))}
    for event_id in ids:
        row = rows.get(event_id)
        if row is None:
            yield Leaf(event_id, Mark.MISSING, bytes(32))
        elif row.proof is None and not begun:
            yield Leaf(event_id, Mark.EARLIER, digest(row))
        else:
            yield Leaf(event_id, Mark.PROVED if is_proved(row) else Mark.FOREIGN, digest(row))


def _has_begun(session: Session) -> bool:
    """Whether what is written without a proof is foreign by now: from the first seal that has more than such events."""
    packed = session.scalar(select(Seal.leaves).order_by(Seal.number.desc()).limit(1))
    return packed is not None and any(leaf.mark != Mark.EARLIER for leaf in unpack(packed))
