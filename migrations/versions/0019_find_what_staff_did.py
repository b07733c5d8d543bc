"""Find what staff did."""

from collections.abc import Sequence

from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OF_STAFF = "split_part(actor, ':', 1) in ('officer', 'supervisor', 'auditor', 'administrator', 'command-line')"


def upgrade() -> None:
    """Find what staff did."""
    op.create_index(
        "ix_events_of_staff",
        "events",
        ["actor", "id"],
        postgresql_where=OF_STAFF,
    )
    op.create_index(
        "ix_events_of_staff_at",
        "events",
        ["at"],
        postgresql_where=OF_STAFF,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index(
        "ix_events_of_staff_at",
        table_name="events",
        postgresql_where=OF_STAFF,
    )
    op.drop_index(
        "ix_events_of_staff",
        table_name="events",
        postgresql_where=OF_STAFF,
    )
