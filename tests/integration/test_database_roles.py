"""The roles of the database: the service works with them, and what they need not do they may not do."""

from contextlib import closing, contextmanager
from dataclasses import replace

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import text

from app import create_app
from devtools.postgres import temporary_server
from foundation import retention
from foundation.config import Settings
from foundation.db import Base, Database
from immigration.services.records import ANALYZED
from notifications import rounds
from operations import auditing, migrating, roles
from operations.roles import Addresses, Kind, UnfitRole
from operations.services import services_of
from operations.subscribing import SUBSCRIBERS
from tests.conftest import NOW, SECRET
from tests.factories import activate, approve, arrived, import_file, officer, row, write
from tests.integration.test_retention import LATER

ROLES = (*Kind,)
ONLY_ADDED = sorted(table.name for table in Base.metadata.sorted_tables if table.info.get("only_added"))


@pytest.fixture(scope="module")
def addresses():
    """A database of an owner who is no superuser, brought up to date, and the addresses of its roles."""
    with temporary_server() as server:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("create role owner login createrole")
            connection.execute('create database "roles" owner owner')
        made = Addresses(*(server.url("roles", role) for role in ("owner", *ROLES)))
        with closing(Database(made.owner)) as owner:
            assert migrating.bring_up_to_date(owner, made)
            assert not migrating.bring_up_to_date(owner, made)
        yield made


@pytest.fixture(scope="module")
def used(addresses, tmp_path_factory):
    """A service that ran with these roles: reports filed, decided, reopened, imported, relayed, sealed, verified."""
    settings = Settings(
        environment="test",
        secret_keys=(SECRET,),
        database_url=addresses.api,
        migration_database_url=addresses.owner,
        worker_database_url=addresses.worker,
        audit_database_url=addresses.auditor,
        retention_database_url=addresses.retention,
    )
    app = create_app(settings, clock=lambda: NOW)
    app.testing = True
    arrived(app)
    number = activate(app).file().json["number"]
    boss = officer(app, "boss", "supervisor")
    approve(app, boss.post(f"/review/reports/{number}/reopening", {"note": "A random check."}))
    assert officer(app).post(f"/review/reports/{number}/decision", {"outcome": "accepted"}).status_code == 200
    passports = write(tmp_path_factory.mktemp("records") / "passports.csv", "passports", row("passports"))
    assert "imported 0, updated 0, unchanged 1, rejected 0" in import_file(app, "passports", passports)
    with closing(Database(addresses.worker)) as worker:
        assert rounds.relay_round(worker, SUBSCRIBERS)
        assert auditing.seal_round(worker, services_of(app).filing.signer, NOW)
    yield app
    services_of(app).database.close()


def refused(address, statement, *, first=None):
    with psycopg.connect(address) as connection:
        if first:
            connection.execute(first)
        with pytest.raises((errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)):
            connection.execute(statement)


def test_no_role_is_a_superuser_or_owns_anything_and_none_passes_a_policy_by(addresses):
    mighty = """select rolname from pg_roles where rolname = any(%s) and
        (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
         or exists (select from pg_class where relowner = pg_roles.oid))"""
    with psycopg.connect(addresses.owner) as connection:
        assert connection.execute(mighty, [[*ROLES]]).fetchall() == []
        assert connection.execute("select rolsuper from pg_roles where rolname = 'owner'").fetchone() == (False,)


@pytest.mark.parametrize("name", ROLES)
def test_no_role_makes_changes_or_removes_tables(used, addresses, name):
    address = getattr(addresses, name)
    for statement in (
        "create table t ()",
        "alter table people add column t text",
        "drop table events",
        "truncate throttles",
        "drop trigger refuse_update on events",
        "alter table events disable trigger all",
        "set session_replication_role = replica",
        "create role another",
    ):
        refused(address, statement)


@pytest.mark.parametrize("name", ROLES)
@pytest.mark.parametrize("table", ONLY_ADDED)
def test_no_role_changes_a_row_of_a_table_that_is_only_added_to(used, addresses, name, table):
    column = Base.metadata.tables[table].primary_key.columns[0].name
    refused(getattr(addresses, name), f"update {table} set {column} = {column}")


@pytest.mark.parametrize("name", ["api", "worker"])
@pytest.mark.parametrize("table", ONLY_ADDED)
def test_neither_the_api_nor_the_worker_removes_a_row_of_such_a_table_whatever_it_says(used, addresses, name, table):
    says = "select set_config('app.removes_expired', 'on', true)"
    refused(getattr(addresses, name), f"delete from {table}", first=says)


@pytest.mark.parametrize("table", ["seals", "removed_events", "retention_certificates"])
def test_what_removes_old_rows_removes_nothing_that_is_kept_for_ever(used, addresses, table):
    refused(addresses.retention, f"delete from {table}", first="select set_config('app.removes_expired', 'on', true)")


@pytest.mark.parametrize("name", ["api", "worker"])
@pytest.mark.parametrize("table", ["removed_events", "retention_certificates"])
def test_only_what_removes_rows_certifies_it(used, addresses, name, table):
    refused(getattr(addresses, name), f"insert into {table} default values")


@pytest.mark.parametrize("table", ["people", "passports", "reports", "officers", "signing_keys"])
def test_what_removes_old_rows_changes_none_and_adds_none(used, addresses, table):
    column = Base.metadata.tables[table].primary_key.columns[0].name
    refused(addresses.retention, f"update {table} set {column} = {column}")
    refused(addresses.retention, f"insert into {table} default values")


def test_limits_are_settings_of_the_roles(addresses):
    asked = "select current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('timezone')"
    limits = {}
    for name in ROLES:
        with psycopg.connect(getattr(addresses, name)) as connection:
            limits[name] = connection.execute(asked).fetchone()
    unlimited = dict.fromkeys((Kind.WORKER, Kind.AUDITOR, Kind.RETENTION), ("0", "2s", "UTC"))
    assert limits == {Kind.API: ("5s", "2s", "UTC"), **unlimited}


@pytest.mark.parametrize("table", ["events_to_relay", "events_to_seal"])
def test_the_api_hides_no_event_from_the_relay_or_the_seals(used, addresses, table):
    refused(addresses.api, f"delete from {table}")
    refused(addresses.api, f"update {table} set event_id = 0")


def test_the_auditor_reads_the_audit_and_nothing_else(used, addresses):
    readable, writable = (
        f"""select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
        and has_any_column_privilege(oid, '{right}') order by 1"""
        for right in ("select", "insert, update")
    )
    with psycopg.connect(addresses.auditor) as connection:
        assert [name for (name,) in connection.execute(readable)] == sorted(roles.AUDITED)
        assert connection.execute(writable).fetchall() == []
    refused(addresses.auditor, "create temporary table t ()")


def test_the_audit_command_verifies_as_the_auditor(used):
    done = used.test_cli_runner().invoke(args=["audit", "verify"])
    assert (done.exit_code, "0 faults" in done.output) == (0, True), done.output


def test_a_preview_is_made_as_the_worker(used):
    done = used.test_cli_runner().invoke(args=["worker", "--once", "--dry-run"])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("name", ["api", "worker"])
def test_imports_may_tell_the_planner_how_large_tables_are(used, addresses, name):
    with psycopg.connect(getattr(addresses, name)) as connection:
        if connection.info.server_version >= 170000:
            warnings = []
            connection.add_notice_handler(lambda notice: warnings.append(notice.message_primary))
            connection.execute(f"analyze {ANALYZED}")
            assert warnings == []


def test_migrating_again_takes_back_what_somebody_granted(used, addresses):
    with psycopg.connect(addresses.owner) as connection:
        connection.execute("grant update, delete on events to api")
    done = used.test_cli_runner().invoke(args=["database", "migrate"])
    assert (done.exit_code, done.output) == (0, "already up to date\n")
    refused(addresses.api, "delete from events")


def test_migrating_again_takes_back_what_everybody_was_granted(used, addresses):
    with psycopg.connect(addresses.owner) as connection:
        connection.execute("grant select on people to public")
        connection.execute("grant update, delete on events to public")
        connection.execute("grant create on schema public to public")
    with closing(Database(addresses.owner)) as owner:
        roles.grant(owner, addresses)
    refused(addresses.auditor, "select from people")
    refused(addresses.retention, "update events set kind = ''")
    for name in ROLES:
        refused(getattr(addresses, name), "create table t ()")


@contextmanager
def changed_by_a_superuser(addresses, statement, undone_by):
    """The roles as a superuser changed them, until it is undone."""

    def say(what):
        with psycopg.connect(addresses.owner.replace("//owner@", "//app@")) as connection:
            connection.execute(what)

    say(statement)
    try:
        yield
    finally:
        say(undone_by)


@pytest.mark.parametrize(
    ("other", "role"),
    [
        ("app", "api"),
        ("retention", "worker"),
        ("pg_read_all_data", "auditor"),
        ("pg_execute_server_program", "retention"),
        ("worker", "api_resident"),
    ],
)
def test_a_member_of_a_role_with_rights_of_its_own_is_refused_as_a_role(used, addresses, other, role):
    with (
        changed_by_a_superuser(addresses, f"grant {other} to {role}", f"revoke {other} from {role}"),
        closing(Database(addresses.owner)) as owner,
        pytest.raises(UnfitRole, match=f"is a member of .*{other}"),
    ):
        roles.grant(owner, addresses)
    with closing(Database(addresses.owner)) as owner:
        roles.grant(owner, addresses)


def test_a_table_whose_rows_are_removed_since_this_release_needs_no_migration(addresses):
    with psycopg.connect(addresses.owner, autocommit=True) as connection:
        connection.execute("revoke delete on claims from retention")
    with closing(Database(addresses.owner)) as owner:
        assert not roles.are_granted(owner, addresses)
        assert not migrating.bring_up_to_date(owner, addresses)
        assert roles.are_granted(owner, addresses)


def test_a_superuser_or_an_owner_of_tables_is_refused_as_a_role(addresses):
    other = replace(addresses, api=addresses.api.replace("//api@", "//app@"))
    with closing(Database(addresses.owner)) as owner, pytest.raises(UnfitRole, match="app is a superuser"):
        roles.grant(owner, other)


@pytest.mark.parametrize(
    ("becomes", "was"),
    [
        ("alter role worker bypassrls", "alter role worker nobypassrls"),
        ("alter role worker createrole", "alter role worker nocreaterole"),
        ("create table kept (); alter table kept owner to worker", "drop table kept"),
    ],
)
def test_a_role_that_may_more_than_rights_take_back_is_refused(used, addresses, becomes, was):
    with (
        changed_by_a_superuser(addresses, becomes, was),
        closing(Database(addresses.owner)) as owner,
        pytest.raises(UnfitRole, match="worker is a superuser"),
    ):
        roles.grant(owner, addresses)


def test_a_role_of_its_own_removes_in_due_time_and_certifies_it(used, addresses):
    with closing(Database(addresses.retention)) as remover:
        assert retention.enforce(remover, now=LATER)
        with remover.read_session() as session:
            left = text("select (select count(*) from decisions), (select count(*) from receipts)")
            assert tuple(session.execute(left).one()) == (0, 0)
        assert auditing.remove_expired(remover, services_of(used).filing.signer, LATER)
