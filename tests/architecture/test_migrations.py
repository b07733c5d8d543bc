"""The migrations create exactly the tables that the models describe.

After a change of the models, `python -m tools.draft_migration "what it does"` drafts the next migration.
"""

import re

import psycopg
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
A_PASSPORT = """insert into passports
    (person_id, document_index, folded_index, document_number, issuing_state, nationality, surname, given_names,
    birth_date, birth_date_known, sex, expires_on, status, row_digest)
    select id, cast(cast(:n as text) as bytea), '', '', :code, :code, '', '',
    '1990-01-01', '1990-01-01', 'X', '2030-01-01', 'valid', '' from people"""
CATALOGUE = {
    "columns": """select table_name, column_name, data_type, udt_name, is_nullable, column_default, identity_generation
        from information_schema.columns where table_schema = 'public' and table_name <> 'alembic_version'""",
    "indexes": """select tablename, indexname, indexdef
        from pg_indexes where schemaname = 'public' and tablename <> 'alembic_version'""",
    "triggers": """select tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
        from pg_trigger where not tgisinternal""",
    "secured tables": """select relname, relrowsecurity, relforcerowsecurity, pg_get_expr(polqual, polrelid)
        from pg_class left join pg_policy on polrelid = pg_class.oid and polname = 'all_roles'
        where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'alembic_version'""",
    "functions": """select proname, regexp_replace(prosrc, '\\s+', ' ', 'g') from pg_proc
        where pronamespace = 'public'::regnamespace""",
    "constraints": """select conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        from pg_constraint where connamespace = 'public'::regnamespace
        and conrelid::regclass::text <> 'alembic_version'""",
}


def alter_server(database, statement):
    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


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


def test_accounts_of_before_keep_their_office_and_those_without_one_are_of_the_headquarters(blank):
    settings = migrating.config()
    settings.attributes["engine"] = blank.engine
    command.upgrade(settings, "0013")
    accounts = """insert into officers (name, password_hash, role, office)
        values ('anan', '', 'officer', 'CMI'), ('ploy', '', 'auditor', null)"""
    with blank.engine.begin() as connection:
        connection.execute(text(accounts))
    command.upgrade(settings, "head")
    with blank.engine.connect() as connection:
        kept = connection.execute(text("select name, offices from officers order by name")).all()
    assert [tuple(row) for row in kept] == [("anan", ["CMI"]), ("ploy", ["HQ"])]


def test_passports_of_germany_get_the_code_that_others_have(blank):
    settings = migrating.config()
    settings.attributes["engine"] = blank.engine
    command.upgrade(settings, "0052")
    with blank.engine.begin() as connection:
        connection.execute(text("insert into people (id) values (gen_random_uuid())"))
        connection.execute(text(A_PASSPORT), [{"n": n, "code": code} for n, code in enumerate(["D", "DEU", "DNK"])])
    command.upgrade(settings, "0053")
    with blank.engine.connect() as connection:
        kept = connection.execute(text("select nationality, issuing_state from passports order by document_index"))
        assert [tuple(row) for row in kept] == [("DEU", "DEU"), ("DEU", "DEU"), ("DNK", "DNK")]


def test_events_that_were_not_relayed_before_the_outbox_came_wait_in_it(blank):
    settings = migrating.config()
    settings.attributes["engine"] = blank.engine
    command.upgrade(settings, "0033")
    before = """insert into events (at, kind, subject, actor, data, relayed_at)
        values (now(), 'k', 'S-1', 'a', '{}', now()), (now(), 'k', 'S-2', 'a', '{}', null)"""
    with blank.engine.begin() as connection:
        connection.execute(text(before))
    command.upgrade(settings, "0034")
    after = (
        "insert into events (at, kind, subject, actor, data, relayed_at) values (now(), 'k', 'S-3', 'a', '{}', null)"
    )
    with blank.engine.begin() as connection:
        connection.execute(text(after))
    waiting = "select subject from events where id in (select event_id from events_to_relay) order by id"
    with blank.engine.connect() as connection:
        assert connection.scalars(text(waiting)).all() == ["S-2", "S-3"]
    command.downgrade(settings, "0033")
    with blank.engine.connect() as connection:
        relayed = connection.scalars(text("select subject from events where relayed_at is not null")).all()
    assert relayed == ["S-1"]
