"""Cases: a resident says that something on record is wrong, or asks for a correction or an erasure."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Identity, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, personal, sensitive
from foundation.db import Base
from foundation.retention import Kept
from foundation.sealing import Sealed

_TIME = DateTime(timezone=True)


class ResidentCase(Base):
    """What a resident says is wrong, and what an officer found."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_person_id", "person_id", "id"),
        Index("ix_cases_waiting", "office", "id", postgresql_where="status <> 'answered'"),
        {
            "info": {
                "person": "person_id",
                "retention": Kept("10 years after the answer", ends="answered_at", after="10 years"),
            }
        },
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    number: Mapped[str] = mapped_column(Text, unique=True, info=personal("number with a check character"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=personal("the holder who was signed in"))
    office: Mapped[str] = mapped_column(Text, info=personal("the office that answers"))
    office_since: Mapped[datetime | None] = mapped_column(
        _TIME, info=personal("when it was given to that office; null: it was opened there")
    )
    about: Mapped[str] = mapped_column(Text, info=personal("what it is about"))
    text: Mapped[str] = mapped_column(Sealed("cases.text", "number"), info=sensitive("what the resident wrote"))
    status: Mapped[str] = mapped_column(Text, info=personal("open, transferred or answered"))
    opened_at: Mapped[datetime] = mapped_column(_TIME, info=personal("when"))
    due_by: Mapped[date] = mapped_column(Date, info=personal("the last day of the answer"))
    outcome: Mapped[str | None] = mapped_column(Text, info=personal("corrected, explained or refused"))
    answer: Mapped[str | None] = mapped_column(
        Sealed("cases.answer", "number"), info=sensitive("what the officer wrote")
    )
    answered_at: Mapped[datetime | None] = mapped_column(_TIME, info=personal("when"))
    answered_by: Mapped[str | None] = mapped_column(Text, info=internal("role and name of the officer"))

    @property
    def at_office_since(self) -> datetime:
        """Since when it is at its present office."""
        return self.office_since or self.opened_at
