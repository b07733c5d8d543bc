"""What a person gave to be reached by, removed as they asked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete

from foundation.db import Session
from notifications.models import Device, Preferences
from notifications.services import devices
from notifications.services.withdrawing import withdraw_mail


def erase(session: Session, person_id: UUID, *, now: datetime) -> None:
    """Remove the devices with their push addresses, and the settings of messages, that a person had at a moment.

    Mail on its way is taken back, but for what warns of a stranger.
    """
    theirs = and_(Device.person_id == person_id, Device.updated_at <= now)
    devices.remove_where(session, theirs, because="erased", now=now)
    session.execute(delete(Device).where(theirs))
    withdraw_mail(session, person_id, now=now)
    session.execute(delete(Preferences).where(Preferences.person_id == person_id, Preferences.changed_at <= now))
