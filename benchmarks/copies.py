"""Copies the people of `nation.py` set by set: one INSERT a table, indexes are created afterwards."""

from collections.abc import Collection

from sqlalchemy import Connection, text

STRIDE = 50_000
"""Copies of a row have ids from its own times this on, so that one person's rows lie far apart, as in real data."""

_FUNCTIONS = """
create function numbered(number text, j int) returns text immutable parallel safe language sql as $$
  select left(number, 3) || '-' || substr(h, 1, 4) || '-' || substr(h, 5, 4) || '-' || substr(h, 9, 4) || '-'
    || right(number, 1) from upper(md5(number || j)) h
$$;
create function person(template uuid, j int) returns uuid immutable parallel safe language sql as $$
  select md5(template::text || j)::uuid
$$;
create function basis(period text, j int) returns text immutable parallel safe language sql as $$
  select case when period like 'report:%' then 'report:' || numbered(substr(period, 8), j) else period || '-' || j end
$$;
create function row_id(id bigint, j int) returns bigint immutable parallel safe language sql as $$
  select id * {stride} + j
$$
"""
_NEWEST = "select max(id) from reports group by person_id"
_PERSON = {"person_id": "person(t.person_id, j)"}
_OF_PASSPORT = {"id": "row_id(t.id, j)", "passport_id": "row_id(t.passport_id, j)"}
_OF_REPORT = {"report_id": "row_id(t.report_id, j)"}

_TABLES: dict[str, dict[str, str]] = {
    "people": {"id": "person(t.id, j)"},
    "passports": _PERSON
    | {
        "id": "row_id(t.id, j)",
        "document_index": "sha256(t.document_index || int4send(j))",
        "folded_index": "sha256(t.folded_index || int4send(j))",
    },
    "movements": _OF_PASSPORT | {"movement_id": "t.movement_id || '-' || j"},
    "permissions": _OF_PASSPORT | {"permission_id": "t.permission_id || '-' || j"},
    "residences": _OF_PASSPORT | {"residence_id": "t.residence_id || '-' || j"},
    "obligations": _PERSON | {"basis": "basis(t.basis, j)"},
    "reports": _PERSON | _OF_PASSPORT | {"number": "numbered(t.number, j)", "period": "basis(t.period, j)"},
    "receipts": _OF_REPORT | {"number": "numbered(t.number, j)"},
    "decisions": _OF_REPORT | {"id": "row_id(t.id, j)"},
    "idempotency_keys": _PERSON,
    "events": _PERSON | {"id": "row_id(t.id, j)", "subject": "numbered(t.subject, j)"},
    "devices": _PERSON | {"target_index": "sha256(t.target_index || int4send(j))"},
}
_ONLY = {
    "idempotency_keys": f"t.created_at in (select filed_at from reports where id in ({_NEWEST}))",
    "events": f"t.subject in (select number from reports where id in ({_NEWEST}))",
}


def person_id(template: str, copy: str) -> str:
    """SQL for the id of a copied person; both arguments are SQL for integers, templates counted from 1."""
    return f"md5('00000000-0000-4000-8000-' || lpad(({template})::text, 12, '0') || ({copy})::text)::uuid"


PLANNED_FROM = ("people", "obligations", "reports", "devices")
"""The tables that planning reads; of reports it asks for the newest one of a person."""


def make(connection: Connection, copies: int, *, only: Collection[str] | None = None) -> None:
    """Make that many copies of everything that is in the database, or in some tables, and then without their keys.

    Where only some are copied, a person has one report.
    """
    _name_templates(connection)
    connection.execute(text("delete from events_to_relay"))
    keys, indexes = _take_down(connection)
    for statement in _FUNCTIONS.format(stride=STRIDE).split(";"):
        connection.execute(text(statement))
    these = _ONLY if only is None else {**_ONLY, "reports": f"t.id in ({_NEWEST})"}
    for table in _TABLES if only is None else only:
        _copy(connection, table, _TABLES[table], copies, these.get(table, "true"))
    if only is not None:
        keys = [key for key in keys if "foreign key" not in key.lower()]
    for statement in (*indexes, *keys):
        connection.exec_driver_sql(statement)
    for table in ("passports", "movements", "permissions", "residences", "reports", "decisions", "events"):
        wanted = f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))"
        connection.execute(text(wanted))


def _name_templates(connection: Connection) -> None:
    """Give the templates ids that can be computed, in the order of their passports."""
    new = "('00000000-0000-4000-8000-' || lpad(p.id::text, 12, '0'))::uuid"
    connection.execute(text("set local session_replication_role = replica"))  # foreign keys are not checked
    connection.execute(text(f"create temporary table named as select person_id as old, {new} as new from passports p"))
    for table, changed in _TABLES.items():
        column = "id" if table == "people" else "person_id"
        if column in changed:
            renamed = f"update {table} t set {column} = n.new from named n where n.old = t.{column}"
            connection.execute(text(renamed))


def _take_down(connection: Connection) -> tuple[list[str], list[str]]:
    """Drop constraints and indexes of the tables; the statements that make them again."""
    constraints = connection.execute(
        text(
            """select conname, rel.relname, pg_get_constraintdef(c.oid) from pg_constraint c
            join pg_class rel on rel.oid = conrelid and rel.relnamespace = 'public'::regnamespace
            where contype = 'f' or contype in ('p', 'u') and rel.relname = any(:tables) order by contype = 'f' desc"""
        ),
        {"tables": list(_TABLES)},
    ).all()
    for name, table, _ in constraints:
        connection.exec_driver_sql(f"alter table {table} drop constraint {name}")
    keys = [f"alter table {table} add constraint {name} {made}" for name, table, made in reversed(constraints)]
    rest = connection.execute(
        text("select indexname, indexdef from pg_indexes where schemaname = 'public' and tablename = any(:tables)"),
        {"tables": list(_TABLES)},
    ).all()
    for name, _ in rest:
        connection.exec_driver_sql(f"drop index {name}")
    return keys, [made for _, made in rest]


def _copy(connection: Connection, table: str, changed: dict[str, str], copies: int, these: str) -> None:
    columns = connection.scalars(
        text(
            "select column_name from information_schema.columns where table_schema = 'public' and table_name = :table"
            " and is_generated = 'NEVER' order by ordinal_position"
        ),
        {"table": table},
    ).all()
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(changed.get(column, f't."{column}"') for column in columns)
    source = f"select * from {table} t where {these}"
    connection.exec_driver_sql(
        f"insert into {table} ({names}) overriding system value select {values} "
        f"from ({source}) t cross join generate_series(1, {copies}) j"
    )
