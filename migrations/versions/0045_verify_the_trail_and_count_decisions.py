"""Verify the trail and count decisions."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0045"
down_revision: str | None = "0044"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables of verifications and of rates."""
    op.create_table(
        "verifications",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("open", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("asked_as", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("up_to_seal", sa.Integer(), nullable=True),
        sa.Column("events", sa.BigInteger(), nullable=True),
        sa.Column("removed", sa.BigInteger(), nullable=True),
        sa.Column("waiting", sa.BigInteger(), nullable=True),
        sa.Column("witnessed", sa.Boolean(), nullable=True),
        sa.Column("faults", sa.BigInteger(), nullable=True),
        sa.Column("first_fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
    )
    op.create_index(
        "uq_verifications_open", "verifications", ["open"], unique=True, postgresql_where="ended_at is null"
    )
    op.create_table(
        "decision_rates",
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("decided", "returned", "refused", "overridden", "flagged", "reopened")
        ),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("office", "officer", name=op.f("pk_decision_rates")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("decision_rates")
    op.drop_table("verifications")
