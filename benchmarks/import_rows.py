"""Importing records, every row checked and sealed, beside psql's raw `\\copy` of the same rows into the same tables.

The raw copy gets what the import made: values typed and sealed, people and passports known, nothing to check or join.
BENCH_ROWS sets the size; both are timed in turn on tables that are empty but for what the rows need.
"""

import csv
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import text

from benchmarks.nation import NOW, application
from benchmarks.tables import machine, say, table
from devtools.postgres import find_binaries, temporary_server
from foundation.db import Database
from immigration.rules.rows import KINDS
from immigration.services import records, refreshing
from operations import migrating
from operations.services import services_of
from tests.factories import row

ROWS = int(os.environ.get("BENCH_ROWS", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
BAR = 0.3
BAD = 1000
"""One row in so many is bad."""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, _database() as database:
        directory = Path(folder)
        directory.chmod(0o755)
        _write(directory)
        rounds = [_round(database, directory) for _ in range(ROUNDS)]
    say(f"\nImport of {ROWS:,} rows, one in {BAD:,} of them bad, {ROUNDS} rounds; {machine()}\n")
    rows = []
    for what in ("passports", "movements"):
        ours, raw = (median(each[what][n] for each in rounds) for n in (0, 1))
        ratio = median(each[what][1] / each[what][0] for each in rounds)
        rows.append([what, f"{ROWS / ours:,.0f}", f"{ROWS / raw:,.0f}", f"{ratio:.2f}", f"{BAR:.1f}"])
    table(["", "import, rows/s", "\\copy, rows/s", "import / \\copy", "bar"], rows)
    refreshed = median(each["refresh"][0] for each in rounds)
    say(f"The obligations of these people were then computed for {ROWS / refreshed:,.0f} a second, by one process.\n")


@contextmanager
def _database() -> Iterator[Database]:
    with temporary_server() as server:
        server.ensure_database("bench")
        database = Database(server.url("bench"), statement_timeout=0)
        migrating.bring_up_to_date(database)
        yield database
        database.close()


def _write(directory: Path) -> None:
    """A passport for each person, and an arrival of each."""
    arrived = NOW.date() - timedelta(days=60)
    for kind in ("passports", "movements"):
        with (directory / f"{kind}.csv").open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(KINDS[kind].columns)
            for n in range(ROWS):
                own = {"document_number": f"B{n:08}", "issuing_state": "FRA"}
                if kind == "movements":
                    own |= {"movement_id": f"M{n:09}", "occurred_on": str(arrived)}
                if n % BAD == BAD - 1:
                    own["expires_on" if kind == "passports" else "occurred_on"] = "31/12/2030"
                lines.writerow(row(kind, **own)[column] for column in KINDS[kind].columns)


def _round(database: Database, directory: Path) -> dict[str, tuple[float, float]]:
    """Seconds that each took: the import, and the raw copy of what it made."""
    with database.engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))  # some tables may not be emptied
        connection.execute(text("truncate people, obligations, passports, movements, events cascade"))
    app = application(database)
    imported = {kind: _import(app, directory, kind) for kind in ("passports", "movements")}
    refreshed = _refresh(app)
    for kind in ("movements", "passports"):
        _psql(database, f"\\copy {kind} to '{directory}/{kind}.raw' csv")
        with database.engine.begin() as connection:
            connection.execute(text("set local session_replication_role = replica"))
            connection.execute(text(f"truncate {kind} cascade"))
    raw = {kind: (imported[kind], _raw(database, directory, kind)) for kind in ("passports", "movements")}
    return raw | {"refresh": (refreshed, refreshed)}


def _import(app: Any, directory: Path, kind: str) -> float:
    context, database, now = services_of(app).filing, services_of(app).database, services_of(app).clock()
    began = perf_counter()
    with (directory / f"{kind}.csv").open("rb") as file:
        rejects = directory / f"{kind}.rejected.csv"
        outcome = records.import_rows(database, kind, file, rejects=rejects, law=context.law, now=now)
    took = perf_counter() - began
    if outcome.counts["rejected"] < ROWS // BAD:
        raise RuntimeError(f"{outcome}: {ROWS // BAD} bad rows were expected")
    return took


def _refresh(app: Any) -> float:
    """Seconds to compute all obligations, after the tables were analyzed."""
    context, database = services_of(app).filing, services_of(app).database
    with database.engine.begin() as connection:
        connection.execute(text("analyze"))
    began = perf_counter()
    refreshing.refresh(database, records=context.records, law=context.law, now=services_of(app).clock(), actor="bench")
    return perf_counter() - began


def _raw(database: Database, directory: Path, kind: str) -> float:
    began = perf_counter()
    _psql(database, f"\\copy {kind} from '{directory}/{kind}.raw' csv")
    return perf_counter() - began


def _psql(database: Database, command: str) -> None:
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    subprocess.run([str(find_binaries() / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-c", command, url], check=True)


if __name__ == "__main__":
    main()
