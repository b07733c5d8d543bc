"""What became of a message, by its deliveries."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, any_, bindparam, case, exists, func, not_, select, update

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
    these = Notification.id == any_(
        bindparam(None, list(notifications), type_=ARRAY(Uuid))
    )  # one parameter however many
    session.execute(select(Notification.id).where(these).order_by(Notification.id).with_for_update())
    # The person is the same by itself; naming it lets the small index of waiting deliveries be used.
    mine = and_(Delivery.notification_id == Notification.id, Delivery.person_id == Notification.person_id)
    is_sent = exists().where(mine, Delivery.status == DeliveryStatus.SENT)
    unsent = update(Notification).where(these, Notification.status != NotificationStatus.SENT, is_sent)
    execute_bulk(session, unsent.values(status=NotificationStatus.SENT))
    waits = exists().where(mine, Delivery.status == DeliveryStatus.PENDING)
    pending = Notification.status == NotificationStatus.PENDING
    next_channel = and_(pending, Notification.fall_back_at.is_not(None))
    over = update(Notification).where(these, Notification.settled_at.is_(None), ~waits)
    execute_bulk(session, over.where(next_channel).values(fall_back_at=func.least(Notification.fall_back_at, now)))
    status = case((pending, NotificationStatus.UNREACHABLE), else_=Notification.status)
    execute_bulk(session, over.where(not_(next_channel)).values(status=status, settled_at=now))
