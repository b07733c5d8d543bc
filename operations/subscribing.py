"""Where an event of the immigration wing meets the notifications wing."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from foundation.events import Recorded, Subscriber
from immigration.events import DueDateChanged, PeopleJoined
from immigration.models.access import TokenFamily
from notifications.services.adopting import adopt


def is_news_to_residents(tell: Subscriber) -> Subscriber:
    """Tell of a changed due date only people who have used this service; imports change millions of others."""

    def told(session: Session, event: Recorded) -> None:
        if event.kind == DueDateChanged.kind:
            known = exists().where(TokenFamily.person_id == event.person_id)
            if not session.scalar(select(known)):
                return
        tell(session, event)

    return told


def adopt_devices(session: Session, event: Recorded) -> None:
    """Two people turned out to be one: devices and messages follow."""
    if event.kind == PeopleJoined.kind and event.person_id is not None:
        adopt(session, UUID(event.data["absorbed"]), event.person_id)
