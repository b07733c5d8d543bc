"""How long rows are kept: declared with each table, and enforced by one round, which certifies what it removed.

A row that another one refers to stays until that one is gone. Events have certificates of their own, see
`foundation/event_seals.py`.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Table, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.append_only import REMOVES_EXPIRED, only_add
from foundation.classification import internal, opened
from foundation.db import Base, Database, Session

BATCH = 5000


class Kept(str):
    """How long rows of a table are kept, in words, and as the database understands it.

    `ends` is SQL of the table's columns for the moment from which `after`, an interval, counts; null: it has not ended.
    `{table}` in it is the table's name.
    """

    __slots__ = ("after", "ends")
    ends: str
    after: str

    def __new__(cls, words: str, *, ends: str, after: str) -> "Kept":
        """See the class."""
        made = super().__new__(cls, words)
        made.ends, made.after = ends, after
        return made


class RetentionCertificate(Base):
    """Rows of one table that were removed because they were older than they are kept."""

    __tablename__ = "retention_certificates"
    __table_args__ = ({"info": {"retention": "for ever"}},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    removed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=opened("when"))
    table: Mapped[str] = mapped_column("table_name", Text, info=opened("of which table"))
    rule: Mapped[str] = mapped_column(Text, info=opened("how long its rows are kept, in words"))
    rows: Mapped[int] = mapped_column("row_count", BigInteger, info=opened("how many there were"))
    digest: Mapped[str] = mapped_column(Text, info=internal("SHA-256 of their keys, in order"))


only_add(RetentionCertificate, for_ever=True)


def enforced() -> list[Table]:
    """The tables that the round looks after, those that refer to others before these."""
    return [table for table in reversed(Base.metadata.sorted_tables) if isinstance(table.info.get("retention"), Kept)]


def enforce(database: Database, *, now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Remove what is older than it is kept, batch by batch; how many rows there were."""
    patient, removed = database.without_timeout(), 0
    for table in enforced():
        count = BATCH
        while count == BATCH and not stopping():
            with patient.transaction(REMOVES_EXPIRED) as session:
                count = _remove(session, table, now)
            removed += count
    patient.close()
    return removed


def overdue(session: Session, table: Table, now: datetime) -> int:
    """How many rows of a table are older than they are kept, whether or not others refer to them."""
    statement = f"select count(*) from {table.name} where {_is_over(table)}"  # noqa: S608 - our own words
    return int(session.execute(text(statement), {"now": now}).scalar_one())


def _is_over(table: Table) -> str:
    kept: Kept = table.info["retention"]
    return f"({kept.ends.format(table=table.name)}) < cast(:now as timestamptz) - interval '{kept.after}'"


def _remove(session: Session, table: Table, now: datetime) -> int:
    keys = ", ".join(f"{table.name}.{column.name}" for column in table.primary_key)
    unused = " ".join(f"and not exists (select from {child} where {join})" for child, join in _references(table))
    # Nothing is locked beforehand, which would need the right to change; a row that changes meanwhile has another ctid.
    statement = f"""
    delete from {table.name} where ctid = any(array(
      select ctid from {table.name} where {_is_over(table)} {unused} limit {BATCH}
    )) returning concat_ws(',', {keys})"""  # noqa: S608 - our own words
    removed = sorted(session.execute(text(statement), {"now": now}).scalars())
    if removed:
        certificate: dict[str, Any] = {
            "removed_at": now,
            "table": table.name,
            "rule": str(table.info["retention"]),
            "rows": len(removed),
            "digest": hashlib.sha256("\n".join(removed).encode()).hexdigest(),
        }
        session.add(RetentionCertificate(**certificate))
    return len(removed)


def _references(table: Table) -> list[tuple[str, str]]:
    """Each table that refers to this one, with how its rows are found."""
    keys = [key for other in Base.metadata.sorted_tables for key in other.foreign_keys if key.column.table is table]
    return [
        (f"{key.parent.table.name} r", f"r.{key.parent.name} = {table.name}.{key.column.name}")
        for key in sorted(keys, key=str)
    ]
