"""Let people have a private calendar feed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0038"
down_revision: str | None = "0037"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the digest of the secret in its address."""
    op.add_column("people", sa.Column("calendar_digest", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint(op.f("uq_people_calendar_digest"), "people", ["calendar_digest"])


def downgrade() -> None:
    """Remove it."""
    op.drop_constraint(op.f("uq_people_calendar_digest"), "people")
    op.drop_column("people", "calendar_digest")
