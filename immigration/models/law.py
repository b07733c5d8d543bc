"""What is registered beside the law files, how it ended, and which policies were in force."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Identity, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.append_only import only_add
from foundation.classification import internal, opened
from foundation.db import Base

_TIME = DateTime(timezone=True)
_FOR_EVER = "for ever: due dates and decisions rest on it"


class LawEntry(Base):
    """A closing day, an outage or a waiver that two people registered; it is never changed or removed, only ended."""

    __tablename__ = "law_entries"
    __table_args__ = ({"info": {"retention": _FOR_EVER}},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    reference: Mapped[UUID] = mapped_column(
        unique=True, server_default=func.gen_random_uuid(), info=opened("its id in the API")
    )
    kind: Mapped[str] = mapped_column(Text, info=opened("closing-day, outage or waiver"))
    name: Mapped[str] = mapped_column(Text, info=opened("what it is called"))
    first_on: Mapped[date] = mapped_column(Date, info=opened("its first day"))
    last_on: Mapped[date] = mapped_column(Date, info=opened("its last day, as it was registered"))
    provinces: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default="{}", info=opened("TIS 1099 codes of a closing day's provinces; none: all")
    )
    source: Mapped[str] = mapped_column(Text, info=opened("on what it rests"))
    grade: Mapped[str] = mapped_column(Text, info=opened("how sure it is: OFF, COR, ONE, CON, OWN"))
    registered_at: Mapped[datetime] = mapped_column(_TIME, info=opened("when it was approved"))
    registered_as: Mapped[str] = mapped_column(Text, info=internal("role and name of who asked for it"))
    approved_as: Mapped[str] = mapped_column(Text, info=internal("role and name of who approved it"))


class LawEnding(Base):
    """That an entry ended earlier than it was registered, by two people."""

    __tablename__ = "law_endings"
    __table_args__ = ({"info": {"retention": _FOR_EVER}},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("law_entries.id"), index=True, info=internal("which entry"))
    last_on: Mapped[date] = mapped_column(Date, info=opened("the last day that counts"))
    reason: Mapped[str] = mapped_column(Text, info=internal("why it ended"))
    ended_at: Mapped[datetime] = mapped_column(_TIME, info=opened("when that was approved"))
    ended_as: Mapped[str] = mapped_column(Text, info=internal("role and name of who asked for it"))
    approved_as: Mapped[str] = mapped_column(Text, info=internal("role and name of who approved it"))


class PolicyVersion(Base):
    """A policy that was in force here, as it is compared with others later, when the files have changed."""

    __tablename__ = "policy_versions"
    __table_args__ = ({"info": {"retention": _FOR_EVER}},)

    version: Mapped[str] = mapped_column(Text, primary_key=True, info=opened("the name of the policy"))
    in_force_at: Mapped[datetime] = mapped_column(_TIME, info=opened("when it came into force in this service"))
    contents: Mapped[dict[str, Any]] = mapped_column(JSONB, info=opened("its values, by section and key"))


only_add(LawEntry)
only_add(LawEnding)
only_add(PolicyVersion)
