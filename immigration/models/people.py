"""People, their passports, and the links between these: passports are linked by `replaces` or an officer, not by name.

Every passport comes on record with a person of its own, its holder. Links join people: `person_id` of a passport is
whose it is by the links that stand, and `holder_id` the person it came with, which takes it back when they fall away.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    Uuid,
    bindparam,
    exists,
    func,
    select,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from foundation.classification import internal, personal, sensitive
from foundation.db import Base, ReadSession
from foundation.sealing import Sealed, keyring
from immigration.rules.nationalities import canonical

_SEPARATORS = str.maketrans("", "", " -<\t")


class Person(Base):
    """A foreigner on record as one passport shows them, and how they asked to be reached when signed in with it.

    Where passports are linked, the id of one of their holders is the person's, see `immigration/rules/linking.py`.
    """

    __tablename__ = "people"
    __table_args__ = ({"info": {"retention": "while on record, then 10 years"}},)

    id: Mapped[UUID] = mapped_column(
        primary_key=True, server_default=func.gen_random_uuid(), info=personal("the resident's id in this service")
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), info=internal("when the person came on record")
    )
    language: Mapped[str] = mapped_column(Text, server_default="en", info=personal("language of messages"))
    email: Mapped[str | None] = mapped_column(Sealed("people.email"), info=sensitive("contact the person gave"))
    phone: Mapped[str | None] = mapped_column(Sealed("people.phone"), info=sensitive("contact the person gave"))
    contact_changed_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), info=internal("when language or contact were last changed")
    )


class Passport(Base):
    """A passport as the issuing and entry records know it."""

    __tablename__ = "passports"
    __table_args__ = (
        Index("ix_passports_replaces_index", "replaces_index", postgresql_where="replaces_index is not null"),
        Index("uq_passports_holder_id", "holder_id", unique=True, postgresql_where="holder_id is not null"),
        {"info": {"retention": "while on record, then 10 years"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id"), index=True, info=personal("whose it is by the links")
    )
    holder_id: Mapped[UUID | None] = mapped_column(
        info=personal("the person it came on record with; null while it was never linked with another passport")
    )
    document_index: Mapped[bytes] = mapped_column(
        LargeBinary, unique=True, info=sensitive("blind index of issuing state and number, for equality")
    )
    document_number: Mapped[str] = mapped_column(
        Sealed("passports.document_number"), info=sensitive("the passport's number")
    )
    issuing_state: Mapped[str] = mapped_column(Text, info=personal("ICAO 9303 code of the issuing state"))
    nationality: Mapped[str] = mapped_column(Text, info=personal("ICAO 9303 code of the nationality"))
    surname: Mapped[str] = mapped_column(Text, info=personal("primary identifier; searchable for officers"))
    given_names: Mapped[str] = mapped_column(Text, info=personal("secondary identifier; searchable for officers"))
    birth_date: Mapped[date] = mapped_column(Date, info=personal("to recognise the person"))
    sex: Mapped[str] = mapped_column(Text, info=personal("M, F or X, as in the passport"))
    expires_on: Mapped[date] = mapped_column(Date, info=personal("to check that the passport is valid"))
    status: Mapped[str] = mapped_column(Text, info=personal("valid, expired, lost, stolen or cancelled"))
    replaces_index: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sensitive("blind index of the passport that this one replaces")
    )
    row_digest: Mapped[bytes] = mapped_column(LargeBinary, info=internal("to see whether an imported row changed"))


class PassportLink(Base):
    """An officer's statement that two passports have one holder, without one of them replacing the other."""

    __tablename__ = "passport_links"
    __table_args__ = (
        Index(
            "uq_passport_links_passports",
            "passport_id",
            "other_passport_id",
            unique=True,
            postgresql_where="withdrawn_at is null",
        ),
        Index("ix_passport_links_other_passport_id", "other_passport_id"),
        {"info": {"retention": "while on record, then 10 years"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid(), info=internal("row id"))
    passport_id: Mapped[int] = mapped_column(ForeignKey("passports.id"), info=personal("the older row of the two"))
    other_passport_id: Mapped[int] = mapped_column(ForeignKey("passports.id"), info=personal("the other passport"))
    reason: Mapped[str] = mapped_column(Text, info=personal("what the officer stated"))
    made_by: Mapped[str] = mapped_column(Text, info=internal("the officer"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=internal("when"))
    withdrawn_by: Mapped[str | None] = mapped_column(Text, info=internal("the officer who took it back"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), info=internal("when"))
    withdrawn_reason: Mapped[str | None] = mapped_column(Text, info=personal("why it was taken back"))


def plain_number(document_number: str) -> str:
    """A document number as it is compared: upper case, without spaces, hyphens and filler."""
    return document_number.translate(_SEPARATORS).upper()


def document_index(issuing_state: str, document_number: str) -> bytes:
    """The blind index a passport is found by; however state and number were written (D or DEU, spaces, lower case)."""
    return keyring().index("document", canonical(issuing_state), plain_number(document_number))


def holder() -> ColumnElement[UUID]:
    """The person that a passport came on record with, as an expression of a query."""
    return func.coalesce(Passport.holder_id, Passport.person_id)


def person_of_holder() -> ColumnElement[UUID]:
    """The person that the parameter `holder_id` of a query is by the links that stand; an unknown id is itself.

    For queries that are made once: making this expression takes longer than a whole read.
    """
    linked, own = aliased(Passport), bindparam("holder_id", type_=Uuid)
    return func.coalesce(select(linked.person_id).where(linked.holder_id == own).scalar_subquery(), own)


_PERSON_OF_HOLDER = select(person_of_holder())


def get_person_id(session: ReadSession, holder_id: UUID) -> UUID:
    """The person that a holder is by the links that stand."""
    return session.scalars(_PERSON_OF_HOLDER, {"holder_id": holder_id}).one()


def is_replaced() -> ColumnElement[bool]:
    """Whether another passport of the same person replaces a passport: a claim that links nothing does not count."""
    newer = aliased(Passport)
    return exists().where(newer.replaces_index == Passport.document_index, newer.person_id == Passport.person_id)


def current_passport(session: ReadSession, person_id: UUID) -> Passport | None:
    """A person's passport that no other one replaces; of several, the one that expires last."""
    query = select(Passport).where(Passport.person_id == person_id, ~is_replaced())
    return session.scalars(query.order_by(Passport.expires_on.desc(), Passport.id.desc()).limit(1)).first()
