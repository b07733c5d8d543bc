"""The database is away, or slow: every call is answered in time, asks to come back, and is served again afterwards."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import psycopg

from drills.crowd import FILING, crowd, judge
from drills.installation import Installation, installation
from drills.parts import Cluster
from drills.rows import Row
from drills.sizes import Sizes
from foundation.clock import monotonic

AWAY = 8  # seconds
HELD = 9  # seconds: longer than any time-out of the service's
FROZEN = 15  # seconds: longer than anybody may wait for an answer
SILENCE = 11  # seconds: three until a connection is given up, seven until a silent server is, and room
AT_EASE = 2  # seconds between two troubles
BOUND = 8  # seconds: three until a connection is given up, five until a statement is
_SLEEP = """create function dawdle() returns trigger language plpgsql as
'begin perform pg_sleep(60); return new; end'"""


def away(_: Sizes) -> Row:
    """The drill of a PostgreSQL that is stopped: a row."""
    return _unanswered("away", AWAY, Cluster.resting, slowest=BOUND)


def frozen(_: Sizes) -> Row:
    """The drill of a PostgreSQL that neither answers nor hangs up: a row."""
    return _unanswered("frozen", FROZEN, Cluster.frozen, slowest=SILENCE)


def _unanswered(
    what: str, seconds: int, trouble: Callable[[Cluster], AbstractContextManager[None]], slowest: int
) -> Row:
    row = Row(f"database {what}")
    with installation() as place:
        with crowd(place) as people:
            with trouble(place.cluster):
                began = monotonic()
                time.sleep(seconds)
                outcomes = people.during(began, monotonic())
            back = people.await_service(monotonic())
            time.sleep(AT_EASE)
        row.figure(**{what: f"{seconds} s"}, asked_to_come_back=outcomes["503"], served_again_after=f"{back:.1f} s")
        row.promise(f"while it is {what} everybody is asked to come back: {dict(outcomes)}", {*outcomes} == {"503"})
        judge(row, people, slowest=slowest)
    return row


def slow(_: Sizes) -> Row:
    """The drill of a PostgreSQL whose rows or tables are held, or whose statements do not end: a row."""
    row = Row("database slow")
    with installation() as place:
        with crowd(place) as people:
            for name, trouble, looks_go_on in TROUBLES:
                with trouble(place):
                    began = monotonic()
                    time.sleep(HELD)
                    filings, looks = people.during(began, monotonic(), FILING), people.during(began, monotonic())
                looks -= filings
                back = people.await_service(monotonic())
                row.figure(**{name: f"{filings['503']} filings asked to come back, served again after {back:.1f} s"})
                row.promise(f"{name}: no filing is acknowledged: {dict(filings)}", {*filings} == {"503"})
                row.promise(f"{name}: looking goes on: {dict(looks)}", not looks_go_on or {*looks} == {"200"})
                time.sleep(AT_EASE)
        judge(row, people, slowest=BOUND)
    return row


@contextmanager
def held(lock: str, place: Installation) -> Iterator[None]:
    """Another transaction holds what a statement locks."""
    with psycopg.connect(place.url) as connection:
        connection.execute(lock)
        yield
        connection.rollback()


@contextmanager
def statements_slow(place: Installation) -> Iterator[None]:
    """Storing a report takes a minute."""
    with place.operator() as connection:
        connection.execute(_SLEEP)
        connection.execute("create trigger dawdle before insert on reports for each row execute function dawdle()")
        try:
            yield
        finally:
            connection.execute("drop function dawdle cascade")


TROUBLES: tuple[tuple[str, Callable[[Installation], AbstractContextManager[None]], bool], ...] = (
    ("rows held", partial(held, "select from obligations for update"), True),
    # As a careless migration would: nobody can even read it.
    ("table held", partial(held, "lock table obligations in access exclusive mode"), False),
    ("statements slow", statements_slow, True),
)
