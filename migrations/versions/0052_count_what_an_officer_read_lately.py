"""Count what an officer read lately from an index alone."""

from collections.abc import Sequence

from alembic import op

revision: str = "0052"
down_revision: str | None = "0051"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OF_STAFF = "split_part(actor, ':', 1) in ('officer', 'supervisor', 'auditor', 'administrator', 'command-line')"


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "ix_events_of_staff_lately",
        "events",
        ["actor", "at"],
        postgresql_where=_OF_STAFF,
        postgresql_include=["kind", "person_id"],
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_events_of_staff_lately", table_name="events")
