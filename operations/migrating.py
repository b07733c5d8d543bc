"""Bringing the tables up to date, once, however many processes start at the same time."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import func, select

from foundation.db import Database, database_errors_as_problems
from operations import roles
from operations.roles import Addresses

FOLDER = Path(__file__).parent.parent / "migrations"
_NO_LIMIT = {"lock_timeout": "0", "idle_in_transaction_session_timeout": "0"}


def config() -> Config:
    """Alembic's configuration for the migrations of this project."""
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER))
    settings.set_main_option("path_separator", "os")
    return settings


def revision_is_at_least_ours(database: Database) -> bool:
    """Whether the database has all that this code needs: it is at our newest migration, or at one we do not know yet.

    A migration only adds, so that the code before it runs on the tables after it. Raises Unavailable.
    """
    with database_errors_as_problems(), database.engine.connect() as connection:
        current = set(MigrationContext.configure(connection).get_current_heads())
    scripts = ScriptDirectory.from_config(config())
    return bool(current) and (current == set(scripts.get_heads()) or not all(_is_known(scripts, r) for r in current))


def bring_up_to_date(database: Database, addresses: Addresses | None = None) -> bool:
    """Run the migrations that are missing, as the owner of the tables; whether there were any.

    Only one process does, the others wait. With `addresses`, the roles in them, and that of residents' requests, get
    the rights that they need, where they lack any. Raises UnfitRole.
    """
    changed = _migrate(database)
    if addresses and (changed or not roles.are_granted(database, addresses)):
        roles.grant(database, addresses)
    return changed


def _migrate(database: Database) -> bool:
    if revision_is_at_least_ours(database):
        return False
    unlimited = database.without_timeout()
    with closing(unlimited), _one_at_a_time(unlimited):
        if revision_is_at_least_ours(database):
            return False
        settings = config()
        settings.attributes["engine"] = unlimited.engine
        with database_errors_as_problems():
            command.upgrade(settings, "head")
    return True


def _is_known(scripts: ScriptDirectory, revision: str) -> bool:
    try:
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False


@contextmanager
def _one_at_a_time(database: Database) -> Iterator[None]:
    """Wait for other processes that migrate. The lock belongs to a transaction, which idles while migrations run."""
    with database.transaction(_NO_LIMIT) as session:
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext("migrations"))))
        yield
