"""Decisions that a second person reviews, and how many automatic acceptances of an office are drawn for it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, SmallInteger, Text, Uuid, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from foundation.append_only import only_add
from foundation.classification import internal, personal
from foundation.db import Base
from foundation.retention import Kept

_TIME = DateTime(timezone=True)


class SecondReview(Base):
    """A decision that was drawn, or that overrides the records, and what the officer who reviewed it found."""

    __tablename__ = "second_reviews"
    __table_args__ = (
        Index("uq_second_reviews_decision", "report_id", "kind", "decided_at", unique=True),
        Index("ix_second_reviews_waiting", "id", postgresql_where="result is null"),
        Index("ix_second_reviews_assigned_to", "assigned_to", "id"),
        {"info": {"person": "report_id", "retention": Kept("10 years", ends="drawn_at", after="10 years")}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    reference: Mapped[UUID] = mapped_column(
        unique=True, server_default=func.gen_random_uuid(), info=internal("its id in the API")
    )
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), info=personal("the report"))
    kind: Mapped[str] = mapped_column(Text, info=internal("sample or override"))
    grounds: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default="{}", info=internal("in what the decision goes against the records")
    )
    office: Mapped[str] = mapped_column(Text, info=internal("the office of the report when it was decided"))
    outcome: Mapped[str] = mapped_column(Text, info=personal("what was decided"))
    decided_by: Mapped[str] = mapped_column(Text, info=internal("system, or role and name of the officer"))
    decided_at: Mapped[datetime] = mapped_column(_TIME, info=personal("when it was decided"))
    per_mille: Mapped[int | None] = mapped_column(
        SmallInteger, info=internal("of a sample: the rate in 1,000 that was in force")
    )
    drawn_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when it was drawn"))
    assigned_to: Mapped[UUID | None] = mapped_column(
        ForeignKey("officers.id"), info=internal("the account that was drawn to review; null until a worker draws one")
    )
    assigned_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when that was drawn"))
    passed_by: Mapped[list[UUID]] = mapped_column(
        ARRAY(Uuid),
        server_default="{}",
        info=internal("accounts that were drawn before and did not review in time"),
    )
    result: Mapped[str | None] = mapped_column(Text, info=personal("confirmed or flagged"))
    note: Mapped[str | None] = mapped_column(Text, info=personal("what the second person wrote"))
    settled_as: Mapped[str | None] = mapped_column(Text, info=internal("role and name of the second person"))
    settled_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when they answered"))
    approval: Mapped[UUID | None] = mapped_column(
        info=internal("of a flagged one: what waits for a further person, to reopen the report")
    )


class SamplingRate(Base):
    """How many of 1,000 automatic acceptances of an office are reviewed, from a moment on, and who set it."""

    __tablename__ = "sampling_rates"
    __table_args__ = (Index("ix_sampling_rates_office", "office", "id"), {"info": {"retention": "for ever"}})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    office: Mapped[str] = mapped_column(Text, info=internal("of which office"))
    per_mille: Mapped[int] = mapped_column(SmallInteger, info=internal("the rate in 1,000"))
    reason: Mapped[str] = mapped_column(Text, info=internal("why it was set so"))
    set_as: Mapped[str] = mapped_column(Text, info=internal("role and name of the supervisor who set it"))
    set_at: Mapped[datetime] = mapped_column(_TIME, info=internal("from when on it counts"))


only_add(SamplingRate, for_ever=True)
