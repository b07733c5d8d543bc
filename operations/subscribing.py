"""The subscribers of events: where immigration meets notifications."""

from dataclasses import asdict
from uuid import UUID

from foundation.db import Session
from foundation.events import EventRecord, Subscriber
from immigration.events import DataErased, DueDateChanged, PeopleMerged, PeopleSeparated, SignedOut, SignInEnded
from immigration.models.people import get_person_id, holders_of
from immigration.registries import offices
from immigration.services import belongings, second_reviews
from notifications.services import devices, erasing, reassigning
from notifications.services.notifying import Names, notify


def notify_person(session: Session, event: EventRecord) -> None:
    """Notify the person whom an event concerns by the links that stand now.

    Of a changed due date only people who have used this service are notified; imports change millions of others.
    """
    person_id = belongings.person_concerned(session, event)
    if person_id is None:
        return
    if event.kind == DueDateChanged.kind and not belongings.uses_the_service(session, person_id):
        return
    notify(session, event, person_id, names=_names(event))


def _names(event: EventRecord) -> Names:
    """The name of the office that an event is about, in place of its code; one in no list is not named."""
    if (code := event.data.get("office")) is None:
        return {}
    office = offices.office(code)
    return {"office": {"en": office.name_en, "th": office.name_th} if office else None}


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
            reassigning.reassign(session, absorbed, person_id, now=event.at)
    if event.kind == PeopleSeparated.kind:
        former = UUID(event.data["former"])
        if former != person_id:
            own = reassigning.Belongings(**asdict(belongings.belongings(session, person_id)))
            reassigning.reassign(session, former, person_id, own, now=event.at)


def remove_devices(session: Session, event: EventRecord) -> None:
    """A sign-in ended: its phone gets no more messages."""
    if event.kind in (SignedOut.kind, SignInEnded.kind):
        devices.remove_of_sign_in(session, UUID(event.data["family"]), now=event.at)


def erase_contact(session: Session, event: EventRecord) -> None:
    """A person had their data erased: what messages reach them by goes too, with whichever passport it came."""
    if event.kind != DataErased.kind or event.person_id is None:
        return
    person_id = get_person_id(session, event.person_id)
    for each in {person_id, *session.scalars(holders_of(person_id))}:
        erasing.erase(session, each, now=event.at)


SUBSCRIBERS: tuple[Subscriber, ...] = (
    reassign_devices,
    remove_devices,
    erase_contact,
    second_reviews.draw,
    notify_person,
)
