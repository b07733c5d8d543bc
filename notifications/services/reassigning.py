"""People on record were joined or separated: devices and messages follow to the person they belong to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, exists, func, or_, select, true, update
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import flag_modified

from foundation.db import Session, execute_bulk
from notifications.models import Delivery, Device, Notification, Preferences
from notifications.services import devices


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


def reassign(
    session: Session, former: UUID, person_id: UUID, belongings: Belongings | None = None, *, now: datetime
) -> None:
    """Move the belongings of `former` to another person, or all there is; a message that both have already stays.

    A device whose name the other person's device has gets nothing more until it registers again, so that its push
    address is free.
    What is on its way to a device that moves away from its message is dropped when its turn comes.
    """
    of_devices = belongings.devices() if belongings else true()
    of_messages = belongings.messages() if belongings else true()
    _move_devices(session, of_devices, former, person_id, now=now)
    _move(session, Notification, "dedupe", of_messages, former, person_id)
    if belongings is None:
        own = aliased(Preferences)
        chosen = update(Preferences).where(Preferences.person_id == former)
        others = exists().where(own.person_id == person_id)
        execute_bulk(session, chosen.where(~others).values(person_id=person_id))
    theirs = update(Delivery).where(Delivery.notification_id == Notification.id, Delivery.person_id == former)
    execute_bulk(session, theirs.values(person_id=Notification.person_id))


def _move_devices(
    session: Session, these: ColumnElement[bool], former: UUID, person_id: UUID, *, now: datetime
) -> None:
    """As `_move`; a push address is sealed to its person, so it is sealed anew."""
    own = aliased(Device)
    taken = exists().where(own.person_id == person_id, own.device_id == Device.device_id)
    of_former = (Device.person_id == former) & these
    for device in session.scalars(select(Device).where(of_former, ~taken).with_for_update()):
        device.person_id = person_id
        flag_modified(device, "target")
    session.flush()
    devices.remove_where(session, of_former, because="its person was joined or separated", now=now)


def _move(session: Session, table: Any, key: str, these: ColumnElement[bool], former: UUID, person_id: UUID) -> None:
    """Move rows whose `key` the other person does not have."""
    own = aliased(table)
    taken = exists().where(own.person_id == person_id, getattr(own, key) == getattr(table, key))
    execute_bulk(session, update(table).where(table.person_id == former, these, ~taken).values(person_id=person_id))
