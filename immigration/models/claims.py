"""Which officer has a report in hand: a claim, which ends by itself."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal
from foundation.db import Base
from foundation.retention import Kept


class Claim(Base):
    """An officer works on a report: until the claim ends, no other officer decides it."""

    __tablename__ = "claims"
    __table_args__ = (
        Index("ix_claims_officer_id", "officer_id"),
        {
            "info": {
                "person": "report_id",
                "retention": Kept("a day after it ends", ends="expires_at", after="1 day"),
            }
        },
    )

    report_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("reports.id"), primary_key=True, info=internal("the report")
    )
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officers.id"), info=internal("who has it in hand"))
    claimed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=internal("when it was taken"))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=internal("when it ends by itself"))
