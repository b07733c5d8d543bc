"""Let events and seals only be added to."""

from collections.abc import Sequence

from alembic import op

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Refuse changes, but for the mark of an event's delivery, and removal in due time."""
    op.execute(
        """create function refuse_change() returns trigger language plpgsql as $$
        begin
          if tg_op = 'DELETE' and tg_table_name = 'events' and current_setting('app.removes_expired', true) = 'on' then
            return old;
          end if;
          raise insufficient_privilege using message = tg_table_name || ' are only added to';
        end $$"""
    )
    op.execute(
        """create trigger refuse_change before delete or update of id, at, kind, subject, person_id, actor, data, proof
        on events for each row execute function refuse_change()"""
    )
    op.execute(
        """create trigger refuse_change before delete or update
        on seals for each row execute function refuse_change()"""
    )


def downgrade() -> None:
    """Take it back."""
    op.execute("drop trigger refuse_change on seals")
    op.execute("drop trigger refuse_change on events")
    op.execute("drop function refuse_change()")
