"""People and their passports. A person is joined across passports by the `replaces` chain only, never by name."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, TypeVar
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
    exists,
    func,
    select,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from foundation.classification import internal, personal, sensitive
from foundation.db import Base, ReadSession
from foundation.sealing import Sealed, keyring
from immigration.rules import document_numbers
from immigration.rules.birth_dates import BirthDate
from immigration.rules.nationalities import canonical


class Person(Base):
    """A foreigner on record, and how they want to be reached."""

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


class Passport(Base):
    """A passport as the issuing and entry records know it."""

    __tablename__ = "passports"
    __table_args__ = (
        Index("ix_passports_folded_index", "folded_index"),
        Index("ix_passports_unfolded", "id", postgresql_where="folded_index is null"),
        Index(
            "ix_passports_replaces_folded_index",
            "replaces_folded_index",
            postgresql_where="replaces_folded_index is not null",
        ),
        Index("ix_passports_replaces_index", "replaces_index", postgresql_where="replaces_index is not null"),
        {"info": {"retention": "while on record, then 10 years"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True, info=personal("whose it is"))
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
    birth_date: Mapped[date] = mapped_column(
        Date, info=personal("to recognise the person; the first possible day where a part is not known")
    )
    birth_date_known: Mapped[str] = mapped_column(
        Text, server_default="ymd", info=personal("the parts of the birth date that the passport has: y, m, d")
    )
    sex: Mapped[str] = mapped_column(Text, info=personal("M, F or X, as in the passport"))
    expires_on: Mapped[date] = mapped_column(Date, info=personal("to check that the passport is valid"))
    status: Mapped[str] = mapped_column(Text, info=personal("valid, expired, lost, stolen or cancelled"))
    replaces_index: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sensitive("blind index of the passport that this one replaces")
    )
    row_digest: Mapped[bytes] = mapped_column(LargeBinary, info=internal("to see whether an imported row changed"))
    folded_index: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sensitive("blind index of the number with O as 0 and I as 1; empty until a worker fills it")
    )
    replaces_folded_index: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sensitive("the same of the passport that this one replaces, as it was written")
    )

    @property
    def born(self) -> BirthDate:
        """The birth date, as far as it is known."""
        return BirthDate.stored(self.birth_date, self.birth_date_known)


class DocumentKey(NamedTuple):
    """What a passport is found by, however state and number were written (D or DEU, spaces, lower case)."""

    exact: bytes
    folded: bytes


class Candidate(Protocol):
    """A passport, or some columns of it."""

    document_index: Any


Row = TypeVar("Row", bound=Candidate)


def document_index(issuing_state: str, document_number: str) -> bytes:
    """The blind index of a passport, for equality."""
    return keyring().index("document", canonical(issuing_state), document_numbers.plain(document_number))


def folded_index(issuing_state: str, document_number: str) -> bytes:
    """The blind index of a number with O as 0 and I as 1, under which several passports may stand."""
    return keyring().index("folded-document", canonical(issuing_state), document_numbers.folded(document_number))


def document_key(issuing_state: str, document_number: str) -> DocumentKey:
    """Both blind indexes of a number as somebody wrote it."""
    return DocumentKey(document_index(issuing_state, document_number), folded_index(issuing_state, document_number))


def may_be_meant(key: DocumentKey) -> ColumnElement[bool]:
    """Whether a passport has the number or its folded form; `the_meant` chooses among those.

    The folded form counts once every passport has one, since before nobody knows that there is no second.
    """
    unfolded = aliased(Passport)
    complete = ~exists().where(unfolded.folded_index.is_(None))
    return (Passport.document_index == key.exact) | ((Passport.folded_index == key.folded) & complete)


def the_meant(candidates: Sequence[Row], key: DocumentKey) -> Row | None:
    """Of the passports of `may_be_meant` the one with the very number, else the only one; None where it is unclear."""
    exact = next((each for each in candidates if each.document_index == key.exact), None)
    return exact or (candidates[0] if len(candidates) == 1 else None)


def find_passport(session: ReadSession, key: DocumentKey) -> Passport | None:
    """The passport that a number names: exactly, else by its folded form where that is unique."""
    return the_meant(session.scalars(select(Passport).where(may_be_meant(key))).all(), key)


def current_passport(session: ReadSession, person_id: UUID) -> Passport | None:
    """A person's passport that no other one replaces; of several, the one that expires last."""
    newer = aliased(Passport)
    replaced = exists().where(newer.replaces_index == Passport.document_index)
    query = select(Passport).where(Passport.person_id == person_id, ~replaced)
    return session.scalars(query.order_by(Passport.expires_on.desc(), Passport.id.desc()).limit(1)).first()
