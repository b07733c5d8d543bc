"""Events become messages: a subscriber of the relay, one message for each notifying event."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from foundation.clock import bangkok_date
from foundation.db import Session
from foundation.events import EventRecord
from notifications import catalogue
from notifications.models import Notification
from notifications.rules import NotificationStatus

_log = logging.getLogger(__name__)
_FACTS = ("next_due_on", "due_on", "previous_due_on", "reported_on", "office", "receipt", "basis", "family")

Names = Mapping[str, Mapping[str, str] | None]


def notify(session: Session, event: EventRecord, person_id: UUID | None = None, *, names: Names | None = None) -> None:
    """Write the message that notifies a person of an event, whom it names if none is given; nothing for other events.

    `names` are what people read in place of codes of the event: a name in each language, or None where there is none.

    Relaying an event again changes nothing. An event without words must not hold up those behind it: it is skipped,
    with an alarm in the log.
    """
    person_id = person_id or event.person_id
    if person_id is None:
        return
    try:
        kind = catalogue.template_for(event.kind, event.data)
    except catalogue.MissingTemplate as error:
        _log.error("notifications: event %s has no words: %s", event.id, error)
        return
    if kind is None:
        return
    statement = insert(Notification).values(
        person_id=person_id,
        kind=kind,
        dedupe=f"event:{event.id}",
        lane=catalogue.lane(kind),
        params={**_params(event), **(names or {})},
        status=NotificationStatus.PENDING,
        created_at=event.at,
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["person_id", "dedupe"]))


def _params(event: EventRecord) -> dict[str, Any]:
    """What the text needs. A phone that has just joined is not notified of itself: its sign-in is left out."""
    params = {name: event.data[name] for name in _FACTS if event.data.get(name)}
    params["on"] = bangkok_date(event.at).isoformat()
    if event.kind.startswith("report."):
        params["number"] = event.subject
    if event.kind in ("resident.activated", "resident.signed-in"):
        params["not_to"] = event.data.get("family")
    return params
