"""What a signed-in resident sees of themselves, and the language and contact data they may change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from foundation import events
from foundation.db import ReadSession, Session
from foundation.identity import Principal
from immigration.events import ContactChanged
from immigration.models.people import FormerContact, Passport, Person, current_passport, get_person_id, holders_of
from immigration.rules.numbers import masked
from immigration.services import verification
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
    """Who the resident is. Raises InvalidToken where the token names nobody on record."""
    people = _people(session, resident.id)
    passport = current_passport(session, get_person_id(session, resident.id))
    if not people or passport is None:
        raise InvalidToken
    return _profile(resident, _shown(people), passport)


def change(session: Session, resident: Principal, changes: dict[str, Any], *, now: datetime) -> Profile:
    """Apply those changes that CHANGEABLE allows; None removes contact data. An equal value is no change.

    What is given stays with the passport of the sign-in, should the person's passports be separated; what is removed
    is removed with all of them.
    """
    people = _people(session, resident.id, lock=True)
    own = next((person for person in people if person.id == resident.id), None)
    if own is None:
        raise InvalidToken
    shown = _shown(people)
    changed = [name for name in CHANGEABLE if name in changes and shown[name] != changes[name]]
    if "email" in changed:
        _keep_former(session, people, now)
    for name in changed:
        for person in [own] if changes[name] else people:
            setattr(person, name, changes[name])
    if {"email", "phone"} & {*changed}:
        verification.check(session, resident, now=now)
    if changed:
        own.contact_changed_at = now
        event = ContactChanged(subject=str(own.id), person_id=own.id, fields=changed)
        events.record(session, event, actor=resident.actor, at=now)
    session.flush()
    return me(session, resident)


def _keep_former(session: Session, people: Sequence[Person], now: datetime) -> None:
    """Keep the addresses that are changed, where none is kept yet."""
    for person in people:
        if person.email and session.get(FormerContact, person.id) is None:
            session.add(FormerContact(person_id=person.id, email=person.email, changed_at=now))


def _people(session: ReadSession, holder_id: UUID, lock: bool = False) -> Sequence[Person]:
    """The holders of all passports of the resident's person; who changed contact data last comes first."""
    latest = (Person.contact_changed_at.desc().nulls_last(), (Person.id == holder_id).desc(), Person.id)
    query = select(Person).where(Person.id.in_(holders_of(get_person_id(session, holder_id)))).order_by(*latest)
    return session.scalars(query.with_for_update() if lock else query).all()


def _shown(people: Sequence[Person]) -> dict[str, Any]:
    """Language and contact of a person: of several values the one that was given last."""
    contact = {name: next((v for p in people if (v := getattr(p, name))), None) for name in ("email", "phone")}
    return {"language": people[0].language, **contact}


def _profile(resident: Principal, shown: dict[str, Any], passport: Passport) -> Profile:
    return Profile(
        resident_id=resident.id,
        document_number=masked(passport.document_number),
        issuing_state=passport.issuing_state,
        surname=passport.surname,
        given_names=passport.given_names,
        name=f"{passport.given_names} {passport.surname}".strip(),
        nationality=passport.nationality,
        assurance=resident.assurance,
        **shown,
    )
