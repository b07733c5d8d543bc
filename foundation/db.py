"""The database: one engine a process, one transaction a request or job, and faults turned into clear problems."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, cast

from psycopg import Connection, Error
from psycopg import errors as pg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from sqlalchemy import URL, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session

from foundation.clock import monotonic
from foundation.errors import Unavailable

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
NOT_REPLICATED = "not_replicated"
_KEEP_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
"""A database on another machine that is gone is noticed in a minute (seconds, but for the last)."""
_TRANSIENT_ERRORS = (
    pg.AdminShutdown,
    pg.CrashShutdown,
    pg.CannotConnectNow,
    pg.TooManyConnections,
    pg.QueryCanceled,
    pg.LockNotAvailable,
    pg.DeadlockDetected,
    pg.SerializationFailure,
    pg.DiskFull,
    pg.OutOfMemory,
    pg.ReadOnlySqlTransaction,
    pg.IdleInTransactionSessionTimeout,
)


class Base(DeclarativeBase):
    """What every table inherits: predictable constraint names, and `info` that the data dictionary is made from."""

    metadata = MetaData(naming_convention=NAMING)


class ConnectionWithTimeout(Connection[Any]):
    """A connection that is given up when the server is silent for longer than it was given for a statement.

    The server's own time-outs do not count while it is frozen or cut off by the network.
    """

    response_timeout: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """See the library; raises OperationalError, on a connection that is broken from then on."""
        try:
            return super().wait(gen, interval, self.response_timeout if timeout is None else timeout)
        except pg.OperationalError:
            if timeout is None and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


class CommitWatchdog:
    """Ends commits that take longer than `seconds`, by asking the server to give up waiting for its standby.

    No time-out of PostgreSQL's counts that wait. The commit then returns with the warning that it was not replicated.
    One thread looks after every commit of a database; it is started by the first.
    """

    _PAUSE = 0.5

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[int, tuple[float, Any]] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def with_commit(self, connection: Any) -> Iterator[None]:
        """Look after a driver's connection while it commits."""
        with self._lock:
            self._waiting[id(connection)] = monotonic() + self._seconds, connection
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="commits", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                del self._waiting[id(connection)]

    def end(self) -> None:
        """Let the thread go."""
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(self._PAUSE):
            moment = monotonic()
            with self._lock:
                late = [connection for until, connection in self._waiting.values() if until <= moment]
                with suppress(Error):  # the server is away or silent: the commits end by themselves
                    for connection in late:
                        connection.cancel_safe(timeout=1)


class Database:
    """An engine with the platform's limits: statements end after `statement_timeout` seconds, locks sooner.

    A server that says nothing for two seconds longer than it may is given up; without a time-out, never.
    """

    def __init__(
        self, url: str, *, pool_size: int = 10, statement_timeout: float = 5, commit_timeout: float = 5
    ) -> None:
        self.url: URL = make_url(url).set(drivername="postgresql+psycopg")
        milliseconds = int(statement_timeout * 1000)
        options = f"-c statement_timeout={milliseconds} -c lock_timeout=2000 -c timezone=UTC"
        options += " -c idle_in_transaction_session_timeout=60000"
        response_timeout = max(statement_timeout, commit_timeout) + 2 if statement_timeout else None
        self.engine = _engine(self.url, options, pool_size, response_timeout)
        options += " -c default_transaction_read_only=on"
        self._reader = _engine(self.url, options, pool_size, response_timeout, isolation_level="AUTOCOMMIT")
        self._commit_watchdog = CommitWatchdog(commit_timeout)
        event.listen(self.engine, "connect", _watch_commits)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose changes are committed at the end, all or none.

        Raises Unavailable where the database cannot be reached, or answers a commit with the warning that it was
        not replicated: what may be lost in a failover is not acknowledged.
        """
        with faults_as_problems(), Session(self.engine, expire_on_commit=False) as session:
            yield session
            if session.in_transaction():
                with self._replicated(driver(session), session.connection().info):
                    session.commit()

    @contextmanager
    def statements(self) -> Iterator[Connection]:
        """The driver's own connection, on which each statement is a transaction of its own.

        For the deeds that everybody does and that are one read and one write: it saves the trips that begin and commit
        a transaction, and half of the time that Python takes. Raises Unavailable as `transaction` does.
        """
        with (
            faults_as_problems(),
            self._borrowed(self.engine) as (connection, info),
            self._replicated(connection, info),
        ):
            yield connection

    @contextmanager
    def read_statements(self) -> Iterator[Connection]:
        """The driver's own connection as of `statements`, for looks that are one statement; see `reading`."""
        with faults_as_problems(), self._borrowed(self._reader) as (connection, _):
            yield connection

    @contextmanager
    def _borrowed(self, engine: Engine) -> Iterator[tuple[Connection, dict[Any, Any]]]:
        """A connection of a pool, on which each statement is a transaction of its own, and what is noted of it."""
        pooled = engine.raw_connection()
        connection = cast("Connection", pooled.driver_connection)
        usual = connection.autocommit
        try:
            connection.autocommit = True
            yield connection, pooled.info
        finally:
            if connection.broken:
                self.drop_connections()  # the server went away, and the other connections with it
                pooled.invalidate()
            else:
                connection.autocommit = usual
                pooled.close()

    @contextmanager
    def _replicated(self, connection: Connection, info: dict[Any, Any]) -> Iterator[None]:
        """Look after what is committed inside; raises Unavailable when it was not replicated."""
        info.pop(NOT_REPLICATED, None)
        with self._commit_watchdog.with_commit(connection):
            yield
        if info.pop(NOT_REPLICATED, None):
            raise Unavailable("the change is not yet safe on a second machine")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for looking; the database itself refuses to write. Each statement sees what is there by then."""
        with faults_as_problems(), Session(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    def without_timeout(self, *, pool_size: int = 4) -> "Database":
        """The same database with connections of its own that have time for long statements; close it after use."""
        url = self.url.render_as_string(hide_password=False)
        return Database(url, pool_size=pool_size, statement_timeout=0)

    def drop_connections(self) -> None:
        """Close every pooled connection, which may have been cut; whoever needs one gets a new one."""
        self.engine.dispose()
        self._reader.dispose()

    def close(self) -> None:
        """Close every connection, for good."""
        self.drop_connections()
        self._commit_watchdog.end()


def _engine(url: URL, options: str, pool_size: int, response_timeout: float | None, **more: Any) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=3,
        connect_args={"connect_timeout": 3, "options": options, "prepare_threshold": 2, **_KEEP_ALIVE},
        **more,
    )
    event.listen(engine, "do_connect", partial(_connect, response_timeout))
    return engine


def _connect(
    response_timeout: float | None, _dialect: Any, _record: Any, args: Any, values: Any
) -> ConnectionWithTimeout:
    connection = ConnectionWithTimeout.connect(*args, **values)
    connection.response_timeout = response_timeout
    return connection


def _watch_commits(connection: Any, _record: Any) -> None:
    info = _record.info

    def notice(diagnostic: Any) -> None:
        if "synchronous replication" in (diagnostic.message_primary or ""):
            info[NOT_REPLICATED] = True

    connection.add_notice_handler(notice)


@contextmanager
def faults_as_problems() -> Iterator[None]:
    """Turn a database that is away, full, slow or at its limits into Unavailable; every other error passes."""
    try:
        yield
    except (
        OperationalError,
        InterfaceError,
        PoolTimeout,
        pg.OperationalError,
        pg.InterfaceError,
        *_TRANSIENT_ERRORS,
    ) as error:
        raise Unavailable("the database is not answering") from error  # those of `pg` come from `statements`
    except DBAPIError as error:
        if error.connection_invalidated or isinstance(error.orig, _TRANSIENT_ERRORS):
            raise Unavailable("the database is not answering") from error
        raise


def driver(session: Session) -> Connection:
    """The driver's connection of a session, in the session's transaction."""
    return cast("Connection", session.connection().connection.driver_connection)


def one(at: Session | Connection, statement: str, values: Mapping[str, Any]) -> Mapping[Any, Any] | None:
    """The only row of a statement in the driver's words (`%(name)s`), or None; in a session or on a connection."""
    if isinstance(at, Session):
        return at.connection().exec_driver_sql(statement, dict(values)).mappings().one_or_none()
    return at.cursor(row_factory=dict_row).execute(statement, values).fetchone()
