"""When each round of the workers last succeeded, how long it took, and how often it failed or was missed.

A worker keeps this in memory and writes it with its sign of life, so that rounds that run every few seconds cost no
transaction each, and what failed while the database was away is known when it is back.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, DateTime, Float, Text, func, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal
from foundation.clock import monotonic
from foundation.db import Base, Database, ReadSession, Session


class RoundRecord(Base):
    """What became of a round of the workers, all of them together."""

    __tablename__ = "round_records"
    __table_args__ = ({"info": {"retention": "while in use"}},)

    name: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("the round"))
    succeeded_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), info=internal("when it last came to its end")
    )
    seconds: Mapped[float | None] = mapped_column(Float, info=internal("how long that took"))
    failed: Mapped[int] = mapped_column(BigInteger, server_default="0", info=internal("how often it failed"))
    missed: Mapped[int] = mapped_column(BigInteger, server_default="0", info=internal("how often its time was missed"))


@dataclass
class _Noted:
    ended: float | None = None
    seconds: float | None = None
    failed: int = 0
    missed: int = 0


class RoundLog:
    """What the rounds of this process did since it was last written down; used by many threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._noted: dict[str, _Noted] = {}

    def succeeded(self, name: str, seconds: float) -> None:
        """A round came to its end after so many seconds."""
        with self._lock:
            noted = self._noted.setdefault(name, _Noted())
            noted.ended, noted.seconds = self._clock(), seconds

    def failed(self, name: str) -> None:
        """A round ended with an error."""
        with self._lock:
            self._noted.setdefault(name, _Noted()).failed += 1

    def missed(self, name: str) -> None:
        """A round could not begin when it was its time."""
        with self._lock:
            self._noted.setdefault(name, _Noted()).missed += 1

    def write(self, database: Database, also: Callable[[Session], None] = lambda session: None) -> None:
        """Write it down, by the database's clock, in one transaction with `also`, and begin anew.

        Raises Unavailable; it is kept then. Rows are written in order of their names, so that two workers do not wait
        for each other in a circle.
        """
        with self._lock:
            noted, self._noted = self._noted, {}
        try:
            with database.transaction() as session:
                also(session)
                for name in sorted(noted):
                    session.execute(self._upsert(name, noted[name]))
        except BaseException:
            self._put_back(noted)
            raise

    def _upsert(self, name: str, noted: _Noted) -> Insert:
        ago = None if noted.ended is None else timedelta(seconds=self._clock() - noted.ended)
        ended = None if ago is None else func.clock_timestamp() - ago
        new = insert(RoundRecord).values(
            name=name, succeeded_at=ended, seconds=noted.seconds, failed=noted.failed, missed=noted.missed
        )
        changed = {
            "succeeded_at": func.greatest(RoundRecord.succeeded_at, new.excluded.succeeded_at),
            "seconds": func.coalesce(new.excluded.seconds, RoundRecord.seconds),
            "failed": RoundRecord.failed + new.excluded.failed,
            "missed": RoundRecord.missed + new.excluded.missed,
        }
        return new.on_conflict_do_update(index_elements=[RoundRecord.name], set_=changed)

    def _put_back(self, noted: dict[str, _Noted]) -> None:
        with self._lock:
            for name, former in noted.items():
                now = self._noted.setdefault(name, _Noted())
                now.failed, now.missed = now.failed + former.failed, now.missed + former.missed
                if now.ended is None:
                    now.ended, now.seconds = former.ended, former.seconds


@dataclass(frozen=True)
class RoundState:
    """A round as it stands: seconds since it last succeeded (None: never), and how long that took."""

    name: str
    since: float | None
    seconds: float | None
    failed: int
    missed: int


def states(session: ReadSession) -> Sequence[RoundState]:
    """All rounds that were ever noted, by name."""
    since = func.extract("epoch", func.clock_timestamp() - RoundRecord.succeeded_at)
    columns = (RoundRecord.name, since, RoundRecord.seconds, RoundRecord.failed, RoundRecord.missed)
    rows = session.execute(select(*columns).order_by(RoundRecord.name))
    return [
        RoundState(name, None if since is None else float(since), seconds, failed, missed)
        for name, since, seconds, failed, missed in rows
    ]
