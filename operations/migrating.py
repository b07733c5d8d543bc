"""Bringing the tables up to date, once, however many processes start at the same time."""

from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from foundation.db import Database, database_errors_as_problems

FOLDER = Path(__file__).parent.parent / "migrations"
_LOCK = text("select pg_advisory_lock(hashtext('migrations'))")
_UNLOCK = text("select pg_advisory_unlock(hashtext('migrations'))")


def config() -> Config:
    """Alembic's configuration for the migrations of this project."""
    found = Config()
    found.set_main_option("script_location", str(FOLDER))
    found.set_main_option("path_separator", "os")
    return found


def is_up_to_date(database: Database) -> bool:
    """Whether the database is at the newest migration. Raises Unavailable."""
    with database_errors_as_problems(), database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    return set(current) == set(ScriptDirectory.from_config(config()).get_heads())


def bring_up_to_date(database: Database) -> bool:
    """Run the migrations that are missing; whether there were any. Only one process does, the others wait."""
    if is_up_to_date(database):
        return False
    patient = database.without_timeout()
    with closing(patient), patient.engine.connect() as guard:
        guard.execute(text("set lock_timeout = 0"))
        guard.execute(_LOCK)
        try:
            if is_up_to_date(database):
                return False
            settings = config()
            settings.attributes["engine"] = patient.engine
            command.upgrade(settings, "head")
        finally:
            guard.execute(_UNLOCK)
    return True
