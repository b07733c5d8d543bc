"""Where a person wants to be notified: devices, registered by the app, removed by it or by the provider's answer."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from foundation.db import BULK, Session, execute_bulk
from foundation.errors import NotFound
from foundation.sealing import keyring
from notifications.models import Delivery, Device
from notifications.rules import MAX_DEVICES, DeliveryStatus, Platform, TargetKind
from notifications.services.outcomes import conclude


@dataclass(frozen=True)
class Registration:
    """What the app says of its device; `target` is a push address of the kind."""

    platform: Platform
    kind: TargetKind
    target: str = field(repr=False)
    language: str


def register(
    session: Session, device_id: str, *, person_id: UUID, family: UUID | None, registration: Registration, now: datetime
) -> Device:
    """Register a device, or say again what is known of it; the same call twice changes nothing but when it was seen.

    A push address belongs to one device of one person: registered by another, it moves there, and what was on its way
    to the former owner is dropped. Of more than MAX_DEVICES the one unused for longest is removed.
    """
    index = keyring().index("devices.target", registration.kind, registration.target)
    _one_at_a_time(session, person_id.bytes, index)
    this = tuple_(Device.person_id, Device.device_id) == (person_id, device_id)
    _remove(session, (Device.target_index == index) & ~this, because="moved to another device", now=now)
    values = {
        "platform": registration.platform,
        "kind": registration.kind,
        "target": registration.target,
        "target_index": index,
        "language": registration.language,
        "family": family,
        "updated_at": now,
        "removed_at": None,
        "removed_because": None,
    }
    statement = insert(Device).values(person_id=person_id, device_id=device_id, **values)
    statement = statement.on_conflict_do_update(index_elements=["person_id", "device_id"], set_=values)
    device = session.scalars(statement.returning(Device), execution_options={"populate_existing": True}).one()
    _make_room(session, person_id, now)
    return device


def remove(session: Session, device_id: str, *, person_id: UUID, now: datetime) -> None:
    """Send nothing more to a device of this person. Again, it changes nothing; NotFound where there never was one."""
    this = (Device.person_id == person_id) & (Device.device_id == device_id)
    if not _remove(session, this, because="its owner", now=now) and not session.scalar(select(exists().where(this))):
        raise NotFound


def _one_at_a_time(session: Session, *keys: bytes) -> None:
    """Take turns with registrations for the same person or the same push address."""
    for key in keys:
        session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(key[:8], signed=True))))


def _make_room(session: Session, person_id: UUID, now: datetime) -> None:
    newest_first = (Device.updated_at.desc(), Device.device_id)
    too_many = (
        select(Device.device_id)
        .where(Device.person_id == person_id, Device.removed_at.is_(None))
        .order_by(*newest_first)
        .offset(MAX_DEVICES)
    )
    if surplus := session.scalars(too_many).all():
        these = (Device.person_id == person_id) & Device.device_id.in_(surplus)
        _remove(session, these, because="made room for another", now=now)


def _remove(session: Session, these: ColumnElement[bool], *, because: str, now: datetime) -> bool:
    """Remove live devices and drop what is on its way to them; whether there was one."""
    live = select(Device.person_id, Device.device_id).where(these, Device.removed_at.is_(None))
    keys = [(person, device) for person, device in session.execute(live)]
    if not keys:
        return False
    on_the_way = or_(*((Delivery.person_id == person) & (Delivery.device_id == device) for person, device in keys))
    dropped = update(Delivery).where(Delivery.status == DeliveryStatus.PENDING, on_the_way)
    dropped = dropped.values(status=DeliveryStatus.DROPPED)
    touched = session.scalars(dropped.returning(Delivery.notification_id), execution_options=BULK).all()
    conclude(session, set(touched), now=now)
    gone = update(Device).where(tuple_(Device.person_id, Device.device_id).in_(keys))
    execute_bulk(session, gone.values(removed_at=now, removed_because=because))
    return True
