"""Birth dates of which a part is unknown, and the index by which a misread passport number is found.

The index of the passports there are needs the key of the application: a worker fills it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add columns and indexes."""
    for table in ("activation_requests", "passports"):
        op.add_column(table, sa.Column("birth_date_known", sa.Text(), server_default="ymd", nullable=False))
        op.add_column(table, sa.Column("folded_index", sa.LargeBinary(), nullable=True))
    op.add_column("passports", sa.Column("replaces_folded_index", sa.LargeBinary(), nullable=True))
    op.create_index("ix_passports_folded_index", "passports", ["folded_index"])
    op.create_index("ix_passports_unfolded", "passports", ["id"], postgresql_where="folded_index is null")
    op.create_index(
        "ix_passports_replaces_folded_index",
        "passports",
        ["replaces_folded_index"],
        postgresql_where="replaces_folded_index is not null",
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_passports_replaces_folded_index", table_name="passports")
    op.drop_index("ix_passports_unfolded", table_name="passports")
    op.drop_index("ix_passports_folded_index", table_name="passports")
    op.drop_column("passports", "replaces_folded_index")
    for table in ("passports", "activation_requests"):
        op.drop_column(table, "folded_index")
        op.drop_column(table, "birth_date_known")
