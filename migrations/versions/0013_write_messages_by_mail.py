"""Write messages by mail."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Write messages by mail."""
    op.add_column("deliveries", sa.Column("channel", sa.Text(), server_default="push", nullable=False))
    op.drop_index(op.f("ix_deliveries_ready"), table_name="deliveries", postgresql_where="(status = 'pending'::text)")
    op.create_index(
        "ix_deliveries_channel_ready",
        "deliveries",
        ["channel", "lane", "due_on", "next_try_at"],
        postgresql_where="status = 'pending'",
    )
    op.add_column("notifications", sa.Column("fall_back_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_notifications_fall_back_at", "notifications", ["fall_back_at"], postgresql_where="fall_back_at is not null"
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index(
        "ix_notifications_fall_back_at", table_name="notifications", postgresql_where="fall_back_at is not null"
    )
    op.drop_column("notifications", "fall_back_at")
    op.drop_index("ix_deliveries_channel_ready", table_name="deliveries", postgresql_where="status = 'pending'")
    op.create_index(
        op.f("ix_deliveries_ready"),
        "deliveries",
        ["lane", "due_on", "next_try_at"],
        postgresql_where="(status = 'pending'::text)",
    )
    op.drop_column("deliveries", "channel")
