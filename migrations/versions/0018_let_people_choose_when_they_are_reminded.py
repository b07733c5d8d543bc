"""Let people choose when they are reminded."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Let people choose when they are reminded."""
    op.create_table(
        "notification_preferences",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=True),
        sa.Column("optional_reminders", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("mail", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_notification_preferences")),
    )
    op.add_column("notifications", sa.Column("reason", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("notifications", "reason")
    op.drop_table("notification_preferences")
