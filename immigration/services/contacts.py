"""Under which address a person can be written to."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from foundation.sealing import with_row
from immigration.models.people import FormerContact, Passport, Person
from immigration.models.records import Movement
from immigration.rules.codes import Direction


def arrival_contact(person_id: ColumnElement[UUID] | UUID) -> Select[str | None]:
    """The address given on the person's latest arrival, with whichever of their passports that was."""
    return (
        select(with_row(Movement.contact_email))
        .join(Passport, Passport.id == Movement.passport_id)
        .where(Passport.person_id == person_id, Movement.direction == Direction.ARRIVAL)
        .order_by(Movement.occurred_on.desc(), Movement.id.desc())
        .limit(1)
        .correlate_except(Movement, Passport)
    )


def mail_address(person_id: ColumnElement[UUID]) -> Select[Any]:
    """Where messages to a person go by mail: `language`, the address they gave, and else that of their latest arrival.

    `own` says whether they gave one, `former` is the address that they changed lately. No row where there is none of
    the three. Of several passports what was given last counts, and of former addresses the one that was changed first.
    """
    holders = select(Passport.holder).where(Passport.person_id == person_id).correlate_except(Passport)
    latest = (Person.contact_changed_at.desc().nulls_last(), Person.id)
    of_person = select(Person.email, Person.language).where(Person.id.in_(holders)).order_by(*latest).limit(1)
    given = (
        of_person.with_only_columns(with_row(Person.email)).where(Person.email.is_not(None)).correlate_except(Person)
    )
    language = of_person.with_only_columns(Person.language).correlate_except(Person)
    former = (
        select(with_row(FormerContact.email))
        .where(FormerContact.person_id.in_(holders))
        .order_by(FormerContact.changed_at, FormerContact.person_id)
        .limit(1)
        .correlate_except(FormerContact)
    )
    address = select(
        language.scalar_subquery().label("language"),
        given.scalar_subquery().label("given"),
        arrival_contact(person_id).scalar_subquery().label("on_arrival"),
        former.scalar_subquery().label("former"),
    ).subquery()
    addresses = (address.c.given, address.c.on_arrival, address.c.former)
    return select(address.c.language, address.c.given.is_not(None).label("own"), *addresses).where(
        or_(*(each.is_not(None) for each in addresses))
    )
