"""What a signed-in resident sees of themselves, and the language and contact data they may change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from foundation import events
from foundation.db import ReadSession, Session
from foundation.identity import Principal
from immigration.events import ContactChanged
from immigration.models.people import Passport, Person, current_passport
from immigration.rules.numbers import masked
from immigration.services.tokens import InvalidToken

CHANGEABLE = ("language", "email", "phone")


@dataclass(frozen=True)
class Profile:
    """A resident as `/me` shows them. The passport is the one that no other replaces; its number is masked."""

    resident_id: UUID
    document_number: str
    issuing_state: str
    surname: str
    given_names: str
    name: str
    nationality: str
    language: str
    email: str | None
    phone: str | None
    assurance: str


def me(session: ReadSession, resident: Principal) -> Profile:
    """Who the resident is. Raises InvalidToken where the person was joined with another one since signing in."""
    person, passport = session.get(Person, resident.id), current_passport(session, resident.id)
    if person is None or passport is None:
        raise InvalidToken
    return _profile(person, passport, resident.assurance)


def change(session: Session, resident: Principal, changes: dict[str, Any], *, now: datetime) -> Profile:
    """Apply those changes that CHANGEABLE allows; None removes contact data. An equal value is no change."""
    person = session.get(Person, resident.id, with_for_update=True)
    if person is None:
        raise InvalidToken
    changed = [name for name in CHANGEABLE if name in changes and getattr(person, name) != changes[name]]
    for name in changed:
        setattr(person, name, changes[name])
    if changed:
        event = ContactChanged(subject=str(person.id), person_id=person.id, fields=changed)
        events.record(session, event, actor=resident.actor, at=now)
    return me(session, resident)


def _profile(person: Person, passport: Passport, assurance: str) -> Profile:
    return Profile(
        resident_id=person.id,
        document_number=masked(passport.document_number),
        issuing_state=passport.issuing_state,
        surname=passport.surname,
        given_names=passport.given_names,
        name=f"{passport.given_names} {passport.surname}".strip(),
        nationality=passport.nationality,
        language=person.language,
        email=person.email,
        phone=person.phone,
        assurance=assurance,
    )
