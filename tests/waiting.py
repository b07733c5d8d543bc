"""Waits until backends of PostgreSQL wait for a lock or for replication, as tests of concurrency need."""

import time

import psycopg
from sqlalchemy import URL, make_url

LONGEST = 10  # seconds
_WAITING = "select pid from pg_stat_activity where datname = current_database() and wait_event_type || wait_event ~ %s"


def await_waiting_backends(url: str | URL, wait_event: str, count: int = 1) -> list[int]:
    """Return the process ids of the `count` backends of a database that wait for `wait_event`, once there are so many.

    `wait_event` is a regular expression: "Lock", or "SyncRep" for a commit that waits for its replication. Raises
    AssertionError after LONGEST seconds.
    """
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    until = time.monotonic() + LONGEST
    with psycopg.connect(plain, autocommit=True) as connection:
        while time.monotonic() < until:
            waiting = [pid for (pid,) in connection.execute(_WAITING, [wait_event])]
            if len(waiting) == count:
                return waiting
            time.sleep(0.01)
    raise AssertionError(f"not {count} backends wait for {wait_event}")
