"""Leases: which process may do what only one may do at a time, with an end and a fencing number; and signs of life.

A lease ends by itself when its holder dies, and each new holder gets a higher number. A transaction that may not be
written by a former holder asks for the number once more just before it commits. All times are the database's, which
is the one clock that workers on several hosts share.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, DateTime, Text, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal
from foundation.db import Base, Database, ReadSession, Session, execute_bulk
from foundation.errors import Unavailable

SECONDS = 15.0
"""How long a lease lasts; it is renewed three times as often. A holder that was killed is replaced by then."""


class Lease(Base):
    """Which process does something that only one may do at a time."""

    __tablename__ = "leases"
    __table_args__ = ({"info": {"retention": "while in use"}},)

    name: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("what for"))
    holder: Mapped[str] = mapped_column(Text, info=internal("host and process that holds it"))
    fencing: Mapped[int] = mapped_column(BigInteger, info=internal("rises with each holder"))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=internal("end, unless renewed"))


class Heartbeat(Base):
    """A worker's latest sign of life."""

    __tablename__ = "heartbeats"
    __table_args__ = ({"info": {"retention": "1 day"}},)

    process: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("host and process"))
    host: Mapped[str] = mapped_column(Text, info=internal("the host"))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=internal("when"))


class LeaseLost(Unavailable):
    """Another process does this by now; nothing was stored."""

    code = "lease-lost"


@dataclass(frozen=True)
class HeldLease:
    """A lease that this process holds, or held."""

    name: str
    fencing: int

    def confirm(self, session: Session) -> None:
        """Make sure that no other process took over, up to the end of this transaction; raises LeaseLost.

        Called last before a commit: the row is locked then, and a renewal waits for as long as the commit takes.
        """
        mine = select(Lease.name).where(Lease.name == self.name, Lease.fencing == self.fencing)
        if session.scalar(mine.with_for_update(read=True)) is None:
            raise LeaseLost(f"the lease {self.name!r} went to another process")


def acquire(session: Session, name: str, *, holder: str, seconds: float = SECONDS) -> HeldLease | None:
    """Take a lease that is free or over; None while another holds it."""
    new = insert(Lease).values(name=name, holder=holder, fencing=1, expires_at=_after(seconds))
    taken = new.on_conflict_do_update(
        index_elements=[Lease.name],
        set_={"holder": holder, "fencing": Lease.fencing + 1, "expires_at": _after(seconds)},
        where=Lease.expires_at <= func.clock_timestamp(),
    )
    fencing = session.scalar(taken.returning(Lease.fencing))
    return None if fencing is None else HeldLease(name, fencing)


def renew(session: Session, lease: HeldLease, *, seconds: float = SECONDS) -> bool:
    """Hold a lease for longer; False where another process has it."""
    return _update(session, lease, _after(seconds))


def release(session: Session, lease: HeldLease) -> None:
    """End a lease now, so that the next process need not wait; nothing where another process has it."""
    _update(session, lease, func.clock_timestamp())


@contextmanager
def hold(database: Database, name: str, *, holder: str, seconds: float = SECONDS) -> Iterator[HeldLease | None]:
    """Hold a lease while the block runs, renewed by a thread; None where another process holds it."""
    with database.transaction() as session:
        lease = acquire(session, name, holder=holder, seconds=seconds)
    if lease is None:
        yield None
        return
    finished = threading.Event()
    renewing = threading.Thread(
        target=_keep_renewing, args=(database, lease, seconds, finished), name=f"lease-{name}", daemon=True
    )
    renewing.start()
    try:
        yield lease
    finally:
        finished.set()
        renewing.join()
        with database.transaction() as session:
            release(session, lease)


def beat(session: Session, *, process: str, host: str) -> None:
    """Note that a worker is alive."""
    values = {"host": host, "seen_at": func.clock_timestamp()}
    new = insert(Heartbeat).values(process=process, **values)
    session.execute(new.on_conflict_do_update(index_elements=[Heartbeat.process], set_=values))


def is_alive(session: ReadSession, *, host: str, within: timedelta) -> bool:
    """Whether a worker of this host gave a sign of life lately."""
    lately = Heartbeat.seen_at > func.clock_timestamp() - within
    return session.scalar(select(Heartbeat.process).where(Heartbeat.host == host, lately).limit(1)) is not None


def forget_heartbeats(session: Session, *, older_than: timedelta) -> None:
    """Remove the signs of life of workers that ended long ago."""
    session.execute(delete(Heartbeat).where(Heartbeat.seen_at < func.clock_timestamp() - older_than))


def _keep_renewing(database: Database, lease: HeldLease, seconds: float, finished: threading.Event) -> None:
    while not finished.wait(seconds / 3):
        try:
            with database.transaction() as session:
                if not renew(session, lease, seconds=seconds):
                    return
        except Unavailable:
            continue  # the database is away, or the row is locked by a commit: the lease may last until the next try


def _update(session: Session, lease: HeldLease, expires_at: Any) -> bool:
    mine = update(Lease).where(Lease.name == lease.name, Lease.fencing == lease.fencing)
    return execute_bulk(session, mine.values(expires_at=expires_at)) == 1


def _after(seconds: float) -> Any:
    return func.clock_timestamp() + timedelta(seconds=seconds)
