"""The ways to the database, each with a type of its own; and faults of the database turned into clear problems.

- `Session`: one transaction that may write; the usual way.
- `ReadSession`: reads on connections where the database refuses to write; each statement is its own transaction.
- `AutocommitConnection`: SQLAlchemy Core, for operations of one read and one write, or one read; `Statement` is the
  fastest way to execute on it.
- `copy_rows`: many rows at once into a table, for imports.

See docs/adr/0008-ways-to-the-database.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NewType, cast

from psycopg import Connection as DriverConnection
from psycopg import errors as pg
from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Engine,
    Executable,
    MetaData,
    event,
    func,
    make_url,
    orm,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import psycopg as psycopg_dialect
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from foundation.connections import (
    NOT_REPLICATED,
    CommitWatchdog,
    ConnectionWithTimeout,
    Limits,
    Opening,
    make_engine,
)
from foundation.errors import Unavailable
from foundation.sealing import seal_to_row

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
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
_FAULTS = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    pg.OperationalError,  # the driver's own come from COPY, and from opening a connection
    pg.InterfaceError,
    *_TRANSIENT_ERRORS,
)


POOL_SIZE = 10
"""Connections of a process that write, and as many that read. A process that serves has as many threads."""


class Base(orm.DeclarativeBase):
    """What every table inherits: predictable constraint names, and `info` that the data dictionary is made from."""

    metadata = MetaData(naming_convention=NAMING)


event.listen(Base, "before_insert", seal_to_row, propagate=True)
event.listen(Base, "before_update", seal_to_row, propagate=True)


class ReadSession(orm.Session):
    """A session that only reads. What takes one says by its type that it changes nothing."""


class Session(ReadSession):
    """A session in a transaction that may write. It can be used wherever a ReadSession is asked for."""


AutocommitConnection = NewType("AutocommitConnection", Connection)
"""A Core connection on which each statement is a transaction of its own."""


class Database:
    """A PostgreSQL database with the platform's limits: a statement ends after `statement_timeout` seconds (0: never).

    A server that says nothing for two seconds longer than it may is given up; without a time-out, never. A process
    holds up to twice `pool_size` connections, since reads have their own: while every connection that writes is
    waiting, people still see their dates.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = POOL_SIZE,
        statement_timeout: float = 5,
        commit_timeout: float = 5,
        idle_timeout: float = 60,
        prepares: bool = True,
    ) -> None:
        self.url: URL = make_url(url).set(drivername="postgresql+psycopg")
        limits = Limits(
            statement_timeout=statement_timeout,
            idle_timeout=idle_timeout,
            response_timeout=max(statement_timeout, commit_timeout) + 2 if statement_timeout else None,
        )
        self._idle_timeout, self._prepares = idle_timeout, prepares
        self.engine = make_engine(self.url, limits, pool_size=pool_size, prepares=prepares)
        reads = replace(limits, read_only=True)
        self._read_engine = make_engine(self.url, reads, pool_size=pool_size, prepares=prepares)
        self._commit_watchdog = CommitWatchdog(commit_timeout)
        for engine, other in ((self.engine, self._read_engine), (self._read_engine, self.engine)):
            event.listen(engine, "handle_error", _DisposeOnDisconnect(other))

    @property
    def name(self) -> str:
        """Host and database, for people: an address may hold a password in more places than one."""
        hosts = self.url.query.get("host", self.url.host or "localhost")
        return f"{self.url.database} on {hosts if isinstance(hosts, str) else ', '.join(hosts)}"

    @contextmanager
    def transaction(
        self, settings: Mapping[str, str] | None = None, *, person: Opening | None = None
    ) -> Iterator[Session]:
        """A session whose changes are committed at the end, all or none.

        `settings` are PostgreSQL's for this transaction only, such as `{"statement_timeout": "300s"}`; `person` is for
        whom it works, see `foundation/row_security.py`.
        Raises Unavailable where the database cannot be reached, or answers a commit with the warning that it was
        not replicated: what may be lost in a failover is not acknowledged.
        """
        with self.undone_transaction(settings, person=person) as session:
            yield session
            if session.in_transaction():
                with self._replicated(session.connection()):
                    session.commit()

    @contextmanager
    def undone_transaction(
        self, settings: Mapping[str, str] | None = None, *, person: Opening | None = None
    ) -> Iterator[Session]:
        """As `transaction`, but at the end every change is undone: one sees what would come of them."""
        with (
            database_errors_as_problems(),
            _bound_to(self.engine, person) as bind,
            Session(bind, expire_on_commit=False) as session,
        ):
            for name, value in (settings or {}).items():
                session.execute(select(func.set_config(name, value, True)))
            yield session

    @contextmanager
    def read_session(self, *, person: Opening | None = None) -> Iterator[ReadSession]:
        """A session that reads; the database itself refuses to write. Each statement sees what is committed by then."""
        with (
            database_errors_as_problems(),
            _bound_to(self._read_engine, person) as bind,
            ReadSession(bind, expire_on_commit=False, autoflush=False) as session,
        ):
            yield session

    @contextmanager
    def beside_requests(self) -> Iterator[ReadSession]:
        """As `read_session`, for a thread that no request waits for: the database may be closed meanwhile."""
        pool = self._read_engine.pool
        try:
            with self.read_session() as session:
                yield session
        finally:
            if self._read_engine.pool is not pool:  # what was handed back to a pool that was dropped
                pool.dispose()

    def has_free_reader(self) -> bool:
        """Whether a connection that reads can be had without waiting for one in use."""
        pool = cast("QueuePool", self._read_engine.pool)
        return pool.checkedout() < pool.size()

    @contextmanager
    def autocommit(self, *, person: Opening | None = None) -> Iterator[AutocommitConnection]:
        """A Core connection that may write, each statement a transaction of its own.

        It saves the trips to the server that begin and commit a transaction, and half of Python's time. Raises
        Unavailable as `transaction` does.
        """
        with database_errors_as_problems(), _working_for(self.engine, person) as connection:
            driver = _driver_connection(connection)
            # Set on the driver's connection: SQLAlchemy's own option costs 70 µs with every use.
            driver.autocommit = True
            try:
                with self._replicated(connection):
                    yield AutocommitConnection(connection)
            finally:
                if not driver.closed:
                    driver.autocommit = False
                self._drop_if_broken(connection, driver)

    @contextmanager
    def read_autocommit(self, *, person: Opening | None = None) -> Iterator[AutocommitConnection]:
        """As `autocommit`, for reads of one statement; the database refuses to write."""
        with database_errors_as_problems(), _working_for(self._read_engine, person) as connection:
            driver = _driver_connection(connection)
            try:
                yield AutocommitConnection(connection)
            finally:
                self._drop_if_broken(connection, driver)

    def _drop_if_broken(self, connection: Connection, driver: DriverConnection[Any]) -> None:
        """Drop all pooled connections where a Statement found the server gone, which SQLAlchemy does not notice."""
        if driver.closed and not connection.invalidated:
            connection.invalidate()
            self.drop_connections()

    @contextmanager
    def _replicated(self, connection: Connection) -> Iterator[None]:
        """Watch what is committed inside; raises Unavailable when it was not replicated."""
        info = connection.info
        info.pop(NOT_REPLICATED, None)
        with self._commit_watchdog.watch(_driver_connection(connection)):
            yield
        if info.pop(NOT_REPLICATED, None):
            raise Unavailable("the change is not yet safe on a second machine")

    def without_timeout(self, *, pool_size: int = 4) -> "Database":
        """The same database on connections of its own whose statements never time out; close it after use."""
        url = self.url.render_as_string(hide_password=False)
        limits: dict[str, Any] = {"statement_timeout": 0, "idle_timeout": self._idle_timeout}
        return Database(url, pool_size=pool_size, prepares=self._prepares, **limits)

    def drop_connections(self) -> None:
        """Close every pooled connection, which may have been cut; the next use opens a new one."""
        self.engine.dispose()
        self._read_engine.dispose()

    def close(self) -> None:
        """Close every connection, for good."""
        self.drop_connections()
        self._commit_watchdog.stop()


@contextmanager
def _working_for(engine: Engine, person: Opening | None) -> Iterator[Connection]:
    """A connection that works for a person until it is handed back."""
    with engine.connect() as connection:
        if person is None:
            yield connection
            return
        driver = cast("ConnectionWithTimeout", connection.connection.driver_connection)
        driver.work_for(person)
        try:
            yield connection
        finally:
            driver.work_for(None)


@contextmanager
def _bound_to(engine: Engine, person: Opening | None) -> Iterator[Engine | Connection]:
    """What a session is bound to: for a person one connection, which it keeps, else whichever the engine has."""
    if person is None:
        yield engine
        return
    with _working_for(engine, person) as connection:
        yield connection


class _DisposeOnDisconnect:
    """Drops the other pool's connections when one pool finds the server gone: SQLAlchemy notices for one pool only."""

    def __init__(self, other: Engine) -> None:
        self._other = other

    def __call__(self, context: ExceptionContext) -> None:
        if context.is_disconnect:
            self._other.dispose()


@contextmanager
def database_errors_as_problems() -> Iterator[None]:
    """Turn a database that is away, full, slow or at its limits into Unavailable; every other error passes."""
    try:
        yield
    except _FAULTS as error:
        raise Unavailable("the database is not answering") from error
    except DBAPIError as error:
        if error.connection_invalidated or isinstance(error.orig, _TRANSIENT_ERRORS):
            raise Unavailable("the database is not answering") from error
        raise


class Statement:
    """SQL with `:name` parameters that runs on the driver's cursor, in the transaction of a connection or session.

    For the few statements that most requests send. SQLAlchemy's way of executing a text takes 80 µs longer with two
    parameters and 130 µs with forty, which is a tenth of a filing's processor time.
    """

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._driver_sql = str(text(sql).compile(dialect=psycopg_dialect.dialect()))  # type: ignore[no-untyped-call]

    def scalars(self, connection: Connection, values: Mapping[str, Any]) -> Iterator[Any]:
        """The first column of every row."""
        for row in _driver_connection(connection).execute(self._driver_sql, values):
            yield row[0]

    def scalar(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first column of the only row, or None where there is no row."""
        return next(self.scalars(connection, values), None)


BULK = {"synchronize_session": False, "preserve_rowcount": True}
"""Options of a statement that changes rows in the database without looking at objects that the session has loaded."""


def execute_bulk(session: Session, statement: Executable) -> int:
    """Run an insert, update or delete with the options of BULK; how many rows there were."""
    return cast("CursorResult[Any]", session.execute(statement, execution_options=BULK)).rowcount


def copy_rows(session: Session, table: str, types: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows to a table by COPY in binary form; `types` maps its columns, in the order of a row, to their types."""
    columns = ", ".join(types)
    with (
        _driver_connection(session.connection()).cursor() as cursor,
        cursor.copy(f"copy {table} ({columns}) from stdin (format binary)") as copy,
    ):
        copy.set_types(list(types.values()))
        for row in rows:
            copy.write_row(row)


def column_definitions(model: type[Base], names: Iterable[str]) -> str:
    """Columns of a model as a list of names and types, for `jsonb_to_recordset(...) as r (...)`."""
    return ", ".join(f"{name} {column_type(model, name)}" for name in names)


def column_type(model: type[Base], name: str) -> str:
    """A column's type as PostgreSQL writes it."""
    return str(model.__table__.columns[name].type.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


def _driver_connection(connection: Connection) -> DriverConnection[Any]:
    return cast("DriverConnection[Any]", connection.connection.driver_connection)
