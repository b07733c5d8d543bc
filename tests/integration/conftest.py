"""Fixtures of the integration tests: events that are sealed, and a witness of their seals."""

import pytest

from foundation.witnesses import FileWitness
from immigration.services.keys import Signer
from operations import auditing
from tests.access import SetClock
from tests.conftest import NOW
from tests.sealing import happen, verified


@pytest.fixture
def signer(database) -> Signer:
    return Signer(database, SetClock())


@pytest.fixture
def witness(tmp_path) -> FileWitness:
    return FileWitness(tmp_path / "seals.jsonl")


@pytest.fixture
def seal(database, signer, witness):
    """A round: seal what was written, and hand it to the witness."""
    return lambda now=NOW: auditing.seal_round(database, signer, now, witness=witness)


@pytest.fixture
def sealed(database, seal):
    """Three seals over fifteen events, ids 1 to 15."""
    for first in (0, 5, 10):
        happen(database, first=first)
        assert seal() == 5
    return database


@pytest.fixture
def faults(database, signer, witness):
    return lambda: verified(database, signer, witness)[0]
