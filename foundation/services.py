"""What the application factory hands to the code that answers a request: one typed object per application."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from flask import Flask, current_app, g, has_request_context
from sqlalchemy import false

from foundation import row_security
from foundation.clock import Clock
from foundation.config import Settings
from foundation.connections import Opening
from foundation.db import AutocommitConnection, Database, ReadSession, Session
from foundation.identity import Authenticate, BasisOf, CheckNotHeld, IsOfOffices, PersonOf, Principal, Role

_NAME = "services"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message to a person: when it was written, how it begins, and what became of it last, by which channel."""

    at: datetime
    title: str
    stage: str
    channel: str | None


MessagesOf = Callable[[ReadSession, UUID, str], Sequence[SentMessage]]
"""From a person's id and a language to the messages that were sent to them lately, newest first."""


@dataclass(kw_only=True)
class Services:
    """What every package may use. A package that needs more says so in a protocol of its own."""

    settings: Settings
    clock: Clock
    database: Database
    authenticate: Authenticate
    person_of: PersonOf = lambda _session, resident_id: resident_id
    check_not_held: CheckNotHeld = lambda session, resident, *, now: None
    owes: BasisOf | None = None
    messages_of: MessagesOf = lambda _session, _person_id, _language: ()
    is_of_offices: IsOfOffices = lambda _person, _officer, _today: false()


def use_services(app: Flask, services: Services) -> None:
    """Give an application its services; called by the application factory."""
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
    """A transaction on the application's database; in a resident's request, one that sees that person's rows only."""
    with database().transaction(person=_asking_person()) as session:
        yield session


@contextmanager
def read_session() -> Iterator[ReadSession]:
    """A session that reads the application's database; as `transaction`."""
    with database().read_session(person=_asking_person()) as session:
        yield session


@contextmanager
def autocommit() -> Iterator[AutocommitConnection]:
    """A Core connection to the application's database; each statement is a transaction of its own, as `transaction`."""
    with database().autocommit(person=_asking_person()) as connection:
        yield connection


@contextmanager
def read_autocommit() -> Iterator[AutocommitConnection]:
    """A Core connection that reads the application's database; as `transaction`."""
    with database().read_autocommit(person=_asking_person()) as connection:
        yield connection


def _asking_person() -> Opening | None:
    """For whom the database works: the resident whose request it is, since `guard` found out; else nobody."""
    who: Principal | None = g.get("principal") if has_request_context() else None
    return row_security.opening(who.id) if who is not None and who.role == Role.RESIDENT else None
