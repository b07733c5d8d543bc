"""Link passports."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Link passports."""
    op.create_table(
        "passport_links",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("passport_id", sa.BigInteger(), nullable=False),
        sa.Column("other_passport_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["other_passport_id"], ["passports.id"], name=op.f("fk_passport_links_other_passport_id_passports")
        ),
        sa.ForeignKeyConstraint(
            ["passport_id"], ["passports.id"], name=op.f("fk_passport_links_passport_id_passports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passport_links")),
    )
    op.create_index("ix_passport_links_other_passport_id", "passport_links", ["other_passport_id"])
    op.create_index(
        "uq_passport_links_passports",
        "passport_links",
        ["passport_id", "other_passport_id"],
        unique=True,
        postgresql_where="withdrawn_at is null",
    )
    op.add_column("passports", sa.Column("holder_id", sa.Uuid(), nullable=True))
    op.create_index(
        "uq_passports_holder_id", "passports", ["holder_id"], unique=True, postgresql_where="holder_id is not null"
    )
    op.add_column("people", sa.Column("contact_changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reports", sa.Column("holder_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("reports", "holder_id")
    op.drop_column("people", "contact_changed_at")
    op.drop_index("uq_passports_holder_id", table_name="passports", postgresql_where="holder_id is not null")
    op.drop_column("passports", "holder_id")
    op.drop_table("passport_links")
