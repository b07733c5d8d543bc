"""Count the codes of an officer."""

from collections.abc import Sequence

from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Count the codes of an officer."""
    op.create_index("ix_activation_codes_issued_by", "activation_codes", ["issued_by", "issued_at"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_activation_codes_issued_by", table_name="activation_codes")
