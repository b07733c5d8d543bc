"""People and their passports. A person is joined across passports by the `replaces` chain only, never by name."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Identity, Index, LargeBinary, Text, exists, func, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from foundation.classification import internal, personal, sensitive
from foundation.db import Base, ReadSession
from foundation.sealing import Sealed, keyring
from immigration.rules.nationalities import canonical

_SEPARATORS = str.maketrans("", "", " -<\t")


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
    birth_date: Mapped[date] = mapped_column(Date, info=personal("to recognise the person"))
    sex: Mapped[str] = mapped_column(Text, info=personal("M, F or X, as in the passport"))
    expires_on: Mapped[date] = mapped_column(Date, info=personal("to check that the passport is valid"))
    status: Mapped[str] = mapped_column(Text, info=personal("valid, expired, lost, stolen or cancelled"))
    replaces_index: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sensitive("blind index of the passport that this one replaces")
    )
    row_digest: Mapped[bytes] = mapped_column(LargeBinary, info=internal("to see whether an imported row changed"))


def plain_number(document_number: str) -> str:
    """A document number as it is compared: upper case, without spaces, hyphens and filler."""
    return document_number.translate(_SEPARATORS).upper()


def document_index(issuing_state: str, document_number: str) -> bytes:
    """The blind index a passport is found by; however state and number were written (D or DEU, spaces, lower case)."""
    return keyring().index("document", canonical(issuing_state), plain_number(document_number))


def current_passport(session: ReadSession, person_id: UUID) -> Passport | None:
    """A person's passport that no other one replaces; of several, the one that expires last."""
    newer = aliased(Passport)
    replaced = exists().where(newer.replaces_index == Passport.document_index)
    query = select(Passport).where(Passport.person_id == person_id, ~replaced)
    return session.scalars(query.order_by(Passport.expires_on.desc(), Passport.id.desc()).limit(1)).first()
