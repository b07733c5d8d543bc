"""The other half of the random histories, in its own file: pytest-xdist distributes files among processes."""

from collections.abc import Iterator

import pytest

from foundation.db import Database
from tests.stateful.machine import HISTORIES, SEED, run_histories
from tests.stateful.service import Service, run_service


@pytest.fixture(scope="module")
def running(empty_database: Database) -> Iterator[Service]:
    with run_service(empty_database) as service:
        yield service


def test_invariants_hold_in_other_random_histories(running: Service) -> None:
    run_histories(running, (HISTORIES + 1) // 2, number=SEED + 1)
