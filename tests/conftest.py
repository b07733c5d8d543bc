"""Fixtures of all tests: one PostgreSQL for a test process, empty tables for each test, a clock that stands still."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

import notifications.models  # noqa: F401 - the tables of both packages
from app import create_app
from devtools.postgres import temporary_server
from foundation.config import Settings
from foundation.db import Base, Database
from foundation.sealing import Keyring, use_keyring

SECRET = "a-secret-of-the-tests-that-is-long-enough"
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)

for name in ("DATABASE_URL", "DEV_NOW", "SECRET_KEY", "ENVIRONMENT", "FCM_ENDPOINT", "SMTP_URL"):
    os.environ.pop(name, None)
use_keyring(Keyring((SECRET,)))


@pytest.fixture(scope="session")
def empty_database() -> Iterator[Database]:
    """The database of this test process, with its tables. It is not emptied between tests: see `database`."""
    with temporary_server() as server:
        server.ensure_database("tests")
        database = Database(server.url("tests"))
        Base.metadata.create_all(database.engine)
        yield database
        database.close()


def emptied(database: Database) -> Database:
    """Delete all rows of a database and return it."""
    names = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with database.engine.begin() as connection:
        connection.execute(text("set local lock_timeout = '10s'"))
        connection.execute(text(f"truncate {names} restart identity cascade"))
    return database


def application(database: Database) -> Flask:
    """The application on a database, with a clock that stands at NOW."""
    settings = Settings(environment="test", secret_keys=(SECRET,))
    app = create_app(settings, database=database, clock=lambda: NOW)
    app.testing = True
    return app


@pytest.fixture
def database(empty_database: Database) -> Database:
    """A database without rows."""
    return emptied(empty_database)


@pytest.fixture
def app(database: Database) -> Flask:
    """The application on an empty database, with a clock that stands at NOW."""
    return application(database)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the application."""
    return app.test_client()
