"""Keep one code for each state: a passport of Germany says D where ISO 3166-1 says DEU."""

from collections.abc import Sequence

from alembic import op

revision: str = "0053"
down_revision: str | None = "0052"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Rewrite what was kept as passports have it; imports and filters write the other code from now on."""
    op.execute("update passports set nationality = 'DEU' where nationality = 'D'")
    op.execute("update passports set issuing_state = 'DEU' where issuing_state = 'D'")


def downgrade() -> None:
    """Nothing is taken back: both codes were kept before."""
