"""The addresses that `make run` took, kept in a file while it runs, so that other commands find the same stand-ins."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

NAMES = ("PORT", "FCM_ENDPOINT", "SMTP_URL")
"""The environment variables that the file gives a value to."""


@contextmanager
def keep_addresses(var: Path, addresses: Mapping[str, str]) -> Iterator[None]:
    """Keep the addresses in `var` as long as this lasts; where another `make run` keeps its own there, those stay.

    The file is locked meanwhile, so that one left behind by a process that was killed is known as such.
    """
    with _file(var).open("a+", encoding="utf-8") as file:
        if not _lock(file.fileno(), fcntl.LOCK_EX):
            yield
            return
        file.truncate(0)
        json.dump({name: addresses[name] for name in NAMES if name in addresses}, file)
        file.flush()
        yield


def addresses(var: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The addresses of the `make run` that runs now, for the variables that `environment` does not set.

    Empty where none runs, and for an environment that names a database of its own.
    """
    if environment.get("DATABASE_URL") or not _file(var).is_file():
        return {}
    with _file(var).open(encoding="utf-8") as file:
        if _lock(file.fileno(), fcntl.LOCK_SH):
            return {}
        found: dict[str, str] = json.load(file)
    return {name: address for name, address in found.items() if not environment.get(name)}


def _file(var: Path) -> Path:
    return var / "addresses.json"


def _lock(descriptor: int, kind: int) -> bool:
    """Lock an open file until it is closed; whether nobody else has it locked."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
