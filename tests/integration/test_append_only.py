"""What happened, what was decided and what was handed out stays as it was written, whoever sends the statement."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from foundation.append_only import REMOVES_EXPIRED
from foundation.db import Base
from operations import auditing
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import activate, approve, arrived, officer, query

ONLY_ADDED_TO = (
    "decisions",
    "events",
    "receipts",
    "removed_events",
    "retention_certificates",
    "sampling_rates",
    "seals",
)
REMOVED_IN_DUE_TIME = ("decisions", "events", "receipts")
ONCE = ("receipts", "voided_at")
COLUMNS = [(name, column.name) for name in ONLY_ADDED_TO for column in Base.metadata.tables[name].columns]


@pytest.fixture
def used(app):
    """A service with a row in each of the tables."""
    arrived(app)
    activate(app).file()
    services = services_of(app)
    auditing.seal_round(services.database, services.filing.signer, NOW)
    change(
        app,
        "insert into removed_events (removed_at, ids, statement) values (now(), '', '')",
        """insert into retention_certificates (removed_at, table_name, rule, row_count, digest)
        values (now(), 'cases', '', 0, '')""",
        """insert into sampling_rates (office, per_mille, reason, set_as, set_at)
        values ('BKK', 20, '', 'supervisor:x', now())""",
    )
    return app


def change(app, *statements, settings=None):
    with services_of(app).database.transaction(settings) as session:
        for statement in statements:
            session.execute(text(statement))


def rows(app):
    return [query(app, f"select * from {name} order by 1") for name in ONLY_ADDED_TO]


def refused(app, statement, settings=None):
    before = rows(app)
    assert all(before)
    with pytest.raises(ProgrammingError, match="are only added to"):
        change(app, statement, settings=settings)
    assert rows(app) == before


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_no_column_is_changed(used, table, column):
    if (table, column) == ONCE:
        change(used, "update receipts set voided_at = now()")
    refused(used, f"update {table} set {column} = default" if column == "id" else f"update {table} set {column} = null")


@pytest.mark.parametrize("table", ONLY_ADDED_TO)
def test_no_row_is_removed(used, table):
    refused(used, f"delete from {table}")


@pytest.mark.parametrize("settings", [None, REMOVES_EXPIRED])
@pytest.mark.parametrize("table", ONLY_ADDED_TO)
def test_no_table_is_emptied(used, table, settings):
    refused(used, f"truncate {table}", settings)


def test_emptying_another_table_does_not_empty_those_that_refer_to_it(used):
    refused(used, "truncate reports cascade")


@pytest.mark.parametrize("table", [name for name in ONLY_ADDED_TO if name not in REMOVED_IN_DUE_TIME])
def test_what_is_kept_for_ever_is_not_removed_in_due_time_either(used, table):
    refused(used, f"delete from {table}", REMOVES_EXPIRED)


@pytest.mark.parametrize("change", ["events set kind", "decisions set note", "receipts set statement"])
def test_removing_in_due_time_does_not_let_rows_be_changed(used, change):
    refused(used, f"update {change} = 'another'", REMOVES_EXPIRED)


def test_that_rows_may_be_removed_ends_with_the_transaction(used):
    with services_of(used).database.autocommit() as connection:
        connection.execute(text("select set_config('app.removes_expired', 'on', true)"))
        with pytest.raises(ProgrammingError, match="are only added to"):
            connection.execute(text("delete from decisions"))


@pytest.mark.parametrize("also", ["", ", next_due_on = next_due_on + 1", ", statement = ''", ", number = 'R'"])
def test_a_receipt_becomes_void_once_and_nothing_else_of_it_changes_with_that(used, also):
    void = "update receipts set voided_at = now()"
    if also:
        refused(used, void + also)
    change(used, void)
    for again in (void, "update receipts set voided_at = null"):
        refused(used, again + also)


def test_a_reopened_report_gets_another_receipt_beside_the_first(app):
    arrived(app)
    number = activate(app).file().json["number"]
    again = officer(app, "boss", "supervisor").post(f"/review/reports/{number}/reopening", {"note": "A random check."})
    approve(app, again)
    officer(app).post(f"/review/reports/{number}/decision", {"outcome": "accepted"})
    assert query(app, "select voided_at is null from receipts order by 1") == [(False,), (True,)]
    outcomes = query(app, "select outcome from decisions order by id")
    assert outcomes == [("accepted",), ("reopened",), ("accepted",)]
