"""The throttle: how often something may fail, or be asked for, before it has to wait; counted in PostgreSQL.

A key stands for an operation, the network that asks, and what it asks about. Each failure of a key is counted. After
`allowed` of them it waits, and each further one doubles the wait. A key is forgotten when nothing was counted for a
while. Counting is one statement, so any number of processes count together. Times are the service's clock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import DateTime, Integer, LargeBinary, delete
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, sensitive
from foundation.db import AutocommitConnection, Base, Session, Statement, execute_bulk
from foundation.sealing import keyring

_SHORTEST_WAIT = timedelta(seconds=1)
_DOUBLINGS = 20


class Throttle(Base):
    """How often a key was counted; unlogged, since a crash of the server may forget it."""

    __tablename__ = "throttles"
    __table_args__ = ({"info": {"retention": "a day at most"}, "prefixes": ["UNLOGGED"]},)

    key: Mapped[bytes] = mapped_column(
        LargeBinary, primary_key=True, info=sensitive("blind index of operation, network and what was asked about")
    )
    count: Mapped[int] = mapped_column(Integer, info=internal("how often it was counted"))
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=internal("not before"))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=internal("forgotten then"))


@dataclass(frozen=True)
class Limit:
    """How often a key may be counted: `allowed` times, then after a wait of `first`, doubled up to `most`.

    It is forgotten `forget` after it could have been counted again.
    """

    allowed: int
    first: timedelta
    most: timedelta
    forget: timedelta


@dataclass(frozen=True)
class Counted:
    """What counting said: whether it was still `allowed`, how many there are, and how long the next one waits."""

    allowed: bool
    count: int
    wait: timedelta


_COUNTED = "(case when kept.expires_at <= :now then 1 else kept.count + 1 end)"
_NEXT = f"""cast(:now as timestamptz) + case when {_COUNTED} < :allowed then interval '0' else least(
    cast(:most as interval),
    cast(:first as interval) * power(2, least({_COUNTED} - :allowed, {_DOUBLINGS}))
) end"""
_FIRST = "cast(:now as timestamptz) + case when :allowed > 1 then interval '0' else cast(:first as interval) end"

# A key that waits is not written: `counted` has no row then, and the row that stands says until when. Where another
# transaction inserted the key in this moment, that row is not seen yet; the caller waits for the shortest time.
_COUNT = Statement(f"""
    with counted as (
        insert into throttles as kept (key, count, next_at, expires_at)
        values (:key, 1, {_FIRST}, {_FIRST} + cast(:forget as interval))
        on conflict (key) do update
        set count = {_COUNTED}, next_at = {_NEXT}, expires_at = {_NEXT} + cast(:forget as interval)
        where kept.next_at <= :now
        returning count, next_at
    )
    select jsonb_build_array(true, count, extract(epoch from next_at - :now)) from counted
    union all
    select jsonb_build_array(false, count, extract(epoch from next_at - :now)) from throttles
    where key = :key and not exists (select from counted)
""")  # noqa: S608 - made of constants
_WAITING = Statement("select extract(epoch from next_at - :now) from throttles where key = :key and next_at > :now")
_GIVE_BACK = Statement(
    "update throttles set count = greatest(count - 1, 0), next_at = :now where key = :key returning count"
)
_CLEAR = Statement("delete from throttles where key = :key returning count")


def key_of(operation: str, *parts: str) -> bytes:
    """The key of an operation and what it is counted by; nothing can be read from it."""
    return keyring().index("throttle", operation, *parts)


def count(connection: AutocommitConnection, key: bytes, limit: Limit, *, now: datetime) -> Counted:
    """Count one more of a key, unless it waits."""
    values = {
        "key": key,
        "now": now,
        "allowed": limit.allowed,
        "first": limit.first,
        "most": limit.most,
        "forget": limit.forget,
    }
    row = _COUNT.scalar(connection, values)
    if row is None:
        return Counted(allowed=False, count=limit.allowed, wait=_SHORTEST_WAIT)
    allowed, counted, seconds = row
    return Counted(allowed=allowed, count=counted, wait=timedelta(seconds=float(seconds)))


def waiting(connection: AutocommitConnection, key: bytes, *, now: datetime) -> timedelta | None:
    """How long a key still waits; None where it does not."""
    seconds = _WAITING.scalar(connection, {"key": key, "now": now})
    return None if seconds is None else timedelta(seconds=float(seconds))


def give_back(connection: AutocommitConnection, key: bytes, *, now: datetime) -> None:
    """Count one less of a key: what was counted beforehand did not fail."""
    _GIVE_BACK.scalar(connection, {"key": key, "now": now})


def clear(connection: AutocommitConnection, key: bytes) -> None:
    """Forget a key: who asks has shown to be the right one."""
    _CLEAR.scalar(connection, {"key": key})


def forget_expired(session: Session, *, now: datetime) -> int:
    """Remove the keys that nothing was counted of for a while; how many there were."""
    return execute_bulk(session, delete(Throttle).where(Throttle.expires_at <= now))
