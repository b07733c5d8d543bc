"""What became of a message, by its deliveries."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Subquery,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import aliased

from foundation.db import Session, execute_bulk
from notifications.models import Delivery, Notification
from notifications.rules import DeliveryStatus, NotificationStatus


def conclude(session: Session, notifications: Collection[UUID], *, now: datetime) -> None:
    """Bring messages up to date with their deliveries: sent when one is, unreachable when none is and none is left.

    Where another channel is left to try, that is due at once instead.
    The rows are locked before the deliveries are read, so that of two workers with one delivery each the later
    one sees both.
    """
    if not notifications:
        return
    these = any_(bindparam(None, list(notifications), type_=ARRAY(Uuid)))  # one parameter however many
    session.execute(select(Notification.id).where(Notification.id == these).order_by(Notification.id).with_for_update())
    facts = _deliveries_of(these)
    is_sent = or_(Notification.status == NotificationStatus.SENT, facts.c.is_sent)
    failed = and_(Notification.status == NotificationStatus.PENDING, ~facts.c.is_sent)
    over = and_(Notification.settled_at.is_(None), ~facts.c.waits)
    next_channel = and_(over, failed, Notification.fall_back_at.is_not(None))
    ends = and_(over, not_(next_channel))
    # One statement, since each change of a row is also one of its indexes.
    changed = update(Notification).where(
        Notification.id == facts.c.id,
        or_(and_(Notification.status != NotificationStatus.SENT, facts.c.is_sent), over),
    )
    values = {
        "status": case(
            (is_sent, NotificationStatus.SENT),
            (and_(ends, failed), NotificationStatus.UNREACHABLE),
            else_=Notification.status,
        ),
        "settled_at": case((ends, literal(now)), else_=Notification.settled_at),
        "fall_back_at": case(
            (next_channel, func.least(Notification.fall_back_at, now)), else_=Notification.fall_back_at
        ),
    }
    execute_bulk(session, changed.values(values))


def _deliveries_of(these: ColumnElement[Any]) -> Subquery:
    """Of each message whether one of its deliveries is sent, and whether one still waits."""
    message = aliased(Notification)
    # The person is the same by itself; naming it lets the small index of waiting deliveries be used.
    mine = and_(Delivery.notification_id == message.id, Delivery.person_id == message.person_id)
    seen = select(
        func.coalesce(func.bool_or(Delivery.status == DeliveryStatus.SENT), false()).label("is_sent"),
        func.coalesce(func.bool_or(Delivery.status == DeliveryStatus.PENDING), false()).label("waits"),
    )
    found = seen.where(mine).lateral("found")
    return (
        select(message.id, found.c.is_sent, found.c.waits)
        .join_from(message, found, true())
        .where(message.id == these)
        .subquery("facts")
    )
