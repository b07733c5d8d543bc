"""What a person sees of their sign-ins, when these end, and keys that are in other hands."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TIMES = ("last_used_at", "expires_at", "verified_at", "held_until")


def upgrade() -> None:
    """Add columns and indexes; sign-ins that stand learn when they were last used, and when they end."""
    op.add_column("token_families", sa.Column("name", sa.Text(), server_default="", nullable=False))
    for name in _TIMES:
        op.add_column("token_families", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("signing_keys", sa.Column("compromised_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_token_families_revoked_at", "token_families", ["revoked_at"], postgresql_where="revoked_at is not null"
    )
    op.create_index("ix_token_families_passport_id", "token_families", ["passport_id"])
    op.execute("""
        update token_families f set last_used_at = t.issued_at, expires_at = t.expires_at
        from (select family_id, max(issued_at) as issued_at, max(expires_at) as expires_at
              from refresh_tokens group by family_id) t
        where t.family_id = f.id
    """)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_token_families_passport_id", table_name="token_families")
    op.drop_index("ix_token_families_revoked_at", table_name="token_families")
    op.drop_column("signing_keys", "compromised_at")
    for name in (*reversed(_TIMES), "name"):
        op.drop_column("token_families", name)
