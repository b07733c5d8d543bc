"""Tables whose rows are only added: triggers of each refuse to change or empty it, and to remove a row before its time.

See docs/adr/0014-rows-that-stay-as-they-were-written.md.
"""

from typing import cast

from sqlalchemy import DDL, Table, event

from foundation.db import Base

REMOVES_EXPIRED = {"app.removes_expired": "on"}
"""The setting of a transaction that removes what has been kept for long enough."""

_FUNCTION = """create or replace function refuse_change() returns trigger language plpgsql as $$
    begin
      raise insufficient_privilege using message = tg_table_name || ' are only added to';
    end $$"""
_NOT_EXPIRED = "when (current_setting('app.removes_expired', true) is distinct from 'on')"

event.listen(Base.metadata, "before_create", DDL(_FUNCTION))  # type: ignore[no-untyped-call]


def only_add(model: type[Base], *, for_ever: bool = False, once: str | None = None) -> None:
    """Let rows of a model only be added, and removed in due time unless they are kept `for_ever`.

    The column `once`, which is null at first, may be given a value, once.
    """
    table = model.__tablename__
    cast("Table", model.__table__).info.update({"only_added": True, "once": once})
    changes = f"""when (old.{once} is not null or to_jsonb(new) - '{once}' <> to_jsonb(old) - '{once}')"""
    for does, unless in (("update", changes if once else ""), ("delete", "" if for_ever else _NOT_EXPIRED)):
        statement = f"""create trigger refuse_{does} before {does} on {table}
            for each row {unless} execute function refuse_change()"""
        event.listen(model.__table__, "after_create", DDL(statement))  # type: ignore[no-untyped-call]
    emptying = f"create trigger refuse_truncate before truncate on {table} execute function refuse_change()"
    event.listen(model.__table__, "after_create", DDL(emptying))  # type: ignore[no-untyped-call]
