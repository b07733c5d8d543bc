"""What imports of records did, and for a short while the rows that they refused."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, Integer, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, sensitive
from foundation.db import Base
from foundation.retention import Kept
from foundation.sealing import Sealed

_TIME = DateTime(timezone=True)


class RecordImport(Base):
    """One import of a file of records: what it did, or why it ended."""

    __tablename__ = "record_imports"
    __table_args__ = (
        Index("ix_record_imports_kind", "kind", "at"),
        {"info": {"retention": Kept("a year", ends="at", after="1 year")}},
    )

    id: Mapped[UUID] = mapped_column(
        primary_key=True, server_default=func.gen_random_uuid(), info=internal("its id in the API")
    )
    kind: Mapped[str] = mapped_column(Text, info=internal("passports, movements, permissions, reports or residences"))
    at: Mapped[datetime] = mapped_column(_TIME, info=internal("when it began"))
    actor: Mapped[str] = mapped_column(Text, info=internal("who ran it"))
    imported: Mapped[int] = mapped_column(Integer, info=internal("new rows"))
    updated: Mapped[int] = mapped_column(Integer, info=internal("changed rows"))
    unchanged: Mapped[int] = mapped_column(Integer, info=internal("rows that were there already"))
    rejected: Mapped[int] = mapped_column(Integer, info=internal("rows that were not taken"))
    fault: Mapped[str | None] = mapped_column(Text, info=internal("why it was not read to the end"))


class RejectedRow(Base):
    """A row that an import did not take, as it was sent."""

    __tablename__ = "rejected_rows"
    __table_args__ = ({"info": {"person": None, "retention": Kept("30 days", ends="at", after="30 days")}},)

    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("record_imports.id"), primary_key=True, info=internal("of which import")
    )
    line: Mapped[int] = mapped_column(Integer, primary_key=True, info=internal("line of the file"))
    reason: Mapped[str] = mapped_column(Text, info=internal("why it was not taken"))
    content: Mapped[str] = mapped_column(
        Sealed("rejected_rows.content", "import_id", "line"), info=sensitive("the values of the row, as JSON")
    )
    at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
