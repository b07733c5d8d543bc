"""People on record were joined or separated: devices and messages follow to the person they belong to."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, exists, func, or_, true, update
from sqlalchemy.orm import aliased

from foundation.db import Session, execute_bulk
from notifications.models import Delivery, Device, Notification


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """By what the devices and messages of a person are known: sign-ins, numbers of reports, bases of due dates."""

    families: Collection[str]
    reports: Collection[str]
    bases: Collection[str]

    def devices(self) -> ColumnElement[bool]:
        """Whether a device was registered by one of the sign-ins."""
        families: ColumnElement[bool] = Device.family.cast(String).in_(self.families)
        return families

    def messages(self) -> ColumnElement[bool]:
        """Whether a message is about one of these. A message about the person as a whole belongs to none."""
        params, basis = Notification.params, func.regexp_replace(Notification.dedupe, ":[^:]*$", "")
        return or_(
            params["number"].astext.in_(self.reports),
            params["not_to"].astext.in_(self.families),
            params["family"].astext.in_(self.families),
            params["basis"].astext.in_(self.bases),
            basis.in_(self.bases),
        )


def reassign(session: Session, former: UUID, person_id: UUID, belongings: Belongings | None = None) -> None:
    """Move the belongings of `former` to another person, or all there is; what both have already stays, unreachable.

    What is on its way to a device that moves away from its message is dropped when its turn comes.
    """
    of_devices = belongings.devices() if belongings else true()
    of_messages = belongings.messages() if belongings else true()
    _move(session, Device, "device_id", of_devices, former, person_id)
    _move(session, Notification, "dedupe", of_messages, former, person_id)
    theirs = update(Delivery).where(Delivery.notification_id == Notification.id, Delivery.person_id == former)
    execute_bulk(session, theirs.values(person_id=Notification.person_id))


def _move(session: Session, table: Any, key: str, these: ColumnElement[bool], former: UUID, person_id: UUID) -> None:
    """Move rows whose `key` the other person does not have."""
    own = aliased(table)
    taken = exists().where(own.person_id == person_id, getattr(own, key) == getattr(table, key))
    execute_bulk(session, update(table).where(table.person_id == former, these, ~taken).values(person_id=person_id))
