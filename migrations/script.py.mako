<%
def plain(drafted):
    """The drafted lines without Alembic's remarks and the defaults it spells out."""
    kept = [line for line in (drafted or "pass").splitlines() if "###" not in line]
    return "\n".join(kept).strip().replace(", unique=False", "")

sentence = message[:1].upper() + message[1:]
%>"""${sentence}."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """${sentence}."""
    ${plain(upgrades)}


def downgrade() -> None:
    """Take it back."""
    ${plain(downgrades)}
