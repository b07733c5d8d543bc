"""Passkeys of officers, and the code with which an account registers its first one."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the table and the columns."""
    op.create_table(
        "officer_passkeys",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_officer_passkeys_officer_id_officers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_officer_passkeys_credential_id")),
    )
    op.create_index("ix_officer_passkeys_officer_id", "officer_passkeys", ["officer_id"])
    op.add_column("officers", sa.Column("first_use_digest", sa.LargeBinary(), nullable=True))
    op.add_column("officers", sa.Column("first_use_ends_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("officers", "first_use_ends_at")
    op.drop_column("officers", "first_use_digest")
    op.drop_index("ix_officer_passkeys_officer_id", table_name="officer_passkeys")
    op.drop_table("officer_passkeys")
