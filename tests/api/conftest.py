"""Fixtures of the API tests: the application with a clock that a test can move."""

import pytest
from flask import Flask

from foundation.db import Database
from tests.access import SetClock, make_app
from tests.factories import Resident, activate, arrived


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
