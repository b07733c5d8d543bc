"""Fixtures of the API tests: the application with a clock that a test can move."""

from collections.abc import Iterator

import pytest
from flask import Flask

from foundation.db import Database
from foundation.identity import STAFF
from tests.access import SetClock, make_app
from tests.api_world import World
from tests.conftest import application, as_served, emptied
from tests.factories import Resident, activate, arrived, officer


@pytest.fixture
def clock() -> SetClock:
    """The application's clock, which stands still at NOW until the test moves it."""
    return SetClock()


@pytest.fixture
def app(database: Database, clock: SetClock) -> Flask:
    """The application on an empty database, with the clock of the test."""
    return make_app(database, clock)


@pytest.fixture
def resident(app: Flask) -> Resident:
    """Somebody who arrived, activated by mail: their first report waits for an officer."""
    arrived(app)
    return activate(app, assurance="mail")


@pytest.fixture
def number(resident: Resident) -> str:
    """The number of their report, under review at the office of Bangkok."""
    return str(resident.file().json["number"])


@pytest.fixture(scope="module")
def inhabited(empty_database: Database) -> World:
    """The application with somebody of each role, once for the tests of a file."""
    app = application(as_served(emptied(empty_database)))
    arrived(app)
    resident = activate(app, assurance="mail")
    staff = {str(role): officer(app, name=role, role=role).headers for role in sorted(STAFF)}
    values = {"number": resident.file().json["number"], "device_id": "phone"}
    values |= dict.fromkeys(("resident_id", "notification_id", "link_id"), resident.id)
    return World(app, {"anyone": {}, "resident": resident.headers, **staff}, values)


@pytest.fixture
def world(inhabited: World) -> Iterator[World]:
    """The same, with nothing more stored after the test than before."""
    before = inhabited.stored()
    yield inhabited
    assert inhabited.stored() == before, "something was stored"
