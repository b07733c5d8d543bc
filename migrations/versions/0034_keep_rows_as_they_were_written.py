"""Keep rows as they were written: deliveries of events move to an outbox, decisions and receipts can only be added."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0034"
down_revision: str | None = "0033"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEPT_FOR_EVER = ("seals", "removed_events", "retention_certificates")
TABLES = ("events", "decisions", "receipts", *KEPT_FOR_EVER)


def upgrade() -> None:
    """Make the outbox and the triggers.

    The first statement waits for those who write events, so that the trigger queues each one that they do not find.
    """
    for table in ("events", "seals"):
        op.execute(f"drop trigger refuse_change on {table}")
    op.execute(
        """create or replace function refuse_change() returns trigger language plpgsql as $$
        begin
          raise insufficient_privilege using message = tg_table_name || ' are only added to';
        end $$"""
    )
    for table in TABLES:
        _refuse("update", table, _CHANGED if table == "receipts" else "")
        _refuse("delete", table, "" if table in KEPT_FOR_EVER else _NOT_EXPIRED)
    op.create_table(
        "events_to_relay",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_events_to_relay")),
    )
    op.execute(
        """create or replace function queue_events() returns trigger language plpgsql as $$
        begin
          insert into events_to_seal (event_id) select id from added;
          insert into events_to_relay (event_id) select id from added;
          return null;
        end $$"""
    )
    op.execute("insert into events_to_relay (event_id) select id from events where relayed_at is null")
    op.drop_index("ix_events_waiting", table_name="events", postgresql_where="relayed_at is null")


def downgrade() -> None:
    """Take it back."""
    for table in TABLES:
        op.execute(f"drop trigger refuse_update on {table}")
        op.execute(f"drop trigger refuse_delete on {table}")
    op.execute(
        """update events set relayed_at = now()
        where relayed_at is null and id not in (select event_id from events_to_relay)"""
    )
    op.create_index("ix_events_waiting", "events", ["id"], postgresql_where="relayed_at is null")
    op.execute(
        """create or replace function queue_events() returns trigger language plpgsql as $$
        begin
          insert into events_to_seal (event_id) select id from added;
          return null;
        end $$"""
    )
    op.drop_table("events_to_relay")
    op.execute(
        """create or replace function refuse_change() returns trigger language plpgsql as $$
        begin
          if tg_op = 'DELETE' and tg_table_name = 'events' and current_setting('app.removes_expired', true) = 'on' then
            return old;
          end if;
          raise insufficient_privilege using message = tg_table_name || ' are only added to';
        end $$"""
    )
    op.execute(
        """create trigger refuse_change before delete or update of id, at, kind, subject, person_id, actor, data, proof
        on events for each row execute function refuse_change()"""
    )
    op.execute(
        """create trigger refuse_change before delete or update
        on seals for each row execute function refuse_change()"""
    )


_CHANGED = "when (old.voided_at is not null or to_jsonb(new) - 'voided_at' <> to_jsonb(old) - 'voided_at')"
_NOT_EXPIRED = "when (current_setting('app.removes_expired', true) is distinct from 'on')"


def _refuse(does: str, table: str, unless: str) -> None:
    op.execute(
        f"""create trigger refuse_{does} before {does} on {table}
        for each row {unless} execute function refuse_change()"""
    )
