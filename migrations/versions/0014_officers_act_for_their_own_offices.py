"""Officers act for their own offices; an account that had none was of the headquarters."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ACCOUNTS = "update officers set offices = case when office is null then array['HQ'] else array[office] end"


def upgrade() -> None:
    """Officers act for their own offices."""
    op.create_table(
        "office_exceptions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("offices", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("officer_offices", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stated_case", sa.Text(), nullable=True),
        sa.Column("approved_as", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_office_exceptions_officer_id_officers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_exceptions")),
    )
    op.create_index("ix_office_exceptions_officer_id", "office_exceptions", ["officer_id", "expires_at"])
    op.create_index("ix_office_exceptions_person_id", "office_exceptions", ["person_id"])
    op.create_table(
        "approvals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("offices", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_as", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("settled_as", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_approvals_report_id_reports")),
        sa.ForeignKeyConstraint(["requested_by"], ["officers.id"], name=op.f("fk_approvals_requested_by_officers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sa.UniqueConstraint("reference", name=op.f("uq_approvals_reference")),
    )
    op.create_index("ix_approvals_report_id", "approvals", ["report_id"])
    op.create_index("ix_approvals_waiting", "approvals", ["id"], postgresql_where="outcome is null")
    op.add_column("officers", sa.Column("offices", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.execute(ACCOUNTS)


def downgrade() -> None:
    """Take it back."""
    op.drop_column("officers", "offices")
    op.drop_table("approvals")
    op.drop_table("office_exceptions")
