"""Let several people have one push address, each once."""

from collections.abc import Sequence

from alembic import op

revision: str = "0040"
down_revision: str | None = "0039"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OLD, _NEW = "uq_devices_target_index", "uq_devices_target_index_person_id"
_LIVE = "removed_at is null"


def upgrade() -> None:
    """Make the address unique of each person instead of all."""
    op.create_index(_NEW, "devices", ["target_index", "person_id"], unique=True, postgresql_where=_LIVE)
    op.drop_index(_OLD, "devices")


def downgrade() -> None:
    """Make it unique again; of people who share an address the one seen last keeps it."""
    op.execute(
        """update devices d set removed_at = now(), removed_because = 'one person a phone' where removed_at is null
        and exists (select 1 from devices o where o.target_index = d.target_index and o.removed_at is null
          and (o.updated_at, o.person_id) > (d.updated_at, d.person_id))"""
    )
    op.create_index(_OLD, "devices", ["target_index"], unique=True, postgresql_where=_LIVE)
    op.drop_index(_NEW, "devices")
