"""Alembic's entry: the caller gives the engine, and both packages have tables.

What is below the imports shapes the drafts of `tools/draft_migration.py`; running migrations does not need it.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.rewriter import Rewriter
from alembic.operations.ops import CreateTableOp, DowngradeOps, DropIndexOp, DropTableOp, ModifyTableOps
from sqlalchemy import Connection, event

import foundation.answer_counts
import foundation.event_seals
import foundation.events
import foundation.key_check
import foundation.leases
import foundation.retention
import foundation.throttle
import foundation.verifications  # noqa: F401 - as above
import immigration.models.access
import immigration.models.approvals
import immigration.models.cases
import immigration.models.claims
import immigration.models.conflicts
import immigration.models.decision_rates
import immigration.models.obligations
import immigration.models.passkeys
import immigration.models.people
import immigration.models.queue
import immigration.models.records
import immigration.models.reports
import immigration.models.second_reviews  # noqa: F401 - as above
import notifications.models  # noqa: F401 - as above
from foundation.db import Base
from foundation.sealing import Sealed

shorter = Rewriter()


@shorter.rewrites(CreateTableOp)
def without_info(_context: Any, _revision: Any, table: CreateTableOp) -> CreateTableOp:
    """Retention is written in the models; the database knows nothing of it."""
    table.info = {}
    return table


@shorter.rewrites(DowngradeOps)
def without_indexes(_context: Any, _revision: Any, ops: DowngradeOps) -> DowngradeOps:
    """An index goes with its table."""
    gone = {op.table_name for op in ops.ops if isinstance(op, DropTableOp)}
    for group in ops.ops:
        if isinstance(group, ModifyTableOps) and group.table_name in gone:
            group.ops = [op for op in group.ops if not isinstance(op, DropIndexOp)]
    ops.ops = [op for op in ops.ops if not isinstance(op, DropIndexOp) or op.table_name not in gone]
    return ops


def render_item(kind: str, item: Any, _draft: Any) -> str | Literal[False]:
    """A sealed column is bytes to the database: a migration stands on no code of ours that may change."""
    return "sa.LargeBinary()" if kind == "type" and isinstance(item, Sealed) else False


def include_object(_item: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Of the tables that are asked for only, where any are."""
    wanted = context.config.attributes.get("tables")
    return kind != "table" or not wanted or name in wanted


engine = context.config.attributes["engine"]


def limit(connection: Connection) -> None:
    """A migration waits for locks for a second only, or it would hold up everyone who comes after it; it may take long.

    Settings of the transaction, not of the session: a pool in front of the database gives a session to others.
    """
    for setting in ("lock_timeout = '1s'", "statement_timeout = 0", "idle_in_transaction_session_timeout = 0"):
        connection.exec_driver_sql(f"set local {setting}")


with engine.connect() as connection:
    event.listen(connection, "begin", limit)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        render_item=render_item,
        include_object=include_object,
        process_revision_directives=shorter,
    )
    with context.begin_transaction():
        context.run_migrations()
