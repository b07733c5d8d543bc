"""For which report at an office one of ours was closed as already reported."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("reports", sa.Column("office_report", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("reports", "office_report")
