"""What the application factory hands to the code that answers a request: one typed object per application."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app
from psycopg import Connection
from sqlalchemy.orm import Session

from foundation.clock import Clock
from foundation.config import Settings
from foundation.db import Database
from foundation.identity import Authenticate

_NAME = "services"


@dataclass(kw_only=True)
class Services:
    """What every package may use. A package that needs more says so in a protocol of its own."""

    settings: Settings
    clock: Clock
    database: Database
    authenticate: Authenticate


def use_services(app: Flask, services: Services) -> None:
    """Give an application its services; called once, by whoever makes the application."""
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
def statements() -> Iterator[Connection]:
    """Statements on the application's database, each a transaction of its own."""
    with database().statements() as connection:
        yield connection


@contextmanager
def read_statements() -> Iterator[Connection]:
    """Looks at the application's database on the driver's own connection."""
    with database().read_statements() as connection:
        yield connection


@contextmanager
def reading() -> Iterator[Session]:
    """A read-only look at the application's database."""
    with database().reading() as session:
        yield session
