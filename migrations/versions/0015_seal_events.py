"""Prove and seal events: a queue that a trigger fills, the chain of seals, and what was removed in due time."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables; events that are there already are sealed first, as they are found."""
    op.add_column("events", sa.Column("proof", sa.LargeBinary(), nullable=True))
    op.create_table(
        "events_to_seal",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_events_to_seal")),
    )
    op.create_table(
        "seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seals")),
    )
    op.create_table(
        "witnessed_seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("witnessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_witnessed_seals")),
    )
    op.create_table(
        "removed_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ids", sa.LargeBinary(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removed_events")),
    )
    op.execute(
        """create function queue_events() returns trigger language plpgsql as $$
        begin
          insert into events_to_seal (event_id) select id from added;
          return null;
        end $$"""
    )
    op.execute(
        """create trigger queue_events after insert on events referencing new table as added
        for each statement execute function queue_events()"""
    )
    op.execute("insert into events_to_seal (event_id) select id from events on conflict do nothing")


def downgrade() -> None:
    """Take it back."""
    op.execute("drop trigger queue_events on events")
    op.execute("drop function queue_events()")
    op.drop_table("removed_events")
    op.drop_table("witnessed_seals")
    op.drop_table("seals")
    op.drop_table("events_to_seal")
    op.drop_column("events", "proof")
