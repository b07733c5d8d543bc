"""Find people by their name: an index of the trigrams of names on record.

The extension is trusted: the owner of a database may create it.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NAME = r"upper(regexp_replace(normalize((surname || ' ') || given_names, NFKD), '[\u0300-\u036f'']', '', 'g'))"


def upgrade() -> None:
    """Add the extension, and the index while the service goes on."""
    op.execute("create extension if not exists pg_trgm")
    op.execute(f"create index ix_passports_name on passports using gin (({NAME}) gin_trgm_ops)")


def downgrade() -> None:
    """Take the index back; the extension harms nobody."""
    op.drop_index("ix_passports_name", table_name="passports")
