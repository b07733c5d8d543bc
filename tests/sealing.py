"""Events that are sealed, tampered with as a superuser does, and verified."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlalchemy import text

from foundation import events
from foundation.events import Event
from operations import auditing
from tests.conftest import NOW


@dataclass(frozen=True, kw_only=True)
class Happened(Event):
    """Something happened."""

    kind: ClassVar[str] = "test.happened"
    number: int


def happen(database, count=5, first=0):
    with database.transaction() as session:
        for n in range(first, first + count):
            events.record(session, Happened(subject=f"S-{n}", person_id=UUID(int=n), number=n), actor="test", at=NOW)


def verified(database, signer, witness, now=NOW):
    """What a verification finds, as printed, and its counts."""
    found = []
    check = auditing.verify(database, signer, witness, lambda finding: found.append(str(finding)), now=now)
    return found, check


def tamper(database, *statements):
    """As a superuser does: triggers off."""
    with database.transaction() as session:
        session.execute(text("set local session_replication_role = replica"))
        for statement in statements:
            session.execute(text(statement))
