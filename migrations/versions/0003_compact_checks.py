"""Keep the checks of a report as one object, check to reason: a fourth of the room that a list of objects takes."""

from collections.abc import Sequence

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """From a list of {check, outcome, reason}; the outcome follows from the reason."""
    op.execute(
        """update reports set checks =
        (select jsonb_object_agg(c ->> 'check', c -> 'reason') from jsonb_array_elements(checks) c)
        where jsonb_typeof(checks) = 'array'"""
    )


def downgrade() -> None:
    """Back to the list."""
    op.execute(
        """update reports set checks =
        (select jsonb_agg(jsonb_build_object('check', key, 'reason', value, 'outcome',
            case when value = 'null' then 'passed' when value = '"source-unavailable"' then 'unknown' else 'failed' end))
        from jsonb_each(checks)) where jsonb_typeof(checks) = 'object'"""
    )
