"""The subscribers of events: where immigration meets notifications."""

from uuid import UUID

from sqlalchemy import exists, select

from foundation.db import Session
from foundation.events import EventRecord, Subscriber
from immigration.events import DueDateChanged, PeopleMerged
from immigration.models.access import TokenFamily
from notifications.services.reassigning import reassign


def notify_only_service_users(notify: Subscriber) -> Subscriber:
    """Notify only people who have used this service of a changed due date; imports change millions of others."""

    def notify_if_known(session: Session, event: EventRecord) -> None:
        if event.kind == DueDateChanged.kind:
            known = exists().where(TokenFamily.person_id == event.person_id)
            if not session.scalar(select(known)):
                return
        notify(session, event)

    return notify_if_known


def reassign_devices(session: Session, event: EventRecord) -> None:
    """Two people on record are one: devices and messages move to the one that stays."""
    if event.kind == PeopleMerged.kind and event.person_id is not None:
        reassign(session, UUID(event.data["absorbed"]), event.person_id)
