"""Two people on record turned out to be one: devices and messages of one follow to the other."""

from typing import Any
from uuid import UUID

from sqlalchemy import exists, update
from sqlalchemy.orm import aliased

from foundation.db import Session, execute_bulk
from notifications.models import Delivery, Device, Notification


def reassign(session: Session, duplicate: UUID, canonical: UUID) -> None:
    """Move what belongs to `duplicate` to `canonical`; what both have already stays with the duplicate, unreachable."""
    for table, key in ((Device, "device_id"), (Notification, "dedupe")):
        _move(session, table, key, duplicate, canonical)
    theirs = update(Delivery).where(Delivery.notification_id == Notification.id, Delivery.person_id == duplicate)
    execute_bulk(session, theirs.values(person_id=Notification.person_id))


def _move(session: Session, table: Any, key: str, duplicate: UUID, canonical: UUID) -> None:
    """Move rows whose `key` the canonical person does not have."""
    own = aliased(table)
    taken = exists().where(own.person_id == canonical, getattr(own, key) == getattr(table, key))
    execute_bulk(session, update(table).where(table.person_id == duplicate, ~taken).values(person_id=canonical))
