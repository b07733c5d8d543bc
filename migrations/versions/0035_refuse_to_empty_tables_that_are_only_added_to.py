"""Refuse to empty tables that are only added to."""

from collections.abc import Sequence

from alembic import op

revision: str = "0035"
down_revision: str | None = "0034"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("events", "decisions", "receipts", "seals", "removed_events", "retention_certificates")


def upgrade() -> None:
    """Triggers for each row do not see that a table is truncated."""
    for table in TABLES:
        op.execute(f"create trigger refuse_truncate before truncate on {table} execute function refuse_change()")


def downgrade() -> None:
    """Take it back."""
    for table in TABLES:
        op.execute(f"drop trigger refuse_truncate on {table}")
