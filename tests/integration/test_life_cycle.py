"""A person's life with the service, in any order: whatever happens, the promises hold.

LIFE_CYCLES=10000 lives as many lives, half of them here; a failing one is printed as steps, and becomes a test.
"""

from collections.abc import Iterator

import pytest

from foundation.db import Database
from tests.stateful.life import LIVES, SEED, live
from tests.stateful.world import World, world


@pytest.fixture(scope="module")
def here(empty_database: Database) -> Iterator[World]:
    with world(empty_database) as made:
        yield made


def test_whatever_happens_the_promises_hold(here: World) -> None:
    live(here, (LIVES + 1) // 2, number=SEED)
