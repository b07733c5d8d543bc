"""Slips in the address of accepted reports, put right by their authors."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, personal, sensitive
from foundation.db import Base
from foundation.retention import Kept
from foundation.sealing import Sealed

_TIME = DateTime(timezone=True)


class AddressCorrection(Base):
    """A correction of the address of an accepted report; the report's status and receipt stay."""

    __tablename__ = "address_corrections"
    __table_args__ = (
        Index("ix_address_corrections_report_id", "report_id", "id"),
        Index("ix_address_corrections_waiting", "office", "id", postgresql_where="status = 'under-review'"),
        Index("uq_address_corrections_waiting", "report_id", unique=True, postgresql_where="status = 'under-review'"),
        {"info": {"person": "report_id", "retention": Kept("10 years", ends="requested_at", after="10 years")}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    number: Mapped[str] = mapped_column(Text, unique=True, info=personal("number with a check character"))
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), info=internal("the report"))
    status: Mapped[str] = mapped_column(Text, info=personal("applied, under-review or refused"))
    requested_at: Mapped[datetime] = mapped_column(_TIME, info=personal("when its author sent it"))
    subdistrict_code: Mapped[str] = mapped_column(Text, info=personal("TIS 1099 code of the corrected address"))
    office: Mapped[str] = mapped_column(Text, info=personal("office of the corrected address"))
    address: Mapped[str] = mapped_column(
        Sealed("address_corrections.address", "number"), info=sensitive("corrected address lines, as JSON")
    )
    statement: Mapped[str | None] = mapped_column(Text, info=personal("signed: that it was applied, and when"))
    note: Mapped[str | None] = mapped_column(Text, info=personal("what the officer wrote to the resident"))
    decided_at: Mapped[datetime | None] = mapped_column(_TIME, info=personal("when it was applied or refused"))
    decided_by: Mapped[str | None] = mapped_column(Text, info=internal("its author, or an officer"))
