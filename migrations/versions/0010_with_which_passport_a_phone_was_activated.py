"""With which passport a sign-in was activated; those of before take it from the code that they used.

A sign-in and the use of its code were written with one time, in one transaction.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SIGN_INS = """
update token_families f set passport_id = c.passport_id from activation_codes c
where c.person_id = f.person_id and c.used_at = f.created_at and c.assurance = f.assurance
"""


def upgrade() -> None:
    """Add the columns, and fill that of sign-ins."""
    for table, column in (("token_families", "passport_id"), ("reports", "activated_passport_id")):
        op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_{column}_passports"), table, "passports", [column], ["id"])
    op.execute(SIGN_INS)


def downgrade() -> None:
    """Take it back."""
    for table, column in (("reports", "activated_passport_id"), ("token_families", "passport_id")):
        op.drop_constraint(op.f(f"fk_{table}_{column}_passports"), table, type_="foreignkey")
        op.drop_column(table, column)
