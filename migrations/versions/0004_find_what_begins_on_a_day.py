"""Find what begins on a day; a person's messages are few, and found by the index that keeps them from repeating."""

from collections.abc import Sequence

from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Find what begins on a day."""
    op.create_index("ix_obligations_due_on", "obligations", ["due_on"], postgresql_where="expected")
    op.create_index("ix_obligations_grace_ends_on", "obligations", ["grace_ends_on"], postgresql_where="expected")
    op.create_index("ix_obligations_late_after", "obligations", ["late_after"], postgresql_where="expected")
    op.drop_index("ix_notifications_person_id", table_name="notifications")


def downgrade() -> None:
    """Take it back."""
    op.create_index("ix_notifications_person_id", "notifications", ["person_id", "created_at"])
    op.drop_index("ix_obligations_late_after", table_name="obligations", postgresql_where="expected")
    op.drop_index("ix_obligations_grace_ends_on", table_name="obligations", postgresql_where="expected")
    op.drop_index("ix_obligations_due_on", table_name="obligations", postgresql_where="expected")
