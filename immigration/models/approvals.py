"""What waits for a second person, and looks beyond an officer's offices."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, personal
from foundation.db import Base
from foundation.retention import Kept

_TIME = DateTime(timezone=True)


class Approval(Base):
    """An act of an officer that another person has to approve; nothing changes until then."""

    __tablename__ = "approvals"
    __table_args__ = (
        Index("ix_approvals_waiting", "id", postgresql_where="outcome is null"),
        Index("ix_approvals_report_id", "report_id"),
        {"info": {"person": "person_id", "retention": Kept("10 years", ends="requested_at", after="10 years")}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    reference: Mapped[UUID] = mapped_column(
        unique=True, server_default=func.gen_random_uuid(), info=internal("its id in the API")
    )
    kind: Mapped[str] = mapped_column(Text, info=internal("next-due-date, reopening or look"))
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"), info=personal("the report it is about"))
    person_id: Mapped[UUID | None] = mapped_column(info=personal("whom it concerns; null: a look that finds no person"))
    offices: Mapped[list[str]] = mapped_column(ARRAY(Text), info=internal("the offices whose officers may settle it"))
    request: Mapped[dict[str, Any]] = mapped_column(JSONB, info=personal("the decision, note, purpose and reason"))
    fingerprint: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=internal("of the report when it was asked for, to see whether it changed since")
    )
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("officers.id"), info=internal("the account that asked"))
    requested_as: Mapped[str] = mapped_column(Text, info=internal("role and name of the officer who asked"))
    requested_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    expires_at: Mapped[datetime] = mapped_column(_TIME, info=internal("last moment of settling it"))
    outcome: Mapped[str | None] = mapped_column(Text, info=internal("approved or refused"))
    settled_as: Mapped[str | None] = mapped_column(Text, info=internal("role and name of who settled it"))
    settled_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when"))
    note: Mapped[str | None] = mapped_column(Text, info=personal("what the second person wrote"))


class OfficeException(Base):
    """Leave for one officer to look beyond their offices at one person, for a short time and a stated reason."""

    __tablename__ = "office_exceptions"
    __table_args__ = (
        Index("ix_office_exceptions_officer_id", "officer_id", "expires_at"),
        Index("ix_office_exceptions_person_id", "person_id"),
        {"info": {"person": "person_id", "retention": Kept("10 years", ends="opened_at", after="10 years")}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    person_id: Mapped[UUID] = mapped_column(info=personal("at whom"))
    offices: Mapped[list[str]] = mapped_column(ARRAY(Text), info=personal("the offices of the person, which are told"))
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officers.id"), info=internal("whose leave it is"))
    officer: Mapped[str] = mapped_column(Text, info=internal("role and name of that officer"))
    officer_offices: Mapped[list[str]] = mapped_column(ARRAY(Text), info=internal("the offices of that officer"))
    reason: Mapped[str] = mapped_column(Text, info=personal("what the officer stated"))
    stated_case: Mapped[str | None] = mapped_column(
        Text, info=personal("number of the report, receipt or case that was stated")
    )
    approved_as: Mapped[str | None] = mapped_column(Text, info=internal("role and name of who approved it"))
    opened_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    expires_at: Mapped[datetime] = mapped_column(_TIME, info=internal("last moment of it"))
