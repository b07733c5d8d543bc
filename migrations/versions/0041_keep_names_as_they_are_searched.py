"""Keep names as they are searched, and find them by their words.

The table is written anew: nobody reads or writes passports meanwhile, for about a minute a million.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0041"
down_revision: str | None = "0040"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NAME = r"upper(regexp_replace(normalize((surname || ' ') || given_names, NFKD), '[\u0300-\u036f'']', '', 'g'))"
WORDS = "array_to_tsvector(array_remove(string_to_array(translate(name, '-,', '  '), ' '), ''))"


def upgrade() -> None:
    """Add the column, which the database fills and keeps, and its two indexes."""
    op.drop_index("ix_passports_name", table_name="passports")
    op.execute(f"alter table passports add column name text generated always as ({NAME}) stored not null")
    op.execute("create index ix_passports_name on passports using gin (name gin_trgm_ops)")
    op.execute(f"create index ix_passports_name_words on passports using gin ({WORDS})")


def downgrade() -> None:
    """Search by what is computed each time."""
    op.drop_index("ix_passports_name_words", table_name="passports")
    op.drop_index("ix_passports_name", table_name="passports")
    op.drop_column("passports", "name")
    op.execute(f"create index ix_passports_name on passports using gin (({NAME}) gin_trgm_ops)")
