"""What was sent to a person, newest first, and what became of each message on each device."""

import base64
import binascii
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Text, bindparam, func, not_, or_, select, tuple_

from foundation import paging
from foundation.db import ReadSession, Session
from foundation.errors import BadRequest, NotFound
from foundation.paging import Page
from notifications import catalogue
from notifications.models import Delivery, Device, Notification
from notifications.rules import DeliveryStatus, NotificationStatus, Platform
from notifications.services.lives import Arrival, Happened, life

_NEWEST = (
    select(Notification)
    .where(
        Notification.person_id == bindparam("person_id"),
        Notification.status.not_in((NotificationStatus.STALE, NotificationStatus.SKIPPED)),
    )
    .where(
        or_(
            not_(bindparam("knows", type_=Boolean)),
            Notification.kind.not_like(f"{catalogue.REMINDER}%"),
            func.starts_with(Notification.dedupe, bindparam("standing", type_=Text) + ":"),
        )
    )
    .order_by(Notification.created_at.desc(), Notification.id.desc())
    .limit(bindparam("limit"))
)
_OLDER = _NEWEST.where(tuple_(Notification.created_at, Notification.id) < tuple_(bindparam("moment"), bindparam("id")))
_ARRIVED = (
    select(
        Delivery.notification_id,
        Delivery.device_id,
        Delivery.channel,
        Device.platform,
        Delivery.status,
        Delivery.error,
        Delivery.ready_at,
        Delivery.sent_at,
        Delivery.delivered_at,
        Delivery.opened_at,
        Delivery.failed_at,
    )
    .outerjoin(Device, (Device.person_id == Delivery.person_id) & (Device.device_id == Delivery.device_id))
    .where(Delivery.notification_id.in_(bindparam("notifications", expanding=True)))
    .order_by(Delivery.device_id)
)


class UnknownCursor(BadRequest):
    """The cursor is not one that this list gave out."""

    code = "unknown-cursor"


@dataclass(frozen=True)
class Standing:
    """What a person owes at present: the basis of the due date that is not answered; None where nothing is owed."""

    basis: str | None


@dataclass(frozen=True)
class Item:
    """A message as the inbox shows it; `english` is the same in English where the language needs it beside."""

    id: UUID
    kind: str
    title: str
    body: str
    english: str | None
    report: str | None
    due_on: date | None
    status: NotificationStatus
    created_at: datetime
    read_at: datetime | None
    deliveries: list[Arrival]
    life: list[Happened]


def page(
    session: ReadSession,
    *,
    person_id: UUID,
    language: str,
    cursor: str | None = None,
    limit: int = 20,
    standing: Standing | None = None,
) -> Page[Item]:
    """A page of a person's messages, in `language`. What was taken back before it was sent is left out.

    So are reminders of what the person does not owe any more, where `standing` is given. Raises UnknownCursor.
    """
    values: dict[str, Any] = {"person_id": person_id, "limit": limit + 1, "knows": standing is not None}
    values["standing"] = standing.basis if standing else None
    if cursor:
        values["moment"], values["id"] = _position(cursor)
    shown = paging.page(session.scalars(_OLDER if cursor else _NEWEST, values).all(), limit, _cursor)
    arrivals = _arrivals(session, [notification.id for notification in shown.items])
    items = [_item(notification, arrivals[notification.id], language) for notification in shown.items]
    return Page(items, shown.next_cursor)


def read(session: Session, notification_id: UUID, *, person_id: UUID, language: str, now: datetime) -> Item:
    """Note that the person opened a message; the first time counts. Raises NotFound for what is not theirs."""
    notification = session.scalars(
        select(Notification)
        .where(Notification.id == notification_id, Notification.person_id == person_id)
        .with_for_update()
    ).one_or_none()
    if notification is None:
        raise NotFound
    notification.read_at = notification.read_at or now
    notification.fall_back_at = None
    return _item(notification, _arrivals(session, [notification_id])[notification_id], language)


def _arrivals(session: ReadSession, notifications: Sequence[UUID]) -> dict[UUID, list[Arrival]]:
    arrivals: dict[UUID, list[Arrival]] = defaultdict(list)
    for row in session.execute(_ARRIVED, {"notifications": notifications}):
        arrivals[row.notification_id].append(
            Arrival(
                row.device_id,
                row.channel,
                Platform(row.platform) if row.platform else None,
                DeliveryStatus(row.status),
                row.error,
                row.ready_at,
                row.sent_at,
                row.delivered_at,
                row.opened_at,
                row.failed_at,
            )
        )
    return arrivals


def _item(notification: Notification, deliveries: list[Arrival], language: str) -> Item:
    try:
        words = catalogue.render(notification.kind, notification.params, language)
        original = catalogue.original(notification.kind, notification.params, language)
    except catalogue.MissingTemplate:
        words, original = catalogue.RenderedText(notification.kind, ""), None
    return Item(
        id=notification.id,
        kind=notification.kind,
        title=words.title,
        body=words.body,
        english=original,
        report=notification.params.get("number"),
        due_on=notification.due_on,
        status=NotificationStatus(notification.status),
        created_at=notification.created_at,
        read_at=notification.read_at,
        deliveries=deliveries,
        life=life(notification, deliveries),
    )


def _cursor(last: Notification) -> str:
    text = f"{last.created_at.isoformat()}|{last.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[datetime, UUID]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        moment, _, id_ = text.partition("|")
        created_at, notification_id = datetime.fromisoformat(moment), UUID(id_)
    except (ValueError, binascii.Error) as error:
        raise UnknownCursor("begin without a cursor") from error
    if created_at.tzinfo is None:
        raise UnknownCursor("begin without a cursor")
    return created_at, notification_id
