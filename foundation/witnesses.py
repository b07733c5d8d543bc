"""Where seals are handed to, outside the reach of those who may write to the database: a file, an address, a table.

A seal may be handed over twice; whoever reads a witness takes the first of each number.
"""

import base64
import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from foundation.db import Database
from foundation.errors import Unavailable

TIMEOUT = 10
"""Seconds that an address has to answer."""


class WitnessAway(Exception):
    """The witness did not take a seal, or cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class WitnessedStatement:
    """A seal as it is handed over: its number, its signed statement, and the digests of its events."""

    number: int
    statement: str
    leaves: bytes

    def as_line(self) -> str:
        """One line of JSON."""
        leaves = base64.b64encode(self.leaves).decode()
        return json.dumps({"seal": self.number, "statement": self.statement, "leaves": leaves})

    @classmethod
    def of_line(cls, line: str | bytes) -> "WitnessedStatement":
        """What `as_line` wrote; raises WitnessAway where it is not that."""
        try:
            values: dict[str, Any] = json.loads(line)
            return cls(int(values["seal"]), str(values["statement"]), base64.b64decode(values["leaves"]))
        except (ValueError, KeyError, TypeError) as error:
            raise WitnessAway("the witness holds a line that is no seal") from error


class Witness(Protocol):
    """Takes seals in their order, and gives back what it took. Both raise WitnessAway."""

    def take(self, seal: WitnessedStatement) -> None:
        """Keep a seal for good; returns once it is safe."""

    def taken(self) -> Iterator[WitnessedStatement]:
        """All that was taken, in the order in which it was."""


class FileWitness:
    """A file that is only added to, one line of JSON a seal. It belongs on another machine's disk.

    A line that a full disk or a crash cut off stays as it is; the seal is handed over again, in a line of its own.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, seal: WitnessedStatement) -> None:
        """Add a line, and wait until the disk has it."""
        try:
            with self._path.open("ab+") as file:
                if file.tell():  # it stands at the end
                    file.seek(-1, os.SEEK_END)
                    if file.read(1) != b"\n":
                        file.write(b"\n")
                file.write(seal.as_line().encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise WitnessAway(f"{self._path}: {error.strerror}") from error

    def taken(self) -> Iterator[WitnessedStatement]:
        """Every line that was not cut off."""
        try:
            with self._path.open(encoding="utf-8") as file:
                whole = (line for line in file if line.rstrip().endswith("}"))
                yield from map(WitnessedStatement.of_line, whole)
        except FileNotFoundError:
            return
        except OSError as error:
            raise WitnessAway(f"{self._path}: {error.strerror}") from error


class _NotElsewhere(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: it would turn a seal that is sent into a page that is read."""

    def redirect_request(self, *_: Any) -> None:
        """Nothing: the answer is an error then."""


_OPENER = urllib.request.build_opener(_NotElsewhere)


class AddressWitness:
    """An address: POST takes one seal as JSON, GET answers all of them, one a line."""

    def __init__(self, url: str) -> None:
        self._url = url

    def take(self, seal: WitnessedStatement) -> None:
        """Send a seal; any answer but 2xx means that it was not taken."""
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._url, seal.as_line().encode(), headers, method="POST")  # noqa: S310 - http(s) only: see witness_at
        try:
            with _OPENER.open(request, timeout=TIMEOUT):
                return
        except (OSError, HTTPException) as error:
            raise WitnessAway(f"{self._url}: {error}") from error

    def taken(self) -> Iterator[WitnessedStatement]:
        """Every line of the answer."""
        try:
            with _OPENER.open(self._url, timeout=TIMEOUT) as answer:
                yield from (WitnessedStatement.of_line(line) for line in answer)
        except (OSError, HTTPException) as error:
            raise WitnessAway(f"{self._url}: {error}") from error


class TableWitness:
    """The table `seal_witness` of another database, whose role may insert and select, no more (docs/runbook.md)."""

    def __init__(self, url: str) -> None:
        self._url = url

    def take(self, seal: WitnessedStatement) -> None:
        """Insert a row."""
        values = {"number": seal.number, "statement": seal.statement, "leaves": seal.leaves}
        query = "insert into seal_witness (number, statement, leaves) values (:number, :statement, :leaves)"
        try:
            with closing(Database(self._url, pool_size=1)) as database, database.transaction() as session:
                session.execute(text(query), values)
        except (Unavailable, DBAPIError) as error:
            raise WitnessAway(f"{urlsplit(self._url).hostname or 'the table'}: {type(error).__name__}") from error

    def taken(self) -> Iterator[WitnessedStatement]:
        """Every row."""
        query = "select number, statement, leaves from seal_witness order by number, taken_at"
        try:
            with closing(Database(self._url, pool_size=1)) as database, database.transaction() as session:
                rows = session.execute(text(query), execution_options={"yield_per": 1000})
                yield from (WitnessedStatement(row.number, row.statement, bytes(row.leaves)) for row in rows)
        except (Unavailable, DBAPIError) as error:
            raise WitnessAway(f"{urlsplit(self._url).hostname or 'the table'}: {type(error).__name__}") from error


def witness_at(place: str) -> Witness:
    """The witness that a setting names: `postgresql://…`, `https://…`, `file:///…` or a path."""
    scheme = urlsplit(place).scheme
    if scheme in ("postgresql", "postgres"):
        return TableWitness(place)
    if scheme in ("http", "https"):
        return AddressWitness(place)
    return FileWitness(Path(urlsplit(place).path if scheme == "file" else place))
