"""When and whether a person wants to be reminded. The steps that the law makes necessary cannot be switched off."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from foundation.db import ReadSession, Session
from notifications.models import Preferences
from notifications.services.withdrawing import withdraw_mail


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person chose: the hour of the day (None: from 09:00, spread), the optional reminders, and mail."""

    hour: int | None = None
    optional_reminders: bool = True
    mail: bool = True


def wanted(session: ReadSession, person_id: UUID) -> Wanted:
    """What a person chose, or what holds for everybody."""
    kept = session.get(Preferences, person_id)
    if kept is None:
        return Wanted()
    return Wanted(hour=kept.hour, optional_reminders=kept.optional_reminders, mail=kept.mail)


def choose(session: Session, person_id: UUID, choice: Wanted, *, now: datetime) -> Wanted:
    """Keep a person's choice; it holds for what is planned or addressed from now on, and for mail on its way."""
    values = asdict(choice) | {"changed_at": now}
    statement = insert(Preferences).values(person_id=person_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=values))
    if not choice.mail:
        withdraw_mail(session, person_id, now=now)
    return choice
