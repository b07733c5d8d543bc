"""Fixtures of the API tests: the application with a clock that a test can move."""

import pytest
from flask import Flask

from foundation.db import Database
from tests.access import SetClock, make_app


@pytest.fixture
def clock() -> SetClock:
    """The application's clock, which stands still at NOW until the test moves it."""
    return SetClock()


@pytest.fixture
def app(database: Database, clock: SetClock) -> Flask:
    """The application on an empty database, with the clock of the test."""
    return make_app(database, clock)
