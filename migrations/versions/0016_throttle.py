"""The throttle, and the turn in which requests for codes are served.

The table is unlogged: a crash of the server may forget it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the table, the column and the indexes."""
    op.create_table(
        "throttles",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
        prefixes=["UNLOGGED"],
    )
    op.add_column("activation_requests", sa.Column("place", sa.Integer(), server_default="0", nullable=False))
    op.drop_index("ix_activation_requests_waiting", table_name="activation_requests")
    op.drop_index("ix_activation_requests_address_index", table_name="activation_requests")
    op.create_index(
        "ix_activation_requests_in_turn",
        "activation_requests",
        ["place", "next_try_at", "requested_at"],
        postgresql_where="settled_at is null",
    )
    op.create_index("ix_activation_codes_code_digest", "activation_codes", ["code_digest"])
    op.alter_column("activation_codes", "tries_left", server_default="5")


def downgrade() -> None:
    """Take it back."""
    op.alter_column("activation_codes", "tries_left", server_default=None)
    op.drop_index("ix_activation_codes_code_digest", table_name="activation_codes")
    op.drop_index("ix_activation_requests_in_turn", table_name="activation_requests")
    op.create_index("ix_activation_requests_address_index", "activation_requests", ["address_index", "requested_at"])
    op.create_index(
        "ix_activation_requests_waiting",
        "activation_requests",
        ["next_try_at"],
        postgresql_where="settled_at is null",
    )
    op.drop_column("activation_requests", "place")
    op.drop_table("throttles")
