"""Drills: the database is stopped, frozen or slow. Calls get 503 in time, and are served again afterwards."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import psycopg

from drills.installation import Installation, installation
from drills.load import FILING, check_load, load
from drills.rows import Row
from drills.sizes import Sizes
from drills.supervision import SupervisedServer
from foundation.clock import monotonic

AWAY = 8  # seconds
HELD = 9  # seconds: longer than any timeout of the service
FROZEN = 15  # seconds: longer than the longest time that an answer may take
SILENCE = 11  # seconds: three until a connection is given up, seven until a silent server is, and one to spare
PAUSE_BETWEEN = 2  # seconds between two faults
BOUND = 8  # seconds: three until a connection is given up, five until a statement is
_SLEEP = """create function dawdle() returns trigger language plpgsql as
'begin perform pg_sleep(60); return new; end'"""


def away(_: Sizes) -> Row:
    """The drill of a PostgreSQL that is stopped: a row."""
    return _unanswered("away", AWAY, SupervisedServer.paused, slowest=BOUND)


def frozen(_: Sizes) -> Row:
    """The drill of a PostgreSQL that neither answers nor closes connections: a row."""
    return _unanswered("frozen", FROZEN, SupervisedServer.frozen, slowest=SILENCE)


def _unanswered(
    state: str, seconds: int, fault: Callable[[SupervisedServer], AbstractContextManager[None]], slowest: int
) -> Row:
    row = Row(f"database {state}")
    with installation() as system:
        with load(system) as running:
            with fault(system.cluster):
                began = monotonic()
                time.sleep(seconds)
                outcomes = running.during(began, monotonic())
            back = running.await_service(monotonic())
            time.sleep(PAUSE_BETWEEN)
        row.figure(**{state: f"{seconds} s"}, asked_to_retry=outcomes["503"], served_again_after=f"{back:.1f} s")
        row.require(f"while it is {state} every call is asked to try again: {dict(outcomes)}", {*outcomes} == {"503"})
        check_load(row, running, slowest=slowest)
    return row


def slow(_: Sizes) -> Row:
    """The drill of a PostgreSQL whose rows or tables are held, or whose statements do not end: a row."""
    row = Row("database slow")
    with installation() as system:
        with load(system) as running:
            for name, fault, reads_go_on in FAULTS:
                with fault(system):
                    began = monotonic()
                    time.sleep(HELD)
                    filings, reads = running.during(began, monotonic(), FILING), running.during(began, monotonic())
                reads -= filings
                back = running.await_service(monotonic())
                row.figure(**{name: f"{filings['503']} filings asked to try again, served again after {back:.1f} s"})
                row.require(f"{name}: no filing is acknowledged: {dict(filings)}", {*filings} == {"503"})
                row.require(f"{name}: reading goes on: {dict(reads)}", not reads_go_on or {*reads} == {"200"})
                time.sleep(PAUSE_BETWEEN)
        check_load(row, running, slowest=BOUND)
    return row


@contextmanager
def held(lock: str, system: Installation) -> Iterator[None]:
    """Another transaction holds the lock of a statement."""
    with psycopg.connect(system.url) as connection:
        connection.execute(lock)
        yield
        connection.rollback()


@contextmanager
def statements_slow(system: Installation) -> Iterator[None]:
    """Storing a report takes a minute."""
    with system.operator() as connection:
        connection.execute(_SLEEP)
        connection.execute("create trigger dawdle before insert on reports for each row execute function dawdle()")
        try:
            yield
        finally:
            connection.execute("drop function dawdle cascade")


FAULTS: tuple[tuple[str, Callable[[Installation], AbstractContextManager[None]], bool], ...] = (
    ("rows held", partial(held, "select from obligations for update"), True),
    # As a careless migration would: the table cannot even be read.
    ("table held", partial(held, "lock table obligations in access exclusive mode"), False),
    ("statements slow", statements_slow, True),
)
