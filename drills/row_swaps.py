"""Part of a drill: sealed fields are copied from row to row, as a superuser can, and none may open in its new place."""

from sqlalchemy import LargeBinary, and_, select, text, type_coerce, update

from drills.rows import Row
from foundation.db import Database, Session
from foundation.sealing import CannotOpen
from operations.resealing import SealedColumn, sealed_columns


def swap(row: Row, database: Database) -> None:
    """Give each row the field of the next one, in every sealed column, and read it; all of it is undone."""
    tried, opened = 0, []
    with database.undone_transaction() as session:
        session.execute(text("set local session_replication_role = replica"))
        for each in sealed_columns():
            count, read = _swap(session, each)
            tried += count
            opened += [str(each.column)] * read
    row.require(f"no field opens in the row of another: {sorted(set(opened))}", not opened)
    row.require("there are fields to copy", tried)
    row.figure(row_swaps=f"{tried - len(opened)} of {tried} refused")


def _swap(session: Session, each: SealedColumn) -> tuple[int, int]:
    """How many fields of a column were copied to another row, and how many of these open there."""
    key = [*each.table.primary_key.columns]
    fields = session.execute(select(*key, each.raw).where(each.column.is_not(None)).order_by(*key)).all()
    opened = 0
    for own, other in zip(fields, [*fields[1:], *fields[:1]], strict=True) if len(fields) > 1 else ():
        this = and_(*(column == value for column, value in zip(key, own, strict=False)))
        field = type_coerce(bytes(other[-1]), LargeBinary)
        session.execute(update(each.table).where(this).values({each.column.name: field}))
        try:
            session.scalar(select(each.column).where(this))
        except CannotOpen:
            continue
        opened += 1
    return len(fields) if len(fields) > 1 else 0, opened
