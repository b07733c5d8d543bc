"""Messages that failed for good and reached their person by no channel: listed, and tried again when officers say so.

What failed because a phone is gone is not among them: there is nothing to try again, and the check of coverage has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Select, and_, case, exists, func, or_, select, true, update

from foundation import events
from foundation.db import ReadSession, Session, execute_bulk
from foundation.errors import Conflict, NotFound
from foundation.events import Event
from foundation.paging import Page
from notifications.models import Delivery, Device, Notification
from notifications.rules import DEVICE_GONE, DeliveryStatus, Failure, NotificationStatus, failure
from notifications.services.outcomes import conclude

_PERSON = "@%"
EVERYBODY = true()


class CannotRetry(Conflict):
    """The message cannot be tried again: it is not needed any more, or its phone is gone."""

    code = "cannot-retry"


@dataclass(frozen=True, kw_only=True)
class MessageRetried(Event):
    """An officer, or someone at the command line, had a message tried again that had failed for good."""

    kind: ClassVar[str] = "message.retried"
    channel: str


@dataclass(frozen=True)
class Failed:
    """A message that failed for good by a channel; `id` is that of its delivery."""

    id: UUID
    person_id: UUID
    kind: str
    channel: str
    error: str | None
    why: Failure
    created_at: datetime
    failed_at: datetime | None


def failed(
    session: ReadSession, *, of: Any = EVERYBODY, channel: str | None = None, after: UUID | None = None, limit: int = 50
) -> Page[Failed]:
    """A page of what failed for good, of the people that the condition `of` lets through; in the order of their ids."""
    query = _failed().where(of).order_by(Delivery.id).limit(limit + 1)
    if channel:
        query = query.where(Delivery.channel == channel)
    if after:
        query = query.where(Delivery.id > after)
    rows = [_of(row) for row in session.execute(query)]
    return Page(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None)


def retry(session: Session, delivery_id: UUID, *, of: Any = EVERYBODY, actor: str, now: datetime) -> Failed:
    """Try a message again, for 72 hours as a new one; again, it changes nothing while the message waits.

    Raises NotFound for what is not of the people that `of` lets through, CannotRetry for what helps nobody any more.
    """
    query = _all().where(Delivery.id == delivery_id, of).with_for_update(of=Delivery)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound
    if row.status == DeliveryStatus.PENDING:
        return _of(row)
    if row.status != DeliveryStatus.FAILED or row.message_status != NotificationStatus.UNREACHABLE or not row.reaches:
        raise CannotRetry
    again = {"status": DeliveryStatus.PENDING, "tries": 0, "next_try_at": now, "ready_at": now, "failed_at": None}
    execute_bulk(session, update(Delivery).where(Delivery.id == delivery_id).values(again))
    waits = {"status": NotificationStatus.PENDING, "settled_at": None, "fanned_out_at": now}
    execute_bulk(session, update(Notification).where(Notification.id == row.notification_id).values(waits))
    conclude(session, [row.notification_id], now=now)
    event = MessageRetried(subject=str(delivery_id), person_id=row.person_id, channel=row.channel)
    events.record(session, event, actor=actor, at=now)
    return _of(row)


def retry_all(session: Session, ids: Sequence[UUID], *, actor: str, now: datetime) -> int:
    """Try messages again that can be; how many."""
    done = 0
    for delivery_id in ids:
        try:
            retry(session, delivery_id, actor=actor, now=now)
        except (CannotRetry, NotFound):
            continue
        done += 1
    return done


def _failed() -> Select[Any]:
    lost = (Delivery.status == DeliveryStatus.FAILED, Notification.status == NotificationStatus.UNREACHABLE)
    return _all().where(*lost, func.coalesce(Delivery.error, "").not_in(DEVICE_GONE))


def _all() -> Select[Any]:
    this = and_(Device.person_id == Delivery.person_id, Device.device_id == Delivery.device_id)
    reaches = or_(Delivery.device_id.like(_PERSON), exists().where(this, Device.removed_at.is_(None)))
    query: Any = select(
        Delivery.id,
        Delivery.notification_id,
        Delivery.person_id,
        Notification.kind,
        Delivery.channel,
        Delivery.error,
        Notification.created_at,
        Delivery.failed_at,
        Delivery.status,
        Notification.status.label("message_status"),
        case((reaches, True), else_=False).label("reaches"),
    )
    joined: Select[Any] = query.join(Notification, Notification.id == Delivery.notification_id)
    return joined


def _of(row: Any) -> Failed:
    why = failure(row.error)
    return Failed(row.id, row.person_id, row.kind, row.channel, row.error, why, row.created_at, row.failed_at)
