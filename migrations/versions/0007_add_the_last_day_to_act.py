"""Add the last day to act."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the last day to act."""
    op.add_column("obligations", sa.Column("last_day_to_act", sa.Date(), nullable=True))
    # The rules fill it on their next round; until then it is what it is for all but yearly reports.
    op.execute("update obligations set last_day_to_act = grace_ends_on where grace_ends_on is not null")
    op.drop_index(op.f("ix_obligations_grace_ends_on"), table_name="obligations", postgresql_where="expected")
    op.create_index("ix_obligations_last_day_to_act", "obligations", ["last_day_to_act"], postgresql_where="expected")


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_obligations_last_day_to_act", table_name="obligations", postgresql_where="expected")
    op.create_index(op.f("ix_obligations_grace_ends_on"), "obligations", ["grace_ends_on"], postgresql_where="expected")
    op.drop_column("obligations", "last_day_to_act")
