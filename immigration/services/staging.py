"""How rows of each kind are staged and merged: COPY into a temporary table, then set-based statements."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from foundation.db import Session, copy_rows
from foundation.sealing import keyring
from immigration.models.people import document_index

Staged = tuple[Any, ...]


@dataclass(frozen=True)
class Merge:
    """The merging of one kind: target table, its natural key, and the other columns with their types.

    `sealed` columns are encrypted on the way into the staging table already.
    """

    table: str
    key: str
    columns: tuple[tuple[str, str], ...]
    sealed: frozenset[str] = frozenset()
    names: tuple[tuple[str, str], ...] = ()

    def source(self, column: str) -> str:
        """The CSV column that a table column is read from."""
        return dict(self.names).get(column, column)


MERGES = {
    "movements": Merge(
        "movements",
        "movement_id",
        (
            ("direction", "text"),
            ("occurred_on", "date"),
            ("checkpoint", "text"),
            ("arrival_card", "bytea"),
            ("visa_class", "text"),
            ("permitted_until", "date"),
            ("contact_email", "bytea"),
        ),
        frozenset({"arrival_card", "contact_email"}),
    ),
    "permissions": Merge(
        "permissions",
        "permission_id",
        (("kind", "text"), ("granted_on", "date"), ("permitted_until", "date"), ("visa_class", "text")),
    ),
    "reports": Merge(
        "office_reports",
        "receipt_number",
        (("filed_on", "date"), ("channel", "text"), ("office", "text"), ("next_due_on", "date")),
    ),
    "residences": Merge(
        "residences",
        "residence_id",
        (
            ("subdistrict_code", "text"),
            ("address", "bytea"),
            ("from_on", "date"),
            ("until_on", "date"),
            ("host", "bytea"),
        ),
        frozenset({"address", "host"}),
    ),
}
PASSPORT_COLUMNS = (
    ("document_number", "bytea"),
    ("issuing_state", "text"),
    ("nationality", "text"),
    ("surname", "text"),
    ("given_names", "text"),
    ("birth_date", "date"),
    ("sex", "text"),
    ("expires_on", "date"),
    ("status", "text"),
    ("replaces_index", "bytea"),
)


def stage(session: Session, kind: str, rows: Iterable[Staged]) -> None:
    """Fill a fresh temporary table `staged` (line, document_index, row_digest, then the kind's columns) by COPY."""
    columns = PASSPORT_COLUMNS if kind == "passports" else ((MERGES[kind].key, "text"), *MERGES[kind].columns)
    typed = [("line", "int8"), ("document_index", "bytea"), ("row_digest", "bytea"), *columns]
    definition = ", ".join(f"{name} {kind}" for name, kind in typed)
    session.execute(text("drop table if exists staged"))
    session.execute(text(f"create temporary table staged ({definition}) on commit drop"))
    copy_rows(session, "staged", dict(typed), rows)
    session.execute(text("analyze staged"))


def staged(kind: str, rows: Iterable[tuple[int, dict[str, Any]]]) -> list[Staged]:
    """Typed rows (line, values) of a kind as they are staged: found by a blind index, and sealed."""
    if kind == "passports":
        return [_stage_passport(line, row) for line, row in rows]
    merge = MERGES[kind]
    sources = [
        (merge.source(name), f"{merge.table}.{name}" if name in merge.sealed else None) for name, _ in merge.columns
    ]
    return [_stage(merge.key, sources, line, row) for line, row in rows]


def _stage(key: str, sources: list[tuple[str, str | None]], line: int, row: dict[str, Any]) -> Staged:
    """`sources` says from which value each column is read, and as what it is sealed."""
    seal = keyring().seal
    found = [line, document_index(row["issuing_state"], row["document_number"]), _digest(row), row[key]]
    for source, sealed_as in sources:
        value = row[source]
        found.append(value if sealed_as is None or value is None else seal(value, sealed_as))
    return tuple(found)


def _digest(row: dict[str, Any]) -> bytes:
    """Changes with any value of the row."""
    return keyring().fingerprint(*[value if isinstance(value, str) else _plain(value) for value in row.values()])


def _plain(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value) if value else ""


def _stage_passport(line: int, row: dict[str, Any]) -> Staged:
    replaces = row["replaces"]
    return (
        line,
        document_index(row["issuing_state"], row["document_number"]),
        _digest(row),
        keyring().seal(row["document_number"], "passports.document_number"),
        *(row[name] for name, _ in PASSPORT_COLUMNS[1:-1]),
        document_index(*replaces) if replaces else None,
    )


_MARK = """, touched as (
  select o.person_id from obligations o where o.person_id in ({people}) order by o.person_id for update
), marked as (
  update obligations o set revision = revision + 1, changes_on = least(changes_on, :today)
  from touched where o.person_id = touched.person_id
)"""
"""People whose records changed are marked as out of date, locked in the order in which all transactions lock them."""


def merge_statement(merge: Merge, *, marks: bool) -> str:
    """Merge `staged` rows whose passport is known; returns (what, count).

    Of several rows with one key the last line wins. A row that moves to another passport touches both people. With
    `marks`, what those people owe is marked as out of date on `:today`.
    """
    names = [name for name, _ in merge.columns]
    listed = ", ".join(names)
    updates = ", ".join(f"{name} = excluded.{name}" for name in (*names, "passport_id", "row_digest"))
    people = """select person_id from outcome where what <> 'unchanged'
    union select former_person_id from outcome where what = 'updated'"""
    return f"""
with known as (
  select s.*, p.id as passport_id, p.person_id from staged s join passports p using (document_index)
), newest as (
  select distinct on ({merge.key}) * from known order by {merge.key}, line desc
), before as (
  select t.{merge.key}, p.person_id from {merge.table} t join newest n using ({merge.key})
  join passports p on p.id = t.passport_id
), merged as (
  insert into {merge.table} as t ({merge.key}, passport_id, row_digest, {listed})
  select {merge.key}, passport_id, row_digest, {listed} from newest order by {merge.key}
  on conflict ({merge.key}) do update set {updates} where t.row_digest is distinct from excluded.row_digest
  returning {merge.key}, xmax = 0 as inserted
), outcome as (
  select n.person_id, b.person_id as former_person_id,
    case when m.{merge.key} is null then 'unchanged' when m.inserted then 'imported' else 'updated' end as what
  from newest n left join merged m using ({merge.key}) left join before b using ({merge.key})
){_MARK.format(people=people) if marks else ""}
select what, count(*) from outcome group by what
"""  # noqa: S608 - names come from MERGES


MERGE_PASSPORTS = """
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
  insert into passports as t (document_index, person_id, row_digest, document_number, issuing_state, nationality,
    surname, given_names, birth_date, sex, expires_on, status, replaces_index)
  select document_index, person_id, row_digest, document_number, issuing_state, nationality,
    surname, given_names, birth_date, sex, expires_on, status, replaces_index from placed order by line
  on conflict (document_index) do update set row_digest = excluded.row_digest,
    document_number = excluded.document_number, issuing_state = excluded.issuing_state,
    nationality = excluded.nationality, surname = excluded.surname, given_names = excluded.given_names,
    birth_date = excluded.birth_date, sex = excluded.sex, expires_on = excluded.expires_on,
    status = excluded.status, replaces_index = excluded.replaces_index
  where t.row_digest is distinct from excluded.row_digest
  returning document_index, xmax = 0 as inserted
), outcome as (
  select p.person_id,
    case when m.document_index is null then 'unchanged' when m.inserted then 'imported' else 'updated' end as what
  from placed p left join merged m using (document_index)
){mark}
select what, count(*) from outcome group by what
""".format(mark=_MARK.format(people="select person_id from outcome where what = 'updated'"))  # noqa: S608 - our own words
"""As `merge_statement`; new people owe nothing yet, by the rules of `:version`."""

STAGED_CHAIN = """
select distinct newer.person_id as newer, older.person_id as older
from staged s join passports newer using (document_index)
join passports older on older.document_index = newer.replaces_index
where newer.person_id <> older.person_id
union
select distinct newer.person_id, older.person_id
from staged s join passports older using (document_index)
join passports newer on newer.replaces_index = older.document_index
where newer.person_id <> older.person_id
"""
