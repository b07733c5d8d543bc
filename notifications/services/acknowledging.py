"""A phone says that a message arrived, or that its person opened it."""

from datetime import datetime

from sqlalchemy import func, null, update

from foundation.db import Session, execute_bulk
from foundation.errors import NotFound
from notifications.channels import acknowledgements
from notifications.models import Delivery, Notification


def acknowledge(session: Session, mark: str, *, opened: bool, now: datetime) -> None:
    """Note that a message arrived on a phone, or was opened there; the first time counts. Raises NotFound.

    What was opened is read, so no other channel follows.
    """
    delivery_id = acknowledgements.read(mark)
    if delivery_id is None:
        raise NotFound
    values = {"delivered_at": func.coalesce(Delivery.delivered_at, now)}
    if opened:
        values["opened_at"] = func.coalesce(Delivery.opened_at, now)
    noted = update(Delivery).where(Delivery.id == delivery_id).values(values).returning(Delivery.notification_id)
    notification_id = session.scalar(noted)
    if notification_id is None:
        raise NotFound
    if opened:
        read = update(Notification).where(Notification.id == notification_id)
        execute_bulk(session, read.values(read_at=func.coalesce(Notification.read_at, now), fall_back_at=null()))
