"""Random histories of residents: the invariants hold after every step.

LIFE_CYCLES=10000 runs so many histories, half of them here. A failing one is printed as steps: add these to
`test_histories_that_failed.py`.
"""

from collections.abc import Iterator

import pytest

from foundation.db import Database
from tests.stateful.machine import HISTORIES, SEED, run_histories
from tests.stateful.service import Service, run_service


@pytest.fixture(scope="module")
def running(empty_database: Database) -> Iterator[Service]:
    with run_service(empty_database) as service:
        yield service


def test_invariants_hold_in_random_histories(running: Service) -> None:
    run_histories(running, (HISTORIES + 1) // 2, number=SEED)
