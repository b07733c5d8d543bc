"""A resident's request sees the rows of that person only, even where the code asks for another's; PgBouncer or not."""

import os
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from drills.second_lock import Misled
from foundation import row_security
from foundation.classification import Classification
from foundation.db import Base
from operations.roles import OF_RESIDENTS
from tests.access import SetClock, make_app
from tests.conftest import emptied
from tests.factories import activate, arrived, load, officer, row
from tests.pgbouncer import PROGRAM, pgbouncer

TABLES = [table.name for table in row_security.secured()]
ABOUT_PEOPLE = {Classification.PERSONAL, Classification.SENSITIVE}
WITHOUT_PEOPLE = {"throttles": "blind indexes of who asks too often, which every request may count"}


@pytest.fixture(scope="module", params=["PostgreSQL", "PgBouncer"])
def store(request, empty_database):
    """The database as the API's role has it, directly or through PgBouncer in transaction mode."""
    emptied(empty_database)
    url = empty_database.url.set(username="api")
    if request.param == "PostgreSQL":
        database = Misled(url.render_as_string(hide_password=False))
        yield database
        database.close()
        return
    if not PROGRAM and not os.environ.get("CI"):
        pytest.skip("pgbouncer is not installed; in continuous integration this fails")
    with pgbouncer(url, ("api", "app")) as through:
        database = Misled(through.render_as_string(hide_password=False), prepares=False)
        yield database
        database.close()


@pytest.fixture(scope="module")
def two(store):
    """Two residents, each with everything that a resident can have; the second one's rows are what is sought."""
    app = make_app(store, SetClock())
    arrived(app)
    load(app, "passports", row("passports", document_number="OTHER0001", surname="OTHER"))
    load(app, "movements", row("movements", document_number="OTHER0001", occurred_on="2026-09-01"))
    load(app, "residences", row("residences"), row("residences", document_number="OTHER0001"))
    me, other = activate(app), activate(app, "OTHER0001")
    for each in (me, other):
        assert each.file().status_code == 201
        assert each.post("/me/cases", {"about": "other", "text": "Mine."}).status_code == 201
        device = {"platform": "ios", "kind": "token", "target": f"push-{each.id}", "language": "en"}
        put = each.client.put("/api/v1/devices/phone", json=device, headers=each.headers)
        assert put.status_code == 200, put.json
    return me, other


def as_resident(store, resident):
    return store.transaction(person=row_security.opening(UUID(resident.id)))


def counts(session):
    return {
        name: session.scalar(text(f"select count(*) from {name}"))
        for name, rights in OF_RESIDENTS.items()
        if name in TABLES and "select" in rights
    }


def test_every_table_with_personal_data_forces_row_level_security(empty_database):
    policies = """select relname from pg_class c where relrowsecurity and relforcerowsecurity
        and exists (select from pg_policy where polrelid = c.oid and polname = 'all_roles' and polpermissive)
        and exists (select from pg_policy where polrelid = c.oid and polname = 'api_resident' and not polpermissive
          and polroles = array['api_resident'::regrole::oid])"""
    with empty_database.read_session() as session:
        forced = {*session.scalars(text(policies))}
    about_people = {
        table.name
        for table in Base.metadata.sorted_tables
        if ABOUT_PEOPLE & {column.info["classification"] for column in table.columns}
    }
    assert about_people - forced == WITHOUT_PEOPLE.keys()


def test_a_resident_sees_own_rows_only_whatever_is_asked(two, store, empty_database):
    me, other = two
    with empty_database.read_session() as session:
        everything = counts(session)
    with as_resident(store, me) as session:
        mine = counts(session)
    with as_resident(store, other) as session:
        others = counts(session)
    filled = {name: count for name, count in everything.items() if count}
    assert {"people", "passports", "movements", "residences", "reports", "receipts", "events", "cases", "devices"} <= {
        *filled
    }
    assert {name: mine[name] + others[name] for name in filled} == filled
    assert [name for name in filled if not mine[name]] == []


def test_a_resident_of_several_passports_sees_what_belongs_to_each(store, two):
    me, _ = two
    app = make_app(store, SetClock())
    load(app, "passports", row("passports", document_number="TEST00002", replaces="FRA:TEST00001"))
    new = activate(app, "TEST00002")
    assert new.id != me.id
    for each in (me, new):
        assert len(each.get("/reports").json["items"]) == 1
        assert len(each.get("/me/sessions").json["items"]) == 2


@pytest.mark.parametrize("name", [name for name, rights in OF_RESIDENTS.items() if "update" in rights])
def test_a_resident_changes_no_row_of_another(two, store, name):
    if name not in TABLES:
        return
    column = Base.metadata.tables[name].primary_key.columns[0].name
    with store.undone_transaction(person=row_security.opening(UUID(two[0].id))) as session:
        changed = session.execute(text(f"update {name} set {column} = {column}")).rowcount
        assert changed == session.scalar(text(f"select count(*) from {name}"))


@pytest.mark.parametrize(
    "statement",
    [
        "update cases set person_id = '{other}'",
        "insert into events (at, kind, subject, person_id, actor, data)"
        " values (now(), 'k', 's', '{other}', 'a', '{{}}')",
        "insert into events (at, kind, subject, actor, data) values (now(), 'k', 's', 'a', '{{}}')",
        "insert into decisions (report_id, outcome, reasons, policy_version, decided_by, decided_at)"
        " values ({report}, 'accepted', '{{}}', '', 'system', now())",
        "insert into receipts (number, report_id, issued_at, statement) values ('R', {report}, now(), '')",
        "update people set email = null where id = '{mine}'; select 1 / count(*) from people where id = '{other}'",
    ],
)
def test_a_resident_adds_no_row_of_another(two, store, empty_database, statement):
    me, other = two
    with empty_database.read_session() as session:
        report = session.scalar(text("select id from reports where person_id = :other"), {"other": other.id})
    address = store.url.set(drivername="postgresql").render_as_string(hide_password=False)
    opening = row_security.opening(UUID(me.id))
    with psycopg.connect(address, prepare_threshold=None) as connection:
        connection.execute(f"select {opening.sql}", opening.values)
        with pytest.raises((errors.InsufficientPrivilege, errors.DivisionByZero)):
            connection.execute(statement.format(mine=me.id, other=other.id, report=report))


@pytest.mark.parametrize(
    "table", ["officers", "officer_sessions", "signing_keys", "refresh_tokens", "key_checks", "seals"]
)
def test_a_resident_has_no_rights_where_no_resident_has_any_business(two, store, table):
    with pytest.raises(ProgrammingError, match="permission denied"), as_resident(store, two[0]) as session:
        session.execute(text(f"select from {table}"))


def test_without_ids_the_role_of_residents_sees_nothing(two, store):
    with store.transaction() as session:
        session.execute(text("select set_config('role', 'api_resident', true)"))
        assert {*counts(session).values()} == {0}


def test_what_was_set_for_one_person_ends_with_the_transaction(two, store):
    with as_resident(store, two[0]) as session:
        assert session.scalar(text("select current_user")) == "api_resident"
    for _ in range(4):
        with store.transaction() as session:
            asked = "select current_user, coalesce(current_setting('app.person', true), '')"
            assert tuple(session.execute(text(asked)).one()) == ("api", "")


def test_a_request_whose_filters_name_another_gets_nothing(two, store):
    """The code asks for the rows of who is signed in, the database gives those of another: nothing is left of them."""
    me, other = two
    number = other.get("/reports").json["items"][0]["number"]
    store.mine = UUID(me.id)
    try:
        for path in (f"/reports/{number}", f"/reports/{number}/receipt", "/me/stay"):
            assert other.get(path).status_code == 404, path
        assert other.get("/me").status_code == 401
        for path in ("/reports", "/me/sessions", "/me/cases", "/notifications", "/me/access-log", "/me/passkeys"):
            assert other.get(path).json["items"] == [], path
        with pytest.raises(ProgrammingError, match="row-level security"):  # it records that there was an export
            other.get("/me/export")
        assert other.file().status_code == 404
        assert other.post(f"/reports/{number}/withdrawal").status_code == 404
    finally:
        store.mine = None


def test_officers_and_imports_see_everybody(two, store):
    app = make_app(store, SetClock())
    seen = officer(app, "looks").post(
        "/review/residents/search", {"document_number": "OTHER0001", "issuing_state": "FRA", "purpose": "A question."}
    )
    assert seen.status_code == 200, seen.json
    assert load(app, "passports", row("passports"), row("passports", document_number="OTHER0001"))["unchanged"] == 1
