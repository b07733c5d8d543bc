"""How the API answered, by hour: the share of its own errors is published.

Each process counts in memory and adds what it counted to a row of its own, so that no request waits for a write or for
another process. What a process that is killed counted last is lost: half a minute at most.
"""

import atexit
import threading
from collections import defaultdict
from contextlib import suppress
from datetime import datetime
from uuid import uuid4

from flask import Flask, Response, request
from sqlalchemy import BigInteger, DateTime, Text, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal
from foundation.clock import Clock
from foundation.db import BULK, Base, Database, ReadSession
from foundation.errors import Unavailable
from foundation.retention import Kept

WRITTEN_AFTER = 30.0
"""Seconds after an answer until it is written down at the latest, together with all others since."""
COUNTED = "/api/"
"""Pages, files and probes are not counted: what people and phones wait for is the API."""


class AnswerCount(Base):
    """What one process answered in one hour."""

    __tablename__ = "answer_counts"
    __table_args__ = ({"info": {"retention": Kept("400 days", ends="hour", after="400 days")}},)

    hour: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), primary_key=True, info=internal("when the hour began")
    )
    process: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("a random name of the process"))
    answered: Mapped[int] = mapped_column(BigInteger, info=internal("requests that were answered well"))
    refused: Mapped[int] = mapped_column(BigInteger, info=internal("requests that were wrong (4xx)"))
    failed: Mapped[int] = mapped_column(BigInteger, info=internal("requests that this service failed (5xx)"))


class AnswerCounts:
    """Counts the answers of this process; used by many threads."""

    def __init__(self, database: Database, clock: Clock, *, written_after: float = WRITTEN_AFTER) -> None:
        self._database, self._clock, self._after = database, clock, written_after
        self._process = uuid4().hex
        self._lock = threading.Lock()
        self._counts: dict[datetime, list[int]] = defaultdict(lambda: [0, 0, 0])
        self._timer: threading.Timer | None = None

    def note(self, status: int) -> None:
        """An answer was given; a timer writes it down, so that a process without requests writes nothing."""
        hour = self._clock().replace(minute=0, second=0, microsecond=0)
        with self._lock:
            self._counts[hour][2 if status >= 500 else 1 if status >= 400 else 0] += 1
            self._start_timer()

    def write(self) -> None:
        """Add what was counted to the rows of this process, and begin anew. Raises Unavailable; it is kept then."""
        with self._lock:
            counts, self._counts = self._counts, defaultdict(lambda: [0, 0, 0])
        try:
            if counts:
                self._add(counts)
        except BaseException:
            with self._lock:
                for hour, former in counts.items():
                    self._counts[hour] = [one + other for one, other in zip(self._counts[hour], former, strict=True)]
            raise

    def _add(self, counts: dict[datetime, list[int]]) -> None:
        names = ("answered", "refused", "failed")
        with self._database.transaction() as session:
            for hour, numbers in sorted(counts.items()):
                row = {"hour": hour, "process": self._process} | dict(zip(names, numbers, strict=True))
                new = insert(AnswerCount).values(**row)
                added = {name: getattr(AnswerCount, name) + getattr(new.excluded, name) for name in names}
                session.execute(
                    new.on_conflict_do_update(index_elements=["hour", "process"], set_=added), execution_options=BULK
                )

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(self._after, self._write_or_wait)
            self._timer.daemon = True
            self._timer.start()

    def _write_or_wait(self) -> None:
        with self._lock:
            self._timer = None
        try:
            self.write()
        except Unavailable:
            with self._lock:
                self._start_timer()


def count_answers(app: Flask, counts: AnswerCounts) -> None:
    """Count the answers of an application that is served; what was not written yet is when the process ends."""

    @app.after_request
    def note(response: Response) -> Response:
        if request.path.startswith(COUNTED):
            counts.note(response.status_code)
        return response

    def write_last() -> None:
        with suppress(Unavailable):
            counts.write()

    atexit.register(write_last)


def total(session: ReadSession, begins: datetime, ends: datetime) -> tuple[int, int]:
    """How many requests were answered, well or not, from one instant to another, and how many this service failed."""
    every = func.coalesce(func.sum(AnswerCount.answered + AnswerCount.refused + AnswerCount.failed), 0)
    failed = func.coalesce(func.sum(AnswerCount.failed), 0)
    within = select(every, failed).where(AnswerCount.hour >= begins, AnswerCount.hour < ends)
    answers, errors = session.execute(within).one()
    return int(answers), int(errors)
