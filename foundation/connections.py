"""How connections to PostgreSQL are opened, given up when the server is silent, and watched while they commit.

Nothing is said of a session when it is opened, and nothing is set that outlives a transaction, so that PgBouncer may
stand in front of the database. The limits of a session belong to the role (`ALTER ROLE ... SET`, which `flask database
migrate` says); what differs from them is said at the beginning of each transaction, in one trip with its first
statement. So is the person for whom a transaction works.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any, cast

from psycopg import Connection as DriverConnection
from psycopg import Cursor, Error, Pipeline
from psycopg import errors as pg
from psycopg.abc import PQGen
from psycopg.generators import send
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


@dataclass(frozen=True, slots=True)
class Opening:
    """A statement of the driver's dialect that is sent before the first one of each transaction."""

    sql: str
    values: Mapping[str, Any]


@cache
def _opening_sql(said: Sequence[str]) -> str:
    """The statement that says all of it; always the same text, by which psycopg knows what it has adapted before."""
    return f"select {', '.join(said)}"


class OpeningCursor(Cursor[Any]):
    """A cursor that sends the opening of its connection before the first statement of a transaction, in one trip."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> "OpeningCursor":
        """See psycopg. In autocommit, what is sent between two synchronisations of a pipeline is one transaction."""
        connection = cast("ConnectionWithTimeout", self.connection)
        if connection.opening is None or connection.pgconn.transaction_status != TransactionStatus.IDLE:
            super().execute(query, params, **options)
            return self
        try:
            with connection.lock:
                connection.wait(self._execute_after(connection.opening, connection, query, params, **options))
        except BaseException:
            connection.forget_prepared()
            raise
        return self

    def _execute_after(
        self, opening: Opening, connection: "ConnectionWithTimeout", query: Any, params: Any, **options: Any
    ) -> PQGen[None]:
        """Send the opening and a statement at once, and wait once for the answers to both.

        As `Connection.pipeline` does with two statements, but that sends each by itself and waits for either, which
        takes twice the processor time. What it calls is psycopg's own, and not for others: see `requirements.in`.
        """
        pipeline = connection._pipeline = Pipeline(connection, _no_lock=True)
        try:
            yield from pipeline._enter_gen()
            try:
                yield from connection.opener._enqueue(opening.sql, opening.values)
                yield from self._enqueue(query, params, **options)
                pipeline._enqueue_sync()
                for send_command in pipeline.command_queue:
                    send_command()
                yield from send(connection.pgconn)
                yield from pipeline._fetch_gen(flush=False)  # raises the first error, once all answers are read
            finally:
                pipeline._exit(None)
        finally:
            connection._pipeline = None
        yield from connection._prepared.maintain_gen(connection)

    def _enqueue(self, query: Any, params: Any, **options: Any) -> PQGen[None]:
        yield from self._start_query(query)
        yield from self._maybe_prepare_gen(self._convert_query(query, params), **options)
        self._last_query = query

    def executemany(self, query: Any, params_seq: Any, *, returning: bool = False) -> None:
        """See psycopg; only in a transaction, since each of its trips would be one of its own otherwise."""
        connection = cast("ConnectionWithTimeout", self.connection)
        if connection.opening and connection.pgconn.transaction_status == TransactionStatus.IDLE:
            if connection.autocommit:
                raise RuntimeError("many statements need a transaction")
            self.execute("select")
        super().executemany(query, params_seq, returning=returning)


class ConnectionWithTimeout(DriverConnection[Any]):
    """A connection that is given up when the server is silent for `response_timeout` seconds within a statement.

    PostgreSQL's own time-outs do not run while the server is frozen or cut off by the network. `settings` are said in
    every transaction, those of `person` as well while it works for one; `opening` is the statement that says so.
    """

    response_timeout: float | None = None
    settings: Sequence[str] = ()
    opening: Opening | None = None

    @cached_property
    def opener(self) -> OpeningCursor:
        """The cursor that sends the opening; one for all, since making one takes longer than its statement."""
        return OpeningCursor(self)

    def work_for(self, person: Opening | None) -> None:
        """Begin every transaction from now on for a person, or for nobody in particular."""
        said = (*self.settings, *([person.sql] if person else []))
        self.opening = Opening(_opening_sql(said), person.values if person else {}) if said else None

    def forget_prepared(self) -> None:
        """Let statements be prepared again after an error in a pipeline, outside a transaction.

        There psycopg counts a statement as prepared although the server passed over it after the error, and would ask
        for it by a name that there is not. In a transaction, its rollback forgets them.
        """
        if not self.closed and self.pgconn.transaction_status == TransactionStatus.IDLE and self._prepared.clear():
            with self.lock:
                self.wait(self._prepared.maintain_gen(self))

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long, in seconds, the server works on a statement (0: for ever) and lets a transaction idle.

    Where it is `read_only` the database refuses to write. A server that is silent for `response_timeout` is given up.
    """

    statement_timeout: float
    idle_timeout: float
    response_timeout: float | None
    read_only: bool = False


LOCK_TIMEOUT = 2
"""Seconds that a statement waits for a lock."""


def make_engine(url: URL, limits: Limits, *, pool_size: int, prepares: bool) -> Engine:
    """An engine with limits; where these are read-only, each statement is a transaction of its own.

    A transaction that does nothing for the idle time-out is ended by the server, so that its locks end too. Values of
    parameters are in no error and no log: they are personal data. `prepares` is false behind a pool that mixes up
    prepared statements.
    """
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=3,
        hide_parameters=True,
        connect_args={"prepare_threshold": 2 if prepares else None, **_KEEP_ALIVE},
        **({"isolation_level": "AUTOCOMMIT"} if limits.read_only else {}),
    )
    event.listen(engine, "do_connect", partial(_connect, limits))
    if not limits.read_only:
        event.listen(engine, "connect", _note_missing_replication)
    return engine


_IN_MS = "(extract(epoch from current_setting('{}')::interval) * 1000)::bigint"
_ROLE_SETTINGS = f"""select {
    ", ".join(map(_IN_MS.format, ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")))
}, current_setting('timezone')"""


def _connect(limits: Limits, _dialect: Any, _record: Any, args: Any, values: Any) -> DriverConnection[Any]:
    connection = ConnectionWithTimeout.connect(*args, **values, autocommit=True, cursor_factory=OpeningCursor)
    connection.response_timeout = limits.response_timeout
    try:
        _say_settings(connection, limits)
    except BaseException:
        connection.close()
        raise
    connection.autocommit = False
    return connection


def _say_settings(connection: ConnectionWithTimeout, limits: Limits) -> None:
    """Let every transaction say which limits differ from those of the role."""
    wanted = {
        "statement_timeout": int(limits.statement_timeout * 1000),
        "lock_timeout": LOCK_TIMEOUT * 1000,
        "idle_in_transaction_session_timeout": int(limits.idle_timeout * 1000),
        "timezone": "UTC",
    }
    found = connection.execute(_ROLE_SETTINGS).fetchone() or ()
    differ = {name: value for (name, value), given in zip(wanted.items(), found, strict=True) if value != given}
    if limits.read_only:
        differ["transaction_read_only"] = "on"
    connection.settings = [f"set_config('{name}', '{value}', true)" for name, value in differ.items()]
    connection.work_for(None)


def _note_missing_replication(connection: DriverConnection[Any], record: Any) -> None:
    info = record.info

    def receive(diagnostic: Any) -> None:
        if "synchronous replication" in (diagnostic.message_primary or ""):
            info[NOT_REPLICATED] = True

    connection.add_notice_handler(receive)
