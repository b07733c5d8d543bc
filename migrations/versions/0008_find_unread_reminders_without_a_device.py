"""Find unread reminders without a device."""

from collections.abc import Sequence

from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Find unread reminders without a device."""
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["created_at"],
        postgresql_where="status = 'unreachable' and read_at is null",
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index(
        "ix_notifications_unread",
        table_name="notifications",
        postgresql_where="status = 'unreachable' and read_at is null",
    )
