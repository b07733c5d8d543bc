"""Corrections of the address of accepted reports."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

WAITING = sa.text("status = 'under-review'")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "address_corrections",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subdistrict_code", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_address_corrections_report_id_reports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_corrections")),
        sa.UniqueConstraint("number", name=op.f("uq_address_corrections_number")),
    )
    op.create_index("ix_address_corrections_report_id", "address_corrections", ["report_id", "id"])
    op.create_index("ix_address_corrections_waiting", "address_corrections", ["office", "id"], postgresql_where=WAITING)
    op.create_index(
        "uq_address_corrections_waiting", "address_corrections", ["report_id"], unique=True, postgresql_where=WAITING
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("address_corrections")
