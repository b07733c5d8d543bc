"""Keep what became of messages: when they arrived, were opened, or failed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0036"
down_revision: str | None = "0035"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = ("delivered_at", "opened_at", "failed_at")


def upgrade() -> None:
    """Add the columns, and an index of what failed."""
    for name in _COLUMNS:
        op.add_column("deliveries", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    failed = sa.text("status = 'failed'")
    op.create_index("ix_deliveries_failed", "deliveries", ["channel", "id"], postgresql_where=failed)


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_deliveries_failed", "deliveries")
    for name in _COLUMNS:
        op.drop_column("deliveries", name)
