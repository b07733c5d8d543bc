"""What every process knows of the database within a second, without a look-up by each request."""

import threading
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from foundation.clock import monotonic
from foundation.db import Database, ReadSession
from foundation.errors import Unavailable

FRESH_FOR = 1.0
"""Seconds that what was read is used."""
WAIT = 0.5
"""Seconds that a request waits for it: a database that says nothing would hold it for seven, twice."""


class BackgroundRead(ABC):
    """Something that is read once a second at most, in a thread of its own. Safe to share between threads.

    While the database is away, what was read last counts.
    """

    def __init__(self, database: Database, *, thread: str) -> None:
        self._database = database
        self._read_at = float("-inf")
        self._reading = threading.Lock()
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix=thread)

    @abstractmethod
    def _read(self, session: ReadSession) -> None:
        """Read it and keep it."""

    def refresh(self) -> None:
        """Read it, if that is a second ago and a connection is free; a request waits no longer than WAIT."""
        if monotonic() - self._read_at < FRESH_FOR or not self._database.has_free_reader():
            return
        if not self._reading.acquire(blocking=False):
            return
        reading = self._reader.submit(self._read_and_release)
        with suppress(Unavailable, TimeoutError):
            reading.result(timeout=WAIT)

    def _read_and_release(self) -> None:
        try:
            with self._database.beside_requests() as session:
                self._read(session)
        finally:
            self._read_at = monotonic()
            self._reading.release()
