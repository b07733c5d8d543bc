"""Whose account it is at the identity provider."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0032"
down_revision: str | None = "0031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("officers", sa.Column("openid_subject", sa.Text(), nullable=True))
    op.create_unique_constraint("uq_officers_openid_subject", "officers", ["openid_subject"])


def downgrade() -> None:
    """Take it back."""
    op.drop_constraint("uq_officers_openid_subject", "officers")
    op.drop_column("officers", "openid_subject")
