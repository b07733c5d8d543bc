"""Where a person wants to be notified: devices, registered by the app, removed by it or by the provider's answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from foundation import row_security
from foundation.clock import bangkok_date
from foundation.db import BULK, Session, execute_bulk
from foundation.errors import Conflict, NotFound
from foundation.sealing import bound, keyring
from notifications.catalogue import DEVICE_ADDED
from notifications.models import Delivery, Device, Notification
from notifications.rules import MAX_DEVICES, SECRET_ID, URGENT, DeliveryStatus, NotificationStatus, Platform, TargetKind
from notifications.services.outcomes import conclude


class DeviceOfAnother(Conflict):
    """This device gets another person's messages, whose sign-in lasts."""

    code = "device-of-another"


@dataclass(frozen=True)
class Registration:
    """What the app says of its device; `target` is a push address of the kind."""

    platform: Platform
    kind: TargetKind
    target: str = field(repr=False)
    language: str


def register(
    session: Session,
    device_id: str,
    *,
    person_id: UUID,
    family: UUID | None,
    registration: Registration,
    now: datetime,
    taking_over: Callable[[], None] = lambda: None,
) -> Device:
    """Register a device, or say again what is known of it; the same call twice changes nothing but when it was seen.

    A push address belongs to one device: registered for another one of the same person, it moves there, and what was on
    its way to the former is dropped. Several people may have it who are on one phone, which its app shows by naming the
    same device for each, with an id that nobody guesses. Else another person's it stays while their sign-in lasts:
    DeviceOfAnother. Of more than MAX_DEVICES the one unused for longest is removed, of the sign-in's own where it has
    others. Another device of one sign-in, beside the first or in its place, is told to all others.
    `taking_over` is called before the device of another sign-in gets another push address, and may refuse it.
    """
    index = keyring().index("devices.target", registration.kind, registration.target)
    _one_at_a_time(session, person_id.bytes, index)
    if is_of_another_sign_in(session, device_id, person_id=person_id, family=family, but_at=index):
        taking_over()
    this = tuple_(Device.person_id, Device.device_id) == (person_id, device_id)
    held = (Device.target_index == index) & ~this & ~_is_shared(device_id, person_id, family)
    with row_security.seeing_all(session):
        if _is_of_another(session, held, person_id, family):
            raise DeviceOfAnother
        remove_where(session, held, because="moved to another device", now=now)
    if family and _is_another(session, index, person_id, family):
        _tell(session, device_id, person_id, family, now)
    device = _keep(session, device_id, index, person_id=person_id, family=family, registration=registration, now=now)
    _make_room(session, person_id, device_id, family, now)
    return device


def _keep(
    session: Session,
    device_id: str,
    index: bytes,
    *,
    person_id: UUID,
    family: UUID | None,
    registration: Registration,
    now: datetime,
) -> Device:
    """Write what is known of a device; `index` is that of its push address."""
    values = {
        "platform": registration.platform,
        "kind": registration.kind,
        "target": bound(registration.target, person_id, device_id),
        "target_index": index,
        "language": registration.language,
        "family": family,
        "updated_at": now,
        "removed_at": None,
        "removed_because": None,
    }
    statement = insert(Device).values(person_id=person_id, device_id=device_id, **values)
    statement = statement.on_conflict_do_update(index_elements=["person_id", "device_id"], set_=values)
    return session.scalars(statement.returning(Device), execution_options={"populate_existing": True}).one()


def remove_of_sign_in(session: Session, family: UUID, *, now: datetime) -> None:
    """Send nothing more to the devices of a sign-in that ended."""
    remove_where(session, Device.family == family, because="its sign-in ended", now=now)


def remove(session: Session, device_id: str, *, person_id: UUID, now: datetime) -> None:
    """Send nothing more to a device of this person. Again, it changes nothing; NotFound where there never was one."""
    this = (Device.person_id == person_id) & (Device.device_id == device_id)
    if not remove_where(session, this, because="its owner", now=now) and not session.scalar(
        select(exists().where(this))
    ):
        raise NotFound


def is_of_another_sign_in(
    session: Session, device_id: str, *, person_id: UUID, family: UUID | None, but_at: bytes | None = None
) -> bool:
    """Whether another sign-in of the person has a live device of this id, with another push address than `but_at`."""
    this = (Device.person_id == person_id, Device.device_id == device_id, Device.removed_at.is_(None))
    others = Device.family.is_distinct_from(family) & Device.target_index.is_distinct_from(but_at)
    return bool(session.scalar(select(exists().where(*this, others))))


def _is_shared(device_id: str, person_id: UUID, family: UUID | None) -> ColumnElement[bool]:
    """Whether a device is that of another person on the same phone, whose sign-in is their own."""
    if len(device_id) < SECRET_ID:
        return false()
    others = (Device.person_id != person_id, Device.family.is_distinct_from(family))
    return and_(Device.device_id == device_id, *others)


def _is_of_another(session: Session, held: ColumnElement[bool], person_id: UUID, family: UUID | None) -> bool:
    """Whether a live device of another person has the address; one of the same sign-in only waits to be reassigned."""
    theirs = (held, Device.removed_at.is_(None), Device.person_id != person_id, Device.family.is_distinct_from(family))
    return bool(session.scalar(select(exists().where(*theirs))))


def _is_another(session: Session, index: bytes, person_id: UUID, family: UUID) -> bool:
    """Whether a push address is new to a person, of a sign-in that had another one; its notice told of the first."""
    known = (Device.person_id == person_id, Device.target_index == index)
    others = (Device.person_id == person_id, Device.family == family, Device.target_index != index)
    return bool(session.scalar(select(exists().where(*others) & ~exists().where(*known))))


def _tell(session: Session, device_id: str, person_id: UUID, family: UUID, now: datetime) -> None:
    day = bangkok_date(now).isoformat()
    message = insert(Notification).values(
        person_id=person_id,
        kind=DEVICE_ADDED,
        dedupe=f"device:{device_id}:{day}",
        lane=URGENT,
        params={"on": day, "not_to": str(family)},
        status=NotificationStatus.PENDING,
        created_at=now,
    )
    session.execute(message.on_conflict_do_nothing(index_elements=["person_id", "dedupe"]))


def _one_at_a_time(session: Session, *keys: bytes) -> None:
    """Take turns with registrations for the same person or the same push address."""
    for key in keys:
        session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(key[:8], signed=True))))


def _make_room(session: Session, person_id: UUID, device_id: str, family: UUID | None, now: datetime) -> None:
    """Remove what is too many beside a device: others of its sign-in first, so that it pushes out no other sign-in."""
    live = (Device.person_id == person_id, Device.removed_at.is_(None), Device.device_id != device_id)
    last_to_go_first = (Device.family.is_not_distinct_from(family), Device.updated_at.desc(), Device.device_id)
    kept_first = select(Device.device_id).where(*live).order_by(*last_to_go_first).offset(MAX_DEVICES - 1)
    if surplus := session.scalars(kept_first).all():
        these = (Device.person_id == person_id) & Device.device_id.in_(surplus)
        remove_where(session, these, because="made room for another", now=now)


def remove_where(session: Session, these: ColumnElement[bool], *, because: str, now: datetime) -> bool:
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
