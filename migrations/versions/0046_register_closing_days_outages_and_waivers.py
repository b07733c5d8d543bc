"""Register closing days, outages and waivers beside the law files, and keep what each policy said."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0046"
down_revision: str | None = "0045"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("law_entries", "law_endings", "policy_versions")
_NOT_EXPIRED = "when (current_setting('app.removes_expired', true) is distinct from 'on')"


def upgrade() -> None:
    """Make the tables, which are only added to, and the index by which the decisions of a policy are found."""
    op.create_table(
        "law_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("reference", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("provinces", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_as", sa.Text(), nullable=False),
        sa.Column("approved_as", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_entries")),
        sa.UniqueConstraint("reference", name=op.f("uq_law_entries_reference")),
    )
    op.create_table(
        "law_endings",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_as", sa.Text(), nullable=False),
        sa.Column("approved_as", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["law_entries.id"], name=op.f("fk_law_endings_entry_id_law_entries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_endings")),
    )
    op.create_index(op.f("ix_law_endings_entry_id"), "law_endings", ["entry_id"])
    op.create_table(
        "policy_versions",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("in_force_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contents", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policy_versions")),
    )
    for table in TABLES:
        for does, unless in (("update", ""), ("delete", _NOT_EXPIRED)):
            op.execute(
                f"""create trigger refuse_{does} before {does} on {table}
                for each row {unless} execute function refuse_change()"""
            )
        op.execute(f"create trigger refuse_truncate before truncate on {table} execute function refuse_change()")
    op.create_index("ix_decisions_policy_version", "decisions", ["policy_version", "id"])


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_decisions_policy_version", table_name="decisions")
    for table in reversed(TABLES):
        op.drop_table(table)
