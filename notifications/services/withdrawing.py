"""Mail that a person no longer wants, taken back while it is on its way."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from foundation.db import BULK, Session
from notifications import catalogue
from notifications.channels.mail import CHANNEL as MAIL
from notifications.models import Delivery, Notification
from notifications.rules import DeliveryStatus
from notifications.services.outcomes import conclude


def withdraw_mail(session: Session, person_id: UUID, *, now: datetime) -> Sequence[UUID]:
    """Drop what waits to go to a person by mail, but for what warns of a stranger; which messages that were."""
    waiting = (
        Delivery.person_id == person_id,
        Delivery.channel == MAIL.name,
        Delivery.status == DeliveryStatus.PENDING,
    )
    ordinary = (Notification.id == Delivery.notification_id, Notification.kind.not_in(catalogue.EVERY_CHANNEL))
    dropped = update(Delivery).where(*waiting, *ordinary).values(status=DeliveryStatus.DROPPED)
    touched = session.scalars(dropped.returning(Delivery.notification_id), execution_options=BULK).all()
    conclude(session, touched, now=now)
    return touched
