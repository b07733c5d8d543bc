"""Alembic's way in: the engine comes from whoever calls, the tables from both wings."""

from alembic import context
from sqlalchemy import text

import foundation.events
import immigration.models.access
import immigration.models.obligations
import immigration.models.people
import immigration.models.records
import immigration.models.reports
import notifications.models  # noqa: F401 - the tables register themselves
from foundation.db import Base

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    connection.execute(text("set lock_timeout = '1s'"))
    connection.execute(text("set statement_timeout = 0"))
    connection.commit()
    context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
