"""Sealing every field anew, with the present secret and to its row, while the service runs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, and_, bindparam, func, select, tuple_, type_coerce, update

from foundation import key_check
from foundation.db import Base, Database, Session
from foundation.sealing import CannotOpen, Sealed, bound, keyring

BATCH = 500
"""Rows that are locked together, for some milliseconds."""


@dataclass(frozen=True)
class SealedColumn:
    """A column whose fields are sealed."""

    column: Column[Any]

    @property
    def table(self) -> Table:
        """Its table."""
        table: Table = self.column.table
        return table

    @property
    def sealed(self) -> Sealed:
        """How its fields are sealed."""
        kind = self.column.type
        assert isinstance(kind, Sealed)
        return kind

    @property
    def raw(self) -> Any:
        """The column as the bytes that are stored."""
        return type_coerce(self.column, LargeBinary)

    @property
    def is_old(self) -> Any:
        """Whether a field is sealed to its column only, or with an earlier secret."""
        prefix = keyring().prefix
        return and_(self.column.is_not(None), func.substring(self.raw, 1, len(prefix)) != prefix)


def sealed_columns() -> Iterator[SealedColumn]:
    """Every sealed column of every table."""
    for table in Base.metadata.sorted_tables:
        yield from (SealedColumn(column) for column in table.columns if isinstance(column.type, Sealed))


def count_old(database: Database) -> int:
    """How many fields are to be sealed anew."""
    with database.read_session() as session:
        return sum(
            session.scalar(select(func.count()).select_from(each.table).where(each.is_old)) or 0
            for each in sealed_columns()
        )


def reseal(
    database: Database,
    progress: Callable[[int], None] = lambda count: None,
    spoilt: Callable[[str], None] = lambda field: None,
) -> int:
    """Seal anew what is not sealed to its row with the present secret; how many fields that were.

    Batch by batch, each in its own transaction. A row that changes meanwhile is left, and so is a field that does not
    open, which `spoilt` is told. When none is left, that is noted, and processes that start from then on open no field
    that is sealed to its column only.
    """
    count = 0
    for each in sealed_columns():
        last: tuple[Any, ...] | None = None
        while True:
            with database.transaction() as session:
                done, last = _batch(session, each, last, spoilt)
            count += done
            progress(done)
            if last is None:
                break
    if count_old(database) == 0:
        with database.transaction() as session:
            key_check.all_are_bound(session, keyring())
    return count


def _batch(
    session: Session, each: SealedColumn, after: tuple[Any, ...] | None, spoilt: Callable[[str], None]
) -> tuple[int, tuple[Any, ...] | None]:
    """Seal the next rows anew, in the order of their keys; how many, and the last key, None where there are no more."""
    key = [*each.table.primary_key.columns]
    name = [each.table.c[part] for part in each.sealed.row]
    query = select(*key, *(part.label(f"row_{n}") for n, part in enumerate(name)), each.raw.label("field"))
    query = query.where(each.is_old).order_by(*key).limit(BATCH).with_for_update(skip_locked=True)
    if after is not None:
        query = query.where(tuple_(*key) > after)
    rows = session.execute(query).all()
    if not rows:
        return 0, None
    values = []
    for row in rows:
        this, of = row[: len(key)], row[len(key) : -1]
        try:
            new = each.sealed.seal(bound(each.sealed.open(row.field, *of), *of))
        except CannotOpen:
            spoilt(f"{each.column} of row {', '.join(map(str, this))}")
            continue
        values.append({f"key_{n}": value for n, value in enumerate(this)} | {"new": new})
    if values:
        same = and_(*(column == bindparam(f"key_{n}", type_=column.type) for n, column in enumerate(key)))
        change = update(each.table).where(same).values({each.column.name: type_coerce(bindparam("new"), LargeBinary)})
        session.connection().execute(change, values)
    return len(values), tuple(rows[-1][: len(key)])
