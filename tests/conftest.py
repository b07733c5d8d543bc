"""Fixtures of all tests: one PostgreSQL for a test process, empty tables for each test, a clock that stands still."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

import pytest
from flask import Flask, has_request_context
from flask.testing import FlaskClient
from sqlalchemy import text

import notifications.models  # noqa: F401 - the tables of both packages
from app import connect, create_app
from devtools.postgres import temporary_server
from foundation.clock import Clock
from foundation.config import Settings
from foundation.db import Base, Database
from foundation.sealing import Keyring, use_keyring
from operations import roles
from operations.roles import Addresses, Kind
from operations.services import services_of

SECRET = "a-secret-of-the-tests-that-is-long-enough"
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)

for name in ("DATABASE_URL", "DEV_NOW", "SECRET_KEY", "ENVIRONMENT", "FCM_ENDPOINT", "SMTP_URL"):
    os.environ.pop(name, None)
use_keyring(Keyring((SECRET,)))


LONGEST = ("test_random_histories.py", "test_random_histories_more.py", "test_any_request.py")
"""Files that take minutes begin first, so that no process of the tests waits for another at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first."""
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session")
def empty_database() -> Iterator[Database]:
    """The database of this test process, with its tables. It is not emptied between tests: see `database`."""
    with temporary_server() as server:
        server.ensure_database("tests")
        database = Database(server.url("tests"))
        make_tables(database)
        yield database
        database.close()


def make_tables(database: Database) -> None:
    """Make the tables from their models, and the roles: as where there is one address, and where each has its own."""
    Base.metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        connection.execute(text("create table alembic_version (version_num text)"))
    address = database.url.render_as_string(hide_password=False)
    for addresses in (Addresses.of(address), addresses_of(database)):
        roles.grant(database, addresses)


def addresses_of(database: Database) -> Addresses:
    """The addresses of a database that belongs to `app`, with a role for each kind of process."""
    urls = (database.url.set(username=role) for role in ("app", *Kind))
    return Addresses(*(url.render_as_string(hide_password=False) for url in urls))


_ROWS_GONE = " ".join(
    f"if exists (select from {table.name}) then if pg_relation_size('{table.name}') > 8192"
    f" then truncate {table.name} cascade; else delete from {table.name}; end if; end if;"
    for table in Base.metadata.sorted_tables
)
_NUMBERED_AGAIN = "".join(
    f"perform setval('{table.name}_{column.name}_seq', 1, false);"
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if column.identity is not None
)


def emptied(database: Database) -> Database:
    """Delete all rows of a database and return it; its next rows have the numbers of first rows.

    To truncate all tables takes a fifth of a second: only those of more than one page are, since their next rows would
    be in any order.
    """
    with database.engine.begin() as connection:
        connection.execute(text("set local lock_timeout = '10s'"))
        connection.execute(text("set local session_replication_role = replica"))  # some tables may not be emptied
        connection.exec_driver_sql(f"do $$ begin {_ROWS_GONE} {_NUMBERED_AGAIN} end $$")
    return database


class _AsServed:
    """See `as_served`."""

    def __init__(self, database: Database) -> None:
        """Hold the database, and a pool of connections of the API's role."""
        self._owner, self._api = database, Database(addresses_of(database).api)

    def __getattr__(self, name: str) -> Any:
        """Whatever a database has."""
        return getattr(self._api if has_request_context() else self._owner, name)


@cache
def as_served(database: Database) -> Database:
    """A database as the API of production has it: requests work with its role, a test beside them as owner.

    One that is not the owner's is as it is.
    """
    return cast("Database", _AsServed(database)) if database.url.username == "app" else database


SETTINGS = Settings(environment="test", secret_keys=(SECRET,))
_applications: dict[Any, tuple[Flask, dict[str, Any]]] = {}


def application(database: Database, *, settings: Settings = SETTINGS, clock: Clock = lambda: NOW) -> Flask:
    """The application on a database, with a clock that stands at NOW or another.

    A test process makes its routes once, since they take a while; services and configuration are new each time.
    """
    key = (settings.production, settings.trusted_proxies)  # on these routes depend
    if key not in _applications:
        app = create_app(settings, database=database, clock=clock)
        app.testing = True
        _applications[key] = (app, dict(app.config))
        return app
    app, configuration = _applications[key]
    app.config.clear()
    app.config.update(configuration)
    connect(app, services_of(app).api, settings, database=database, clock=clock)
    return app


@pytest.fixture
def database(empty_database: Database) -> Database:
    """A database without rows."""
    return emptied(empty_database)


@pytest.fixture
def app(database: Database) -> Flask:
    """The application on an empty database, with a clock that stands at NOW."""
    return application(as_served(database))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the application."""
    return app.test_client()
