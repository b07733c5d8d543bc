"""What it costs a filing that the database shows a resident's request the rows of that person only (ADR 16).

The same process files for one person after another, some with and some without: in turn, ten at a time, so that a
slower minute of the machine is one for both. Requests go through Flask's test client, as the API's own role. Time that
passes and processor time of the application are medians of the tens; the processor time of PostgreSQL, which is counted
in hundredths of a second, is a mean. BENCH_PEOPLE (1,800) is how many people file.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import environ
from statistics import mean, median
from time import perf_counter, process_time
from unittest.mock import patch

from flask import Flask
from sqlalchemy import text

import foundation.services
from benchmarks.served import connections_cpu
from benchmarks.tables import machine, say, table
from devtools.postgres import Server, temporary_server
from foundation.db import Database
from operations.services import services_of
from tests.conftest import application, as_served, make_tables
from tests.factories import Resident, activate, load, row

PEOPLE = int(environ.get("BENCH_PEOPLE", "1800"))
BLOCK = 10
WARM = 4
"""Blocks of each kind before the first that counts."""
BAR = 1.15


def main() -> None:
    """Measure and print."""
    with temporary_server() as server:
        database = Database(server.ensure_database("rows"))
        make_tables(database)
        app = application(as_served(database))
        found: dict[bool, list[tuple[float, float, float]]] = {True: [], False: []}
        for turn, people in enumerate(_blocks(_people(app))):
            shown_own_only = bool(turn % 2)
            with _as_asked(shown_own_only):
                found[shown_own_only].append(_measure(server, people))
        database.close()
    say(f"\nA filing and the rows of one person, {PEOPLE:,} people, {BLOCK} at a time in turn; {machine()}\n")
    own, every = (list(zip(*found[which][WARM:], strict=True)) for which in (True, False))
    head = ["a filing", "own rows, µs", "without, µs", "ratio", "bar"]
    rows = []
    names = ("time that passes", "processor time of the application", "processor time of PostgreSQL")
    for name, middle, *measured in zip(names, (median, median, mean), own, every, strict=True):
        one, other = (middle(each) for each in measured)
        rows.append([name, f"{one:,.0f}", f"{other:,.0f}", f"{one / other:.3f}", str(BAR)])
    table(head, rows)


def _people(app: Flask) -> list[Resident]:
    """People whose window is open, signed in; the tables are analyzed, as where a service has run for a while."""
    numbers = [f"T{number:06}" for number in range(PEOPLE)]
    load(app, "passports", *(row("passports", document_number=number) for number in numbers))
    stays = [
        row("movements", document_number=number, movement_id=f"M-{number}", occurred_on="2026-09-01")
        for number in numbers
    ]
    load(app, "movements", *stays)
    people = [activate(app, number, assurance="counter") for number in numbers]
    with services_of(app).database.engine.begin() as connection:
        connection.execute(text("analyze"))
    return people


def _blocks(people: Sequence[Resident]) -> list[Sequence[Resident]]:
    return [people[start : start + BLOCK] for start in range(0, len(people), BLOCK)]


@contextmanager
def _as_asked(own_rows_only: bool) -> Iterator[None]:
    """Serve requests as they are served, or for nobody in particular."""
    if own_rows_only:
        yield
    else:
        with patch.object(foundation.services, "_asking_person", lambda: None):
            yield


def _measure(server: Server, people: Sequence[Resident]) -> tuple[float, float, float]:
    """Microseconds that a filing takes, and those of processor time, of this process and of PostgreSQL."""
    before = (perf_counter(), process_time(), connections_cpu(server))
    for each in people:
        assert each.file().status_code == 201
    after = (perf_counter(), process_time(), connections_cpu(server))
    passed, used, beside = ((then - now) / len(people) * 1e6 for now, then in zip(before, after, strict=True))
    return passed, used, beside


if __name__ == "__main__":
    main()
