"""Drill: residents' operations with the service's own conditions off; what is left is what the database refuses.

The service believes that a resident asks and looks for that person's rows, while the database was told another person.
So each condition of the code lets the resident's own objects through, and only row-level security stands before them.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import text

from app import create_app
from drills.calls import form
from drills.installation import Installation
from drills.residents import Resident
from drills.rows import Row
from foundation import row_security
from foundation.connections import Opening
from foundation.db import AutocommitConnection, Database, ReadSession, Session
from operations.roles import OF_RESIDENTS
from operations.services import services_of

BODIES: tuple[Any, ...] = ({}, {"text": "x", "about": "other"}, {"language": "th"}, {"name": "x"}, form(1))


class Misled(Database):
    """A database that works for `mine`, also where a request is from another resident."""

    mine: UUID | None = None

    def _instead(self, person: Opening | None) -> Opening | None:
        return row_security.opening(self.mine) if person and self.mine else person

    @contextmanager
    def transaction(
        self, settings: Mapping[str, str] | None = None, *, person: Opening | None = None
    ) -> Iterator[Session]:
        """As a database does, for the other person."""
        with super().transaction(settings, person=self._instead(person)) as session:
            yield session

    @contextmanager
    def read_session(self, *, person: Opening | None = None) -> Iterator[ReadSession]:
        """As a database does, for the other person."""
        with super().read_session(person=self._instead(person)) as session:
            yield session

    @contextmanager
    def autocommit(self, *, person: Opening | None = None) -> Iterator[AutocommitConnection]:
        """As a database does, for the other person."""
        with super().autocommit(person=self._instead(person)) as connection:
            yield connection

    @contextmanager
    def read_autocommit(self, *, person: Opening | None = None) -> Iterator[AutocommitConnection]:
        """As a database does, for the other person."""
        with super().read_autocommit(person=self._instead(person)) as connection:
            yield connection


def probe(
    row: Row,
    system: Installation,
    operations: list[tuple[str, str]],
    sought: Resident,
    marks: tuple[str, ...],
    other: Resident,
    wanted: int,
) -> None:
    """Ask for what is a person's, with that person's token, of a service whose database works for another.

    `operations` are methods and addresses of residents' operations, `marks` what only the sought person may read.
    """
    counts: Counter[str] = Counter()
    with closing(Misled(system.environment["DATABASE_URL"])) as database:
        client = create_app(services_of(system.app).settings, database=database).test_client()
        before = _rows(database, sought)
        database.mine = other.id
        for number in itertools.count():
            if counts.total() >= wanted or row.broken:
                break
            for method, address in operations:
                status, said = _ask(client, method, address, BODIES[number % len(BODIES)], sought.token)
                counts[f"{status // 100}xx"] += 1
                leaks = any(mark in said.replace(address, "") for mark in marks)
                row.require(f"{method} {address} with the filters off: nothing is said of another", not leaks)
        database.mine = None
        after = _rows(database, sought)
    changed = sorted(name for name in after if after[name] != before[name])
    row.require(f"with the filters off nothing of another is changed: {changed}", not changed)
    row.figure(second_lock_alone=counts.total(), **counts)


def _ask(client: FlaskClient, method: str, address: str, body: Any, token: str) -> tuple[int, str]:
    sent = None if method in ("GET", "DELETE") else body
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}
    answer = client.open(f"/api/v1{address}", method=method, json=sent, headers=headers)
    return answer.status_code, answer.get_data(as_text=True)


def _rows(database: Database, resident: Resident) -> dict[str, Any]:
    """A digest of the rows of a person in each table that residents may read."""
    tables = [table.name for table in row_security.secured() if "select" in OF_RESIDENTS.get(table.name, "")]
    digest = "select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {} t"
    with database.transaction(person=row_security.opening(resident.id)) as session:
        return {name: session.scalar(text(digest.format(name))) for name in tables}
