"""Receipts without a next due date."""

from collections.abc import Sequence

from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Let an officer state that none is due."""
    op.alter_column("receipts", "next_due_on", nullable=True)


def downgrade() -> None:
    """Take it back; a receipt without a date gets the day on which it was issued."""
    op.execute("update receipts set next_due_on = issued_at::date where next_due_on is null")
    op.alter_column("receipts", "next_due_on", nullable=False)
