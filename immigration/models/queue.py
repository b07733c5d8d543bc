"""How many reports wait, counted by the worker, and the views of the queue that officers keep."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Integer, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal
from foundation.db import Base
from foundation.retention import Kept

_TIME = DateTime(timezone=True)


class QueueCount(Base):
    """How many reports of an office wait for an officer for a reason; empty stands for all of them."""

    __tablename__ = "queue_counts"
    __table_args__ = ({"info": {"retention": "until they are counted again, within a minute"}},)

    office: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("the office; empty: all"))
    reason: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("the reason code; empty: any"))
    reports: Mapped[int] = mapped_column(Integer, info=internal("how many wait"))
    counted_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when it was counted"))


class SavedView(Base):
    """A filter of the queue that an officer keeps under a name."""

    __tablename__ = "saved_views"
    __table_args__ = (
        Index("uq_saved_views_name", "officer_id", "name", unique=True),
        {
            "info": {
                "retention": Kept(
                    "until its owner removes it, or 90 days after the account was closed",
                    ends="select o.disabled_at from officers o where o.id = {table}.officer_id",
                    after="90 days",
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    reference: Mapped[UUID] = mapped_column(
        unique=True, server_default=func.gen_random_uuid(), info=internal("its id in the API")
    )
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officers.id"), info=internal("whose view it is"))
    name: Mapped[str] = mapped_column(Text, info=internal("what the officer calls it"))
    wanted: Mapped[dict[str, Any]] = mapped_column(JSONB, info=internal("the filter, as in the query of the queue"))
    saved_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when it was saved last"))
