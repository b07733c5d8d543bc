"""The demo country as it was loaded, for tests that begin anew while the service goes on running."""

import time
from collections.abc import Callable

import psycopg
from psycopg import sql

from foundation.db import Base

OF_THE_PROCESSES = {"channel_states", "heartbeats", "key_checks", "leases", "round_records", "signing_keys"}
"""Tables of what runs, not of the country: the processes rely on them."""
TRIES = 20


def kept(database_url: str) -> Callable[[], None]:
    """Copy the rows of all tables; the answer puts them back."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in OF_THE_PROCESSES]
    names = [sql.Identifier(table.name) for table in tables]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create schema kept")
        for name in names:
            connection.execute(sql.SQL("create table kept.{0} as table public.{0}").format(name))

    def put_back() -> None:
        with psycopg.connect(database_url) as connection:
            connection.execute("set local session_replication_role = replica")  # some tables may not be emptied
            connection.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(names)))
            for table, name in zip(tables, names, strict=True):
                # What the database generates from other columns it generates anew.
                own = sql.SQL(", ").join(sql.Identifier(each.name) for each in table.columns if each.computed is None)
                line = "insert into public.{0} ({1}) overriding system value select {1} from kept.{0}"
                connection.execute(sql.SQL(line).format(name, own))

    def begin_anew() -> None:
        """Numbers are not given out a second time: what the processes have seen of them stays true."""
        for left in reversed(range(TRIES)):
            try:
                return put_back()
            except psycopg.errors.DeadlockDetected:  # with a round of the worker
                if not left:
                    raise
                time.sleep(0.2)

    return begin_anew
