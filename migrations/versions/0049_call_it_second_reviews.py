"""Call second looks second reviews, as the trade does."""

from collections.abc import Sequence

from alembic import op

revision: str = "0049"
down_revision: str | None = "0048"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INDEXES = ("ix_{}_assigned_to", "ix_{}_waiting", "uq_{}_decision")
_CONSTRAINTS = ("pk_{}", "fk_{}_assigned_to_officers", "fk_{}_report_id_reports", "uq_{}_reference")


def upgrade() -> None:
    """Rename the table with all that is named after it; rights and policies stay with it."""
    _rename("second_looks", "second_reviews")


def downgrade() -> None:
    """Take it back."""
    _rename("second_reviews", "second_looks")


def _rename(former: str, name: str) -> None:
    op.rename_table(former, name)
    op.execute(f"alter sequence {former}_id_seq rename to {name}_id_seq")
    for each in _CONSTRAINTS:
        op.execute(f"alter table {name} rename constraint {each.format(former)} to {each.format(name)}")
    for each in _INDEXES:
        op.execute(f"alter index {each.format(former)} rename to {each.format(name)}")
