"""Row-level security: which rows the database shows to the connection that works for one person, whatever is asked.

Every table with personal data says with `"person"` in its `info` whose a row is: by a column that holds the id of a
person, by one that refers to a row of another such table, or by None, for rows that are no resident's to see. One
policy lets every role through that has rights on the table. A second one, restrictive, is for the role that residents'
requests take on: a row has to be of the person whose ids the transaction set at its beginning.

See docs/adr/0016-rows-of-one-person.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Table, event, text

from foundation.connections import Opening
from foundation.db import Base, Session

SETTING = "app.person"
"""The setting of a transaction with the ids of the person for whom it works, as an array of PostgreSQL."""
ALL_ROLES = "all_roles"
"""The policy that lets every role through; that for residents is called as the role that it is for."""
_OWN = f"any (nullif(current_setting('{SETTING}', true), '')::uuid[])"
"""What a column with a person's id is compared with. As a sub-select, each place of it would be a plan of its own."""


def secured() -> list[Table]:
    """The tables that say whose their rows are."""
    return [table for table in Base.metadata.sorted_tables if "person" in table.info]


def also(model: type[Base], condition: str) -> None:
    """Let rows of a table be a person's on another ground too: a condition, in SQL, on its columns."""
    model.__table__.info["also_of_person"] = condition  # type: ignore[attr-defined]


def check_by(model: type[Base], condition: str) -> None:
    """Check rows that are added otherwise than those that are seen: by a condition, in SQL, on their columns."""
    model.__table__.info["check_of_person"] = condition  # type: ignore[attr-defined]


def own_rows(table: Table) -> str:
    """The condition of the policy for residents: whether a row is the person's."""
    name = table.info["person"]
    if name is None:
        return "false"
    keys = [key.column for key in table.columns[name].foreign_keys if key.column.table.info.get("person")]
    if name != "person_id" and keys:
        condition = f"{name} in (select {keys[0].name} from {keys[0].table.name})"  # noqa: S608 - its policy filters it
    else:
        condition = f"{name} = {_OWN}"
    other = table.info.get("also_of_person")
    return f"{condition} or {other}" if other else condition


def policy(table: Table, role: str) -> str:
    """The statement that gives a table the policy for residents, whose role has this quoted name."""
    condition = own_rows(table)
    check = table.info.get("check_of_person", condition)
    return f"""create policy {role} on {table.name} as restrictive to {role}
        using ({condition}) with check ({check})"""


@event.listens_for(Table, "after_create")
def _secure(table: Table, connection: Any, **_: Any) -> None:
    """Secure a table that was made from its model; the policy for residents comes with the rights of their role."""
    if "person" not in table.info:
        return
    for statement in (
        f"alter table {table.name} enable row level security",
        f"alter table {table.name} force row level security",
        f"create policy {ALL_ROLES} on {table.name} using (true)",
    ):
        connection.execute(text(statement))


_ids = "array[%(person)s::uuid]"


def identify_by(ids: str) -> None:
    """Say how the ids of a person are found: an SQL array of all that `%(person)s`, one of them, stands for."""
    global _ids  # noqa: PLW0603 - said once, by the module of the tables that know
    _ids = ids


def opening(person: UUID) -> Opening:
    """What begins a transaction for a person: the ids, found with all rights, and then the role with few.

    The role is that of residents beside the one that connected. All of it ends with the transaction.
    """
    return Opening(_opening_sql(_ids), {"person": person})


@cache
def _opening_sql(ids: str) -> str:
    return (
        f"set_config('{SETTING}', ({ids})::text, true), set_config('role', session_user || '{RESIDENT_SUFFIX}', true)"
    )


@contextmanager
def seeing_all(session: Session) -> Iterator[None]:
    """Let a transaction that works for a person see and change the rows of all, for a moment.

    For what is unique among all people; a test lists who may.
    """
    with session.no_autoflush:
        role = session.scalar(_SET_ROLE, {"role": "none"})
        yield
        session.scalar(_SET_ROLE, {"role": role})


_SET_ROLE = text("""select before from (select current_setting('role') as before offset 0) role
where set_config('role', :role, true) is not null""")
RESIDENT_SUFFIX = "_resident"
"""How the role of residents' requests is called: as the role of the API, with this behind."""
