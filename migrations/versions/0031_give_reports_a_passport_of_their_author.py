"""Give reports a passport of their author's again, where people who had been joined were separated."""

from collections.abc import Sequence

from alembic import op

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """The passport that the author was signed in with, else the newest of the author's."""
    op.execute(
        """update reports r set passport_id = coalesce(
          (select a.id from passports a where a.id = r.activated_passport_id and a.person_id = r.person_id),
          (select max(o.id) from passports o where o.person_id = r.person_id),
          r.passport_id
        ) from passports p where p.id = r.passport_id and p.person_id <> r.person_id"""
    )


def downgrade() -> None:
    """Which passport it was is not known any more, and the one that it is now is right in the release before too."""
