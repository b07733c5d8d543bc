"""Keep what the check of coverage found."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Keep what the check of coverage found."""
    op.create_table(
        "coverage_checks",
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("causes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("checked_at", name=op.f("pk_coverage_checks")),
    )
    op.create_table(
        "coverage_gaps",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_coverage_gaps")),
    )
    op.create_index("ix_coverage_gaps_cause", "coverage_gaps", ["cause", "person_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("coverage_gaps")
    op.drop_table("coverage_checks")
