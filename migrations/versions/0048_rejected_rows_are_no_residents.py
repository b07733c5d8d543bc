"""Keep rows that were not taken from residents' connections."""

from collections.abc import Sequence

from alembic import op

revision: str = "0048"
down_revision: str | None = "0047"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Secure the table; the policy for residents comes with the rights of their role."""
    op.execute("create policy all_roles on rejected_rows using (true)")
    op.execute("alter table rejected_rows enable row level security, force row level security")


def downgrade() -> None:
    """Take it back."""
    op.execute("alter table rejected_rows disable row level security, no force row level security")
    op.execute("drop policy all_roles on rejected_rows")
