"""Call second looks second reviews, as the trade does."""

from collections.abc import Sequence

from alembic import op

revision: str = "0049"
down_revision: str | None = "0048"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INDEXES = ("ix_{}_assigned_to", "ix_{}_waiting", "uq_{}_decision")
# All of them, since newer servers also name what may not be null.
_CONSTRAINTS = """do $$ declare each record; begin
  for each in select conname from pg_constraint where conrelid = '{name}'::regclass loop
    execute format('alter table {name} rename constraint %I to %I',
      each.conname, replace(each.conname, '{former}', '{name}'));
  end loop;
end $$"""


def upgrade() -> None:
    """Rename the table with all that is named after it; rights and policies stay with it."""
    _rename("second_looks", "second_reviews")


def downgrade() -> None:
    """Take it back."""
    _rename("second_reviews", "second_looks")


def _rename(former: str, name: str) -> None:
    op.rename_table(former, name)
    op.execute(f"alter sequence {former}_id_seq rename to {name}_id_seq")
    op.execute(_CONSTRAINTS.format(former=former, name=name))
    for each in _INDEXES:
        op.execute(f"alter index {each.format(former)} rename to {each.format(name)}")
