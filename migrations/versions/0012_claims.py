"""Which officer has a report in hand."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "claims",
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_claims_officer_id_officers")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_claims_report_id_reports")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_claims")),
    )
    op.create_index("ix_claims_officer_id", "claims", ["officer_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("claims")
