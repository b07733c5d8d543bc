"""The migrations create exactly the tables that the models describe.

After a change of the models, `python -m tools.draft_migration "what it does"` drafts the next migration.
"""

import re

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from foundation.db import Base, Database
from operations import migrating
from tests.architecture.sources import imports, named, python_files

SCRIPTS = ScriptDirectory.from_config(migrating.config())
FILES = python_files("migrations/versions")
CATALOGUE = {
    "columns": """select table_name, column_name, data_type, udt_name, is_nullable, column_default, identity_generation
        from information_schema.columns where table_schema = 'public' and table_name <> 'alembic_version'""",
    "indexes": """select tablename, indexname, indexdef
        from pg_indexes where schemaname = 'public' and tablename <> 'alembic_version'""",
    "constraints": """select conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        from pg_constraint where connamespace = 'public'::regnamespace
        and conrelid::regclass::text <> 'alembic_version'""",
}


def alter_server(database, statement):
    unlimited = database.without_timeout()
    with unlimited.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    unlimited.close()


@pytest.fixture
def blank(empty_database):
    """A database without tables."""
    alter_server(empty_database, "create database blank")
    database = Database(empty_database.url.set(database="blank").render_as_string(hide_password=False))
    yield database
    database.close()
    alter_server(empty_database, "drop database blank with (force)")


@pytest.fixture
def migrated(blank):
    """A database with all migrations."""
    assert migrating.bring_up_to_date(blank)
    return blank


def catalogue(database, query):
    with database.engine.connect() as connection:
        return sorted(map(tuple, connection.execute(text(query))), key=str)


def test_there_is_one_head():
    assert len(SCRIPTS.get_heads()) == 1


def test_migrations_are_numbered_in_the_order_they_run():
    revisions = [script.revision for script in SCRIPTS.walk_revisions()][::-1]
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    assert [path.name[:4] for path in FILES] == revisions


def test_a_migration_imports_no_code_of_the_project():
    """The code changes later; what a migration did must not."""
    allowed = re.compile(r"(alembic|sqlalchemy|collections|typing)(\.|$)")
    stray = [
        f"{named(path)}:{line} {name}" for path in FILES for line, name in imports(path) if not allowed.match(name)
    ]
    assert stray == []


def test_nothing_differs_between_models_and_migrations(migrated):
    with migrated.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata) == []


@pytest.mark.parametrize("kind", CATALOGUE)
def test_the_database_lists_the_same_whether_made_from_models_or_migrations(migrated, empty_database, kind):
    """Alembic's comparison leaves some things out, such as the condition of a partial index."""
    query = CATALOGUE[kind]
    assert catalogue(migrated, query) == catalogue(empty_database, query) != []


def test_migrating_again_does_nothing(migrated):
    assert migrating.revision_is_at_least_ours(migrated)
    assert migrating.bring_up_to_date(migrated) is False


def test_a_blank_database_is_not_up_to_date(blank):
    assert not migrating.revision_is_at_least_ours(blank)


def test_the_migrations_can_be_reverted_and_run_again(migrated):
    settings = migrating.config()
    settings.attributes["engine"] = migrated.engine
    command.downgrade(settings, "base")
    assert catalogue(migrated, CATALOGUE["columns"]) == []
    assert migrating.bring_up_to_date(migrated)
