"""List the reminders that begin on a day, before they are planned."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0043"
down_revision: str | None = "0042"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the list and the days that were listed."""
    op.create_table(
        "reminders_to_plan",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "step", name=op.f("pk_reminders_to_plan")),
    )
    op.create_table(
        "planning_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_planning_days")),
    )


def downgrade() -> None:
    """Remove both; what is on the list is planned by the hourly comparison."""
    op.drop_table("planning_days")
    op.drop_table("reminders_to_plan")
