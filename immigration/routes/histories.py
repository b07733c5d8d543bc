"""What routes of officers show around a person who was opened."""

from uuid import UUID

from foundation.db import ReadSession
from foundation.http import language
from foundation.services import services
from immigration.schemas.histories import Around
from immigration.services import audit

SHOWN = 10


def around(session: ReadSession, person_id: UUID) -> Around:
    """Messages to a person, and who looked at their data; that they were opened is recorded by the caller."""
    return Around(
        messages=services().messages_of(session, person_id, language()),
        accesses=audit.list_accesses(session, person_id, limit=SHOWN).items,
    )
