"""A database that is away, slow or not replicated is answered with 503, and a retry files exactly once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from app import create_app
from devtools.postgres import Server, temporary_server
from drills.replication import without_its_standby
from drills.supervision import frozen
from foundation.clock import monotonic
from foundation.connections import Opening
from foundation.db import Database, Statement
from foundation.errors import Unavailable
from operations.services import services_of
from tests.conftest import NOW, SETTINGS, application, emptied, make_tables
from tests.factories import PASSWORD, Resident, activate, arrived, officer
from tests.waiting import await_waiting_backends

SOON = 5  # seconds
NAME = "away"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with temporary_server() as server:
        database = Database(server.ensure_database(NAME))
        make_tables(database)
        database.close()
        with as_operator(server) as connection:
            connection.execute(f"alter database {NAME} set synchronous_commit = on")
        yield server


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    database = emptied(Database(server.url(NAME), pool_size=3))
    yield database
    database.close()


@pytest.fixture
def app(database: Database) -> Flask:
    return application(database)


@pytest.fixture
def resident(app: Flask) -> Resident:
    arrived(app)
    return activate(app)


@contextmanager
def as_operator(server: Server) -> Iterator[psycopg.Connection]:
    """A connection beside the application's, in autocommit."""
    with psycopg.connect(server.url(NAME), autocommit=True) as connection:
        yield connection


@contextmanager
def held_row(server: Server) -> Iterator[None]:
    """Another transaction holds the rows of all obligations."""
    with psycopg.connect(server.url(NAME)) as connection:
        connection.execute("select from obligations for update")
        yield
        connection.rollback()


@contextmanager
def calling(call: Any) -> Iterator[list[Any]]:
    """Run a call in a thread; its answer is in the list after the block."""
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(call()))
    thread.start()
    yield answers
    thread.join(20)
    assert not thread.is_alive()


def count(server: Server, table: str) -> int:
    with as_operator(server) as connection:
        row = connection.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0


def is_unavailable(answer: Any) -> bool:
    """Whether an answer is the problem document that asks to try again."""
    return (answer.status_code, answer.json["code"], answer.headers.get("Retry-After")) == (503, "unavailable", "2")


def in_time(call: Any, seconds: float = SOON) -> Any:
    """The answer of a call, which may not take longer."""
    started = monotonic()
    answer = call()
    assert monotonic() - started < seconds
    return answer


def test_without_its_database_every_call_asks_to_try_again_and_afterwards_works_by_itself(
    app: Flask, server: Server, resident: Resident
) -> None:
    staff = officer(app)
    who = {"document_number": "TEST00001", "issuing_state": "FRA", "birth_date": "1990-01-02"}
    calls = {
        "stay": lambda: resident.get("/me/stay"),
        "reports": lambda: resident.get("/reports"),
        "inbox": lambda: resident.get("/notifications"),
        "filing": lambda: resident.file("k"),
        "changes": lambda: resident.client.patch("/api/v1/me", json={"language": "th"}, headers=resident.headers),
        "activation": lambda: resident.post("/activations", who | {"activation_code": "1"}),
        "code": lambda: resident.post("/activations/requests", who),
        "sign-in": lambda: staff.post("/officers/sessions", {"name": "somchai", "password": PASSWORD}),
        "queue": lambda: staff.get("/review/reports"),
        "keys": lambda: staff.client.get("/.well-known/jwks.json"),
        "ready": lambda: staff.client.get("/readyz"),
    }
    server.stop()
    try:
        answers = {name: in_time(call) for name, call in calls.items()}
        assert {name: answer.status_code for name, answer in answers.items() if not is_unavailable(answer)} == {}
        assert resident.client.get("/healthz").status_code == 200
        assert resident.get("/addresses?q=10110").status_code == 200
    finally:
        server.start()
    assert in_time(calls["ready"]).status_code == 200
    assert in_time(calls["filing"]).status_code == 201
    assert in_time(calls["queue"]).status_code == 200
    assert count(server, "reports") == 1


def test_a_database_that_was_restarted_between_two_calls_costs_at_most_one_try_a_connection(
    server: Server, resident: Resident
) -> None:
    reads = [lambda: resident.get("/me/stay"), lambda: resident.get("/reports")]
    assert [read().status_code for read in reads] == [200, 200]
    server.stop()
    server.start()
    answers = [resident.file("k") for _ in range(3)] + [read() for read in reads * 3]
    assert [answers[place].status_code for place in (2, -2, -1)] == [201, 200, 200]
    assert all(answer.status_code in (200, 201) or is_unavailable(answer) for answer in answers)
    assert count(server, "reports") == 1


def test_a_backend_that_is_killed_in_the_middle_of_a_filing_leaves_nothing_and_a_retry_files_once(
    server: Server, resident: Resident
) -> None:
    with held_row(server), calling(lambda: resident.file("k")) as answers, as_operator(server) as connection:
        connection.execute("select pg_terminate_backend(%s)", [*await_waiting_backends(server.url(NAME), "Lock")])
    assert is_unavailable(answers[0])
    assert count(server, "reports") == count(server, "idempotency_keys") == 0
    again = [resident.file("k") for _ in range(4)]
    assert (again[-1].status_code, count(server, "reports")) == (201, 1)


@contextmanager
def with_timeouts(server: Server, resident: Resident, seconds: float) -> Iterator[Resident]:
    """The same resident at an application whose statement and commit timeouts are so many seconds."""
    database = Database(server.url(NAME), pool_size=2, statement_timeout=seconds, commit_timeout=seconds)
    app = create_app(SETTINGS, database=database, clock=lambda: NOW)
    app.testing = True
    yield replace(resident, client=app.test_client())
    database.close()


@pytest.mark.parametrize("statement_timeout", [0.3, 5.0])
def test_a_filing_that_waits_for_another_transaction_is_given_up_in_time(
    server: Server, resident: Resident, statement_timeout: float
) -> None:
    with with_timeouts(server, resident, statement_timeout) as limited, held_row(server):
        answer = in_time(lambda: limited.file("k"), seconds=min(statement_timeout + 1, 4))
        assert is_unavailable(answer)
    with held_row(server):
        assert in_time(lambda: resident.get("/me/stay"), seconds=1).status_code == 200
    assert resident.file("k").status_code == 201


def test_a_server_that_is_frozen_is_given_up_in_time_and_a_retry_files_once(server: Server, resident: Resident) -> None:
    with with_timeouts(server, resident, 1) as limited, ThreadPoolExecutor(6) as pool:
        calls = (
            lambda: limited.file("k"),
            lambda: limited.get("/me/stay"),
            lambda: limited.client.get("/readyz"),
        )
        assert [call().status_code for call in calls[1:]] == [200, 200]
        with frozen(server):
            begun = [pool.submit(in_time, call, seconds=10) for call in calls * 2]
            wait(begun, timeout=30)
        assert all(is_unavailable(each.result()) for each in begun)
    assert resident.file("k").status_code == 201
    assert count(server, "reports") == 1


def test_a_long_statement_ends_at_the_statement_timeout(server: Server) -> None:
    database = Database(server.url(NAME), statement_timeout=0.2)

    def read() -> None:
        with database.read_session() as session:
            session.execute(text("select pg_sleep(10)"))

    with pytest.raises(Unavailable):
        in_time(read, seconds=2)
    database.close()


@pytest.mark.parametrize("busy", ["read_autocommit", "autocommit"])
def test_when_every_connection_for_reads_or_writes_is_in_use_these_ask_to_try_again_and_the_others_go_on(
    database: Database, resident: Resident, busy: str
) -> None:
    read, write = lambda: resident.get("/me/stay"), lambda: resident.file("k")
    waits, goes_on = (read, write) if busy == "read_autocommit" else (write, read)
    take = getattr(database, busy)
    with take() as first, take() as second, take() as third:
        for session in (first, second, third):
            session.execute(text("select 1"))
        assert is_unavailable(in_time(waits))
        assert in_time(goes_on).status_code in (200, 201)
    assert (read().status_code, write().status_code) == (200, 201)


def test_reads_cannot_write(database: Database) -> None:
    with database.read_session() as session, pytest.raises(InternalError, match="read-only"):
        session.execute(text("delete from switches"))
    with database.read_autocommit() as connection, pytest.raises(InternalError, match="read-only"):
        connection.execute(text("delete from switches"))


def test_a_database_that_became_a_standby_refuses_writes_only(server: Server, resident: Resident) -> None:
    with as_operator(server) as connection:
        connection.execute(f"alter database {NAME} set default_transaction_read_only = on")
    try:
        services_of(resident.client.application).database.close()
        assert is_unavailable(resident.file("k"))
        assert resident.get("/me/stay").status_code == 200
    finally:
        with as_operator(server) as connection:
            connection.execute("set default_transaction_read_only = off")
            connection.execute(f"alter database {NAME} reset default_transaction_read_only")
    services_of(resident.client.application).database.close()
    assert resident.file("k").status_code == 201


def test_a_commit_that_is_not_on_a_second_machine_is_not_acknowledged_and_a_retry_files_once(
    server: Server, resident: Resident
) -> None:
    with (
        without_its_standby(server.url(NAME)),
        calling(lambda: resident.file("k")) as answers,
        as_operator(server) as connection,
    ):
        connection.execute("select pg_cancel_backend(%s)", [*await_waiting_backends(server.url(NAME), "SyncRep")])
    assert is_unavailable(answers[0])
    again = resident.file("k")
    assert (again.status_code, count(server, "reports"), count(server, "idempotency_keys")) == (201, 1, 1)
    assert resident.file("k").data == again.data


def test_a_commit_that_waits_for_a_second_machine_is_given_up_in_time(server: Server, resident: Resident) -> None:
    with without_its_standby(server.url(NAME)):
        assert is_unavailable(in_time(lambda: resident.file("k"), seconds=8))
    assert (resident.file("k").status_code, count(server, "reports")) == (201, 1)


def test_a_key_whose_first_commit_is_on_one_machine_only_is_not_acknowledged_to_a_retry_either(
    server: Server, resident: Resident
) -> None:
    with without_its_standby(server.url(NAME)):
        for _ in range(2):
            assert is_unavailable(in_time(lambda: resident.file("k"), seconds=8))
    assert (resident.file("k").status_code, count(server, "reports")) == (201, 1)


def test_a_statement_that_the_server_passed_over_after_an_error_is_prepared_again(server: Server) -> None:
    """The server sends an error before it has passed over the rest, so that a client may read either first."""
    database = Database(server.url(NAME), pool_size=1)
    read = Statement("select 41")

    def read_after(divisor: int) -> Any:
        opening = Opening("set_config('app.person', (1 / %(divisor)s::int)::text, true)", {"divisor": divisor})
        with database.autocommit(person=opening) as connection:
            return read.scalar(connection, {})

    assert [read_after(1), read_after(1)] == [41, 41], "the third time it would be prepared"
    for _ in range(100):
        with pytest.raises(psycopg.errors.DivisionByZero):
            read_after(0)
        assert [read_after(1) for _ in range(4)] == [41] * 4
    database.close()


def test_a_statement_that_cannot_be_sent_is_an_error_and_the_next_one_works(server: Server) -> None:
    database = Database(server.url(NAME), pool_size=1)
    opening = Opening("set_config('app.person', %(person)s, true)", {"person": "me"})
    told = Statement("select current_setting('app.person') || length(:value)::text")

    def tell(value: str) -> Any:
        with database.autocommit(person=opening) as connection:
            return told.scalar(connection, {"value": value})

    def ask_with(parameters: int) -> None:
        with database.autocommit(person=opening) as connection:
            connection.exec_driver_sql(f"select {', '.join(['%s'] * parameters)}", tuple(range(parameters)))

    for _ in range(4):  # the third time it is prepared
        with pytest.raises(psycopg.DataError, match="NUL"):
            tell("\0")
        assert tell("x" * 20_000_000) == "me20000000"
        with pytest.raises(Unavailable):
            ask_with(parameters=65_536)
        assert tell("x") == "me1"
    database.close()
