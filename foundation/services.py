"""What the application factory hands to the code that answers a request: one typed object per application."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from foundation.clock import Clock
from foundation.config import Settings
from foundation.db import AutocommitConnection, Database, ReadSession, Session
from foundation.identity import Authenticate, PersonOf

_NAME = "services"


@dataclass(kw_only=True)
class Services:
    """What every package may use. A package that needs more says so in a protocol of its own."""

    settings: Settings
    clock: Clock
    database: Database
    authenticate: Authenticate
    person_of: PersonOf = lambda _session, resident_id: resident_id


def use_services(app: Flask, services: Services) -> None:
    """Give an application its services; called once, by the application factory."""
    app.extensions[_NAME] = services


def services_of(app: Flask) -> Services:
    """The services of an application."""
    return cast("Services", app.extensions[_NAME])


def services() -> Services:
    """The services of the application that answers the present request or runs the present command."""
    return services_of(current_app)


def database() -> Database:
    """The database of the application at work."""
    return services().database


@contextmanager
def transaction() -> Iterator[Session]:
    """A transaction on the application's database."""
    with database().transaction() as session:
        yield session


@contextmanager
def read_session() -> Iterator[ReadSession]:
    """A session that reads the application's database."""
    with database().read_session() as session:
        yield session


@contextmanager
def autocommit() -> Iterator[AutocommitConnection]:
    """A Core connection to the application's database; each statement is a transaction of its own."""
    with database().autocommit() as connection:
        yield connection


@contextmanager
def read_autocommit() -> Iterator[AutocommitConnection]:
    """A Core connection that reads the application's database."""
    with database().read_autocommit() as connection:
        yield connection
