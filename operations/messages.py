"""Messages to a person as officers see them beside a report: where notifications meet immigration."""

from collections.abc import Sequence
from uuid import UUID

from foundation.db import ReadSession
from foundation.services import SentMessage
from notifications.services import inbox
from notifications.services.inbox import Item

SHOWN = 10


def messages_of(session: ReadSession, person_id: UUID, language: str) -> Sequence[SentMessage]:
    """The messages that were sent to a person lately, newest first, each with what became of it last."""
    shown = inbox.page(session, person_id=person_id, language=language, limit=SHOWN)
    return [_as_sent(item) for item in shown.items]


def _as_sent(item: Item) -> SentMessage:
    last = item.life[-1]
    return SentMessage(at=item.created_at, title=item.title, stage=last.stage, channel=last.channel)
