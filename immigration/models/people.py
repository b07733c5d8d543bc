"""People, their passports, and the links between these: passports are linked by `replaces` or an officer, not by name.

Every passport comes on record with a person of its own, its holder. Links join people: `person_id` of a passport is
whose it is by the links that stand, and `holder_id` the person it came with, which takes it back when they fall away.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import (
    DDL,
    BigInteger,
    ColumnElement,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Select,
    Text,
    Uuid,
    bindparam,
    event,
    exists,
    func,
    literal_column,
    select,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, aliased, mapped_column

from foundation import row_security
from foundation.classification import internal, personal, sensitive
from foundation.db import Base, ReadSession
from foundation.retention import Kept
from foundation.sealing import Sealed, keyring
from immigration.rules import document_numbers
from immigration.rules.birth_dates import BirthDate
from immigration.rules.nationalities import canonical

NAME = r"upper(regexp_replace(normalize((surname || ' ') || given_names, NFKD), '[\u0300-\u036f'']', '', 'g'))"
"""A name on record without accents and apostrophes, in capitals."""
NAME_WORDS = "array_to_tsvector(array_remove(string_to_array(translate(name, '-,', '  '), ' '), ''))"
"""The words of such a name: what the index of words holds, and queries repeat."""


class Person(Base):
    """A foreigner on record as one passport shows them, and how they asked to be reached when signed in with it.

    Where passports are linked, the id of one of their holders is the person's, see `immigration/rules/linking.py`.
    """

    __tablename__ = "people"
    __table_args__ = ({"info": {"person": "id", "retention": "while on record, then 10 years"}},)

    id: Mapped[UUID] = mapped_column(
        primary_key=True, server_default=func.gen_random_uuid(), info=personal("the resident's id in this service")
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), info=internal("when the person came on record")
    )
    language: Mapped[str] = mapped_column(Text, server_default="en", info=personal("language of messages"))
    email: Mapped[str | None] = mapped_column(Sealed("people.email", "id"), info=sensitive("contact the person gave"))
    phone: Mapped[str | None] = mapped_column(Sealed("people.phone", "id"), info=sensitive("contact the person gave"))
    calendar_digest: Mapped[bytes | None] = mapped_column(
        LargeBinary, unique=True, info=sensitive("digest of the secret in the address of the calendar feed")
    )
    contact_changed_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), info=internal("when language or contact were last changed")
    )


class FormerContact(Base):
    """The e-mail address that a person had before they changed it: for some days it is warned of strangers too.

    Of several changes the first one counts, so that whoever changes it again silences nobody.
    """

    __tablename__ = "former_contacts"
    __table_args__ = (
        {
            "info": {
                "person": "person_id",
                "retention": Kept("7 days after the change", ends="changed_at", after="7 days"),
            }
        },
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, info=personal("whose it was"))
    email: Mapped[str] = mapped_column(
        Sealed("former_contacts.email", "person_id"), info=sensitive("the address before the change")
    )
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=internal("when it was changed"))


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
        Index("uq_passports_holder_id", "holder_id", unique=True, postgresql_where="holder_id is not null"),
        Index("ix_passports_name", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),
        Index("ix_passports_name_words", literal_column(NAME_WORDS), postgresql_using="gin"),
        {"info": {"person": "person_id", "retention": "while on record, then 10 years"}},
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
        Sealed("passports.document_number", "document_index"), info=sensitive("the passport's number")
    )
    issuing_state: Mapped[str] = mapped_column(Text, info=personal("ICAO 9303 code of the issuing state"))
    nationality: Mapped[str] = mapped_column(Text, info=personal("ICAO 9303 code of the nationality"))
    surname: Mapped[str] = mapped_column(Text, info=personal("primary identifier; searchable for officers"))
    given_names: Mapped[str] = mapped_column(Text, info=personal("secondary identifier; searchable for officers"))
    name: Mapped[str] = mapped_column(
        Text, Computed(NAME, persisted=True), info=personal("both, without accents and in capitals: what is searched")
    )
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

    @hybrid_property
    def holder(self) -> UUID:
        """The person that it came on record with."""
        return self.holder_id or self.person_id

    @holder.inplace.expression
    @classmethod
    def _holder(cls) -> ColumnElement[UUID]:
        return func.coalesce(cls.holder_id, cls.person_id)


event.listen(Passport.__table__, "before_create", DDL("create extension if not exists pg_trgm"))  # type: ignore[no-untyped-call]


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
        {"info": {"person": "passport_id", "retention": "while on record, then 10 years"}},
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


def holders_of(person_id: UUID) -> Select[UUID]:
    """The holders of all passports of a person, as a query."""
    return select(Passport.holder).where(Passport.person_id == person_id)


def person_of_holder() -> ColumnElement[UUID]:
    """The person that the parameter `holder_id` of a query is by the links that stand; an unknown id is itself.

    For queries that are made once: making this expression takes longer than a whole read.
    """
    linked, own = aliased(Passport), bindparam("holder_id", type_=Uuid)
    return func.coalesce(select(linked.person_id).where(linked.holder_id == own).scalar_subquery(), own)


_PERSON_OF_HOLDER = select(person_of_holder())
row_security.identify_by("""select array_agg(holder) from (
  select %(person)s::uuid as holder union
  select coalesce(p.holder_id, p.person_id) from passports p
  where p.person_id = coalesce((select l.person_id from passports l where l.holder_id = %(person)s), %(person)s)
) holders""")


def get_person_id(session: ReadSession, holder_id: UUID) -> UUID:
    """The person that a holder is by the links that stand."""
    return session.scalars(_PERSON_OF_HOLDER, {"holder_id": holder_id}).one()


def initials(session: ReadSession, person_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The first letters of people's given names, else of their surnames; of several passports the last to expire."""
    names = select(Passport.person_id, Passport.given_names, Passport.surname).where(Passport.person_id.in_(person_ids))
    rows = session.execute(names.order_by(Passport.expires_on, Passport.id))
    return {row.person_id: (row.given_names or row.surname)[:1] for row in rows}


def is_replaced() -> ColumnElement[bool]:
    """Whether another passport of the same person replaces a passport: a claim that links nothing does not count."""
    newer = aliased(Passport)
    return exists().where(newer.replaces_index == Passport.document_index, newer.person_id == Passport.person_id)


def current_passport(session: ReadSession, person_id: UUID) -> Passport | None:
    """A person's passport that no other one replaces; of several, the one that expires last."""
    query = select(Passport).where(Passport.person_id == person_id, ~is_replaced())
    return session.scalars(query.order_by(Passport.expires_on.desc(), Passport.id.desc()).limit(1)).first()
