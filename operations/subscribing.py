"""The subscribers of events: where immigration meets notifications."""

from dataclasses import asdict
from uuid import UUID

from foundation.db import Session
from foundation.events import EventRecord, Subscriber
from immigration.events import DueDateChanged, PeopleMerged, PeopleSeparated
from immigration.models.people import get_person_id
from immigration.services import belongings
from notifications.services import reassigning
from notifications.services.notifying import notify


def notify_person(session: Session, event: EventRecord) -> None:
    """Notify the person whom an event concerns by the links that stand now.

    Of a changed due date only people who have used this service are notified; imports change millions of others.
    """
    person_id = belongings.person_concerned(session, event)
    if person_id is None:
        return
    if event.kind == DueDateChanged.kind and not belongings.uses_the_service(session, person_id):
        return
    notify(session, event, person_id)


def reassign_devices(session: Session, event: EventRecord) -> None:
    """People were joined or separated: devices and messages follow to whom they belong now.

    What is done follows from the links that stand, not from the event: two workers may relay two events out of order.
    """
    if event.person_id is None:
        return
    person_id = get_person_id(session, event.person_id)
    if event.kind == PeopleMerged.kind:
        absorbed = UUID(event.data["absorbed"])
        if get_person_id(session, absorbed) == person_id != absorbed:
            reassigning.reassign(session, absorbed, person_id)
    if event.kind == PeopleSeparated.kind:
        former = UUID(event.data["former"])
        if former != person_id:
            own = reassigning.Belongings(**asdict(belongings.belongings(session, person_id)))
            reassigning.reassign(session, former, person_id, own)


SUBSCRIBERS: tuple[Subscriber, ...] = (reassign_devices, notify_person)
