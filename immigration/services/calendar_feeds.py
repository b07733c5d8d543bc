"""A resident's own dates as a private calendar feed, under an address that only they know and can revoke."""

import secrets
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select

from foundation import ics
from foundation.db import ReadSession, Session
from foundation.errors import NotFound
from foundation.ics import Day
from foundation.identity import Principal
from foundation.sealing import keyring
from foundation.words import long_date, sentence
from immigration.models.obligations import Obligation as Kept
from immigration.models.people import Person, get_person_id
from immigration.services.obligations import owed_basis

SECRET_BYTES = 24
LONGEST = 64
_DAYS = {"window-opens": "opens_on", "due-day": "due_on", "last-day-of-grace": "last_day_to_act"}
"""The steps that are days in the calendar, with the date that each falls on."""


def give(session: Session, resident: Principal) -> str:
    """A new secret for the address of the feed; the one before ends."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    _person(session, resident).calendar_digest = _digest(secret)
    return secret


def revoke(session: Session, resident: Principal) -> None:
    """End the feed; nothing where there is none."""
    _person(session, resident).calendar_digest = None


def is_given(session: ReadSession, resident: Principal) -> bool:
    """Whether the resident has a feed."""
    return _person(session, resident).calendar_digest is not None


def feed(session: ReadSession, secret: str, *, public_url: str, now: datetime) -> str:
    """The calendar under a secret: the days of the report that is owed, none where none is. Raises NotFound."""
    person = session.scalars(select(Person).where(Person.calendar_digest == _digest(secret))).one_or_none()
    if person is None or len(secret) > LONGEST:
        raise NotFound
    person_id = get_person_id(session, person.id)
    kept = session.get(Kept, person_id)
    owed = kept and owed_basis(session, person_id)
    days = [_day(kept, step, name, person) for step, name in _DAYS.items()] if kept and owed else []
    domain = urlsplit(public_url).hostname or "localhost"
    return ics.calendar([day for day in days if day], domain=domain, link=f"{public_url.rstrip('/')}/", written_at=now)


def _day(kept: Kept, step: str, name: str, person: Person) -> Day | None:
    on = getattr(kept, name)
    if on is None:
        return None
    language, dates = person.language, {"opens_on", "due_on", "last_day_to_act"}
    values = {each: long_date(date, language) for each in dates if (date := getattr(kept, each))}
    section = "yearly-messages" if kept.regime == "yearly" else "messages"
    return Day(
        key=f"{step}-{keyring().index('calendar', str(person.id)).hex()[:32]}",
        on=on,
        summary=sentence(language, section, f"reminder.{step}", values, part="title"),
        description=sentence(language, section, f"reminder.{step}", values, part="body"),
    )


def _person(session: ReadSession, resident: Principal) -> Person:
    person = session.get(Person, resident.id)
    if person is None:
        raise NotFound
    return person


def _digest(secret: str) -> bytes:
    return keyring().digest("calendar", secret)
