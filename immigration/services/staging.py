"""How rows of each kind are staged and merged: COPY into a temporary table, then set-based statements.

Which columns a kind fills, of which types, and which of them are sealed follows from its fields and its table.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from foundation.db import Base, Session, column_type, copy_rows
from foundation.sealing import Sealed, bound, keyring
from immigration.models.obligations import OUT_OF_DATE
from immigration.models.people import Passport, document_index, document_key, folded_index
from immigration.models.records import Movement, OfficeReport, Permission, Residence
from immigration.rules.birth_dates import BirthDate
from immigration.rules.rows import KINDS

Staged = tuple[Any, ...]

PASSPORTS, RESIDENCES = "passports", "residences"
TABLES: dict[str, type[Base]] = {
    PASSPORTS: Passport,
    "movements": Movement,
    "permissions": Permission,
    "reports": OfficeReport,
    RESIDENCES: Residence,
}
"""The table of each kind. A field is stored in the column of its name; but see `_stored`."""


def _reference(value: tuple[str, str]) -> bytes:
    return document_index(*value)


def _folded_reference(value: tuple[str, str]) -> bytes:
    return folded_index(*value)


_IN_TWO_COLUMNS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "replaces": {"replaces_index": _reference, "replaces_folded_index": _folded_reference},
    "birth_date": {
        "birth_date": lambda birth: birth.first_day,
        "birth_date_known": lambda birth: birth.known.value,
    },
}


@dataclass(frozen=True)
class _Stored:
    """A column of a table, the field it is filled from, and how a value that is not None is converted or sealed."""

    column: str
    field: str
    type: str
    convert: Callable[[Any], Any] | None = None
    sealed: Sealed | None = None


def _stored(kind: str, field: str) -> tuple[_Stored, ...]:
    """Where a field goes: sealed where its column is.

    A passport that is replaced is kept as its blind indexes, a birth date as its first day and the parts known of it.
    """
    if field in _IN_TWO_COLUMNS:
        columns = _IN_TWO_COLUMNS[field].items()
        return tuple(_Stored(name, field, column_type(Passport, name), convert) for name, convert in columns)
    column = TABLES[kind].__table__.columns[field].type
    sealed = column if isinstance(column, Sealed) else None
    return (_Stored(field, field, column_type(TABLES[kind], field), sealed=sealed),)


def _columns(kind: str) -> tuple[_Stored, ...]:
    """What a kind's rows fill. The passport that a row of another kind is about is found by its blind index instead."""
    about = () if kind == PASSPORTS else ("document_number", "issuing_state")
    return tuple(stored for name in KINDS[kind].columns if name not in about for stored in _stored(kind, name))


_STORED = {kind: _columns(kind) for kind in TABLES}
_KEYS = {kind: "document_index" if kind == PASSPORTS else KINDS[kind].columns[0] for kind in TABLES}


def stage(session: Session, kind: str, rows: Iterable[Staged]) -> None:
    """Fill a fresh temporary table `staged` (line, indexes, row_digest, then the kind's columns) by COPY.

    Passports that the rows refer to are resolved: where no passport has the number as written, the index becomes that
    of the only one with its folded form.
    """
    types = {"line": "int8", "document_index": "bytea", "folded_index": "bytea", "row_digest": "bytea"}
    types |= {stored.column: stored.type.lower() for stored in _STORED[kind]}
    definition = ", ".join(f"{name} {type_}" for name, type_ in types.items())
    session.execute(text("drop table if exists staged"))
    session.execute(text(f"create temporary table staged ({definition}) on commit drop"))
    copy_rows(session, "staged", types, rows)
    session.execute(text("analyze staged"))
    if kind == PASSPORTS:
        session.execute(_RESOLVE_REPLACED)
        session.execute(_RESOLVE_REPLACING)
    else:
        session.execute(_RESOLVE)


def staged(kind: str, rows: Iterable[tuple[int, dict[str, Any]]]) -> list[Staged]:
    """Typed rows (line, values) of a kind as they are staged: found by a blind index, and sealed."""
    return [_stage(kind, line, row) for line, row in rows]


def _stage(kind: str, line: int, row: dict[str, Any]) -> Staged:
    key = document_key(row["issuing_state"], row["document_number"])
    values = [line, key.exact, key.folded, _digest(row)]
    name = key.exact if kind == PASSPORTS else row[_KEYS[kind]]
    for stored in _STORED[kind]:
        value = row[stored.field]
        if value is not None and stored.sealed:
            value = stored.sealed.seal(bound(value, name))
        elif value is not None and stored.convert:
            value = stored.convert(value)
        values.append(value)
    return tuple(values)


def _digest(row: dict[str, Any]) -> bytes:
    """Changes with any value of the row."""
    return keyring().fingerprint(*[value if isinstance(value, str) else _plain(value) for value in row.values()])


def _plain(value: Any) -> str:
    if isinstance(value, (date, BirthDate)):
        return str(value)
    return json.dumps(value) if value else ""


# People whose records changed are marked as out of date, locked in the order in which all transactions lock them.
_MARK = f""", touched as (
  select o.person_id from obligations o where o.person_id in ({{people}}) order by o.person_id for update
), marked as (
  update obligations o set {OUT_OF_DATE} from touched where o.person_id = touched.person_id
)"""  # noqa: S608 - our own words
# A row that PostgreSQL has just inserted has no deleting transaction (xmax); one that it updated has.
_OUTCOME = "case when m.{key} is null then 'unchanged' when m.inserted then 'imported' else 'updated' end as what"


def _upsert(kind: str, key: str, *more: str) -> tuple[str, str]:
    """Of an upsert: the columns to insert, and what to set where the row is there already."""
    names = [stored.column for stored in _STORED[kind] if stored.column != key]
    updates = ", ".join(f"{name} = excluded.{name}" for name in (*names, "row_digest", *more))
    return ", ".join((key, "row_digest", *names)), updates


def _merge_rows(kind: str) -> str:
    """Merge `staged` rows whose passport is known; returns (what, count).

    One statement, so that what it counts is what it did. Of several rows with one key the last line wins. A row that
    moves to another passport touches both people. What those people owe is marked as out of date on `:today`, also for
    a residence: the closed days of its province may count.
    """
    table, key = TABLES[kind].__tablename__, _KEYS[kind]
    columns, updates = _upsert(kind, key, "passport_id")
    people = """select person_id from outcome where what <> 'unchanged'
    union select former_person_id from outcome where what = 'updated'"""
    return f"""
with known as (
  select s.*, p.id as passport_id, p.person_id from staged s join passports p using (document_index)
), newest as (
  select distinct on ({key}) * from known order by {key}, line desc
), before as (
  select t.{key}, p.person_id from {table} t join newest n using ({key}) join passports p on p.id = t.passport_id
), merged as (
  insert into {table} as t (passport_id, {columns})
  select passport_id, {columns} from newest order by {key}
  on conflict ({key}) do update set {updates} where t.row_digest is distinct from excluded.row_digest
  returning {key}, xmax = 0 as inserted
), outcome as (
  select n.person_id, b.person_id as former_person_id, {_OUTCOME.format(key=key)}
  from newest n left join merged m using ({key}) left join before b using ({key})
){_MARK.format(people=people)}
select what, count(*) from outcome group by what
"""  # noqa: S608 - names come from the models


def _merge_passports() -> str:
    """As `_merge_rows`; a passport that is new makes a person, who owes nothing yet by the rules of `:version`."""
    columns, updates = _upsert(PASSPORTS, "document_index", "folded_index")
    people = "select person_id from outcome where what = 'updated'"
    return f"""
with newest as (
  select distinct on (document_index) * from staged order by document_index, line desc
), placed as (
  select n.*, p.id as passport_id, coalesce(p.person_id, gen_random_uuid()) as person_id
  from newest n left join passports p using (document_index)
), created as (
  insert into people (id) select person_id from placed where passport_id is null returning id
), owed as (
  insert into obligations (person_id, policy_version) select id, :version from created
), merged as (
  insert into passports as t (person_id, folded_index, {columns})
  select person_id, folded_index, {columns} from placed order by line
  on conflict (document_index) do update set {updates} where t.row_digest is distinct from excluded.row_digest
  returning document_index, xmax = 0 as inserted
), outcome as (
  select p.person_id, {_OUTCOME.format(key="document_index")} from placed p left join merged m using (document_index)
){_MARK.format(people=people)}
select what, count(*) from outcome group by what
"""  # noqa: S608 - names come from the models


# A number as written names a passport exactly, else by its folded form (O as 0, I as 1) where exactly one passport has
# that. Nothing is resolved so while some passport has no folded form yet: it could be a second one.
_RESOLVE = text(
    """
with unresolved as materialized (
  select s.line, s.folded_index from staged s
  where not exists (select from passports e where e.document_index = s.document_index)
), meant as (
  select u.line, (array_agg(p.document_index))[1] as document_index
  from unresolved u join passports p using (folded_index) group by u.line having count(*) = 1
)
update staged s set document_index = m.document_index from meant m
where m.line = s.line and not exists (select from passports where folded_index is null)
"""
)
# The passport that a staged one replaces: on record, or staged beside it.
_RESOLVE_REPLACED = text(
    """
with unresolved as materialized (
  select s.line, s.document_index, s.replaces_folded_index from staged s
  where s.replaces_index is not null
    and not exists (select from passports e where e.document_index = s.replaces_index)
    and not exists (select from staged e where e.document_index = s.replaces_index)
), candidates as (
  select u.line, p.document_index from unresolved u join passports p on p.folded_index = u.replaces_folded_index
  where p.document_index <> u.document_index
  union
  select u.line, t.document_index from unresolved u join staged t on t.folded_index = u.replaces_folded_index
  where t.document_index <> u.document_index
), meant as (
  select line, (array_agg(document_index))[1] as document_index from candidates group by line having count(*) = 1
)
update staged s set replaces_index = m.document_index from meant m
where m.line = s.line and not exists (select from passports where folded_index is null)
"""
)
# Passports on record that replace one which is staged only now, and was written otherwise in their rows.
_RESOLVE_REPLACING = text(
    """
update passports newer set replaces_index = s.document_index from staged s
where newer.replaces_folded_index = s.folded_index and newer.document_index <> s.document_index
  and not exists (select from passports e where e.document_index = newer.replaces_index)
  and not exists (select from staged e where e.document_index = newer.replaces_index)
  and not exists (
    select from passports o where o.folded_index = s.folded_index
      and o.document_index not in (s.document_index, newer.document_index)
  )
  and not exists (
    select from staged o where o.folded_index = s.folded_index
      and o.document_index not in (s.document_index, newer.document_index)
  )
  and not exists (select from passports where folded_index is null)
"""
)
_MERGE = {kind: text(_merge_passports() if kind == PASSPORTS else _merge_rows(kind)) for kind in TABLES}
UNKNOWN_PASSPORT = "passport unknown: no such document_number and issuing_state on record"
_UNKNOWN = text(
    "select line from staged s where not exists (select from passports p where p.document_index = s.document_index)"
)


def merge_staged(session: Session, kind: str, *, today: date, policy_version: str) -> dict[str, int]:
    """Merge what is staged into the kind's table; how many rows were imported, updated, unchanged."""
    counted = session.execute(_MERGE[kind], {"today": today, "version": policy_version})
    return {what: count for what, count in counted}


def refuse_unknown_passports(session: Session) -> dict[int, str]:
    """The lines of staged rows whose passport is on no record, which are not merged, with the reason."""
    return dict.fromkeys(session.scalars(_UNKNOWN), UNKNOWN_PASSPORT)
