"""Publish figures that are counted at night."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0039"
down_revision: str | None = "0038"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BY_TIME = (
    ("ix_reports_filed_on", "reports", "filed_on"),
    ("ix_decisions_decided_at", "decisions", "decided_at"),
    ("ix_notifications_created_at", "notifications", "created_at"),
)
"""Block ranges of tables that are written in the order of time: a few kilobytes each."""


def upgrade() -> None:
    """Make the tables, and find what was written in some weeks."""
    op.create_table(
        "figures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("nationality", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figures")),
    )
    op.create_index("ix_figures_office", "figures", ["office", "kind"])
    op.create_table(
        "figure_counts",
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("today", sa.Date(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("counted_at", name=op.f("pk_figure_counts")),
    )
    for name, table, column in BY_TIME:
        op.create_index(name, table, [column], postgresql_using="brin")


def downgrade() -> None:
    """Remove them."""
    for name, table, _ in BY_TIME:
        op.drop_index(name, table_name=table)
    op.drop_table("figure_counts")
    op.drop_table("figures")
