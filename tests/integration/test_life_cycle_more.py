"""The other half of the lives, in a file of its own: files are what is shared out among test processes."""

from collections.abc import Iterator

import pytest

from foundation.db import Database
from tests.stateful.life import LIVES, SEED, live
from tests.stateful.world import World, world


@pytest.fixture(scope="module")
def here(empty_database: Database) -> Iterator[World]:
    with world(empty_database) as made:
        yield made


def test_whatever_else_happens_the_promises_hold(here: World) -> None:
    live(here, (LIVES + 1) // 2, number=SEED + 1)
