"""How connections to PostgreSQL are opened, given up when the server is silent, and watched while they commit."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from psycopg import Connection as DriverConnection
from psycopg import Error
from psycopg import errors as pg
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Engine, create_engine, event

from foundation.clock import monotonic

NOT_REPLICATED = "not_replicated"
"""Set in a pooled connection's `info` when a commit answered with the warning that no standby has it."""

_KEEP_ALIVE = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""A host that vanished is noticed after 11 seconds on an idle connection, after 10 on one that waits for an answer."""


class ConnectionWithTimeout(DriverConnection[Any]):
    """A connection that is given up when the server is silent for `response_timeout` seconds within a statement.

    PostgreSQL's own time-outs do not run while the server is frozen or cut off by the network.
    """

    response_timeout: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """See psycopg; raises OperationalError, and the connection is broken from then on."""
        try:
            return super().wait(gen, interval, self.response_timeout if timeout is None else timeout)
        except pg.OperationalError:
            if timeout is None and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


class CommitWatchdog:
    """Ends commits that take longer than `seconds`, by asking the server to stop waiting for its standby.

    No time-out of PostgreSQL's covers that wait. The commit then returns with the warning that it was not replicated.
    One thread watches every commit of a database; the first commit starts it.
    """

    _PAUSE = 0.5

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[int, tuple[float, DriverConnection[Any]]] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, connection: DriverConnection[Any]) -> Iterator[None]:
        """Watch a driver's connection while it commits."""
        with self._lock:
            self._waiting[id(connection)] = monotonic() + self._seconds, connection
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="commit-watchdog", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                del self._waiting[id(connection)]

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._PAUSE):
            moment = monotonic()
            with self._lock:
                late = [connection for until, connection in self._waiting.values() if until <= moment]
                with suppress(Error):  # the server is away or silent: the commits end by themselves
                    for connection in late:
                        connection.cancel_safe(timeout=1)


def make_engine(
    url: URL,
    *,
    pool_size: int,
    statement_timeout: float,
    idle_timeout: float,
    response_timeout: float | None,
    read_only: bool = False,
) -> Engine:
    """An engine whose statements end after `statement_timeout` seconds (0: never); see ConnectionWithTimeout.

    A transaction that does nothing for `idle_timeout` seconds is ended by the server, so that its locks end too. Where
    it is `read_only` the database refuses to write, and each statement is a transaction of its own. Values of
    parameters are in no error and no log: they are personal data.
    """
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=3,
        hide_parameters=True,
        connect_args={
            "options": _start_up_options(statement_timeout, idle_timeout, read_only),
            "prepare_threshold": 2,
            **_KEEP_ALIVE,
        },
        **({"isolation_level": "AUTOCOMMIT"} if read_only else {}),
    )
    event.listen(engine, "do_connect", partial(_connect, response_timeout))
    if not read_only:
        event.listen(engine, "connect", _note_missing_replication)
    return engine


def _start_up_options(statement_timeout: float, idle_timeout: float, read_only: bool) -> str:
    """The limits of a session, as libpq's `options`: the only session state there is.

    PgBouncer refuses start-up options. Behind it, the same settings belong to the database role (ALTER ROLE ... SET),
    and this is the one place to change.
    """
    settings = {
        "statement_timeout": int(statement_timeout * 1000),
        "lock_timeout": 2000,
        "idle_in_transaction_session_timeout": int(idle_timeout * 1000),
        "timezone": "UTC",
    }
    if read_only:
        settings["default_transaction_read_only"] = "on"
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _connect(
    response_timeout: float | None, _dialect: Any, _record: Any, args: Any, values: Any
) -> DriverConnection[Any]:
    connection = ConnectionWithTimeout.connect(*args, **values)
    connection.response_timeout = response_timeout
    return connection


def _note_missing_replication(connection: DriverConnection[Any], record: Any) -> None:
    info = record.info

    def receive(diagnostic: Any) -> None:
        if "synchronous replication" in (diagnostic.message_primary or ""):
            info[NOT_REPLICATED] = True

    connection.add_notice_handler(receive)
