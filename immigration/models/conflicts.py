"""Which officers have nothing to do with a person's reports and cases: their own, or of a person they are close to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, personal
from foundation.db import Base
from foundation.retention import Kept

_TIME = DateTime(timezone=True)


class ConflictOfInterest(Base):
    """An officer who does not handle what is a person's, as they declared themself or a colleague flagged."""

    __tablename__ = "conflicts"
    __table_args__ = (
        Index("uq_conflicts_standing", "officer_id", "person_id", unique=True, postgresql_where="ended_at is null"),
        {
            "info": {
                "person": "person_id",
                # What is about a closed account ends with it, or neither would ever be removed.
                "retention": Kept(
                    "10 years after it ends",
                    ends="coalesce(ended_at, (select o.disabled_at from officers o where o.id = {table}.officer_id))",
                    after="10 years",
                ),
            }
        },
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    reference: Mapped[UUID] = mapped_column(
        unique=True, server_default=func.gen_random_uuid(), info=internal("its id in the API")
    )
    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id"), info=personal("whom the officer has nothing to do with")
    )
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officers.id"), info=internal("which officer"))
    officer: Mapped[str] = mapped_column(Text, info=internal("role and name of that officer"))
    offices: Mapped[list[str]] = mapped_column(
        ARRAY(Text), info=internal("the offices of that officer, whose supervisors may end it")
    )
    reason: Mapped[str] = mapped_column(Text, info=personal("what was stated"))
    made_as: Mapped[str] = mapped_column(Text, info=internal("role and name of who stated it"))
    made_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    ended_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when a supervisor ended it"))
    ended_as: Mapped[str | None] = mapped_column(Text, info=internal("role and name of that supervisor"))
    ended_because: Mapped[str | None] = mapped_column(Text, info=personal("why it was ended"))
