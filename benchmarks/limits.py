"""What PostgreSQL itself can do: pgbench running the statements that a filing runs, for people of a nation at random.

Three limits, each with the values of one real filing and other people, numbers and keys every time:
"one trip" is the one write alone, as one statement; "two trips" the read before it too, as this service does it;
"statement by statement" what the write holds, each part as a statement of its own in a transaction, after the read.
"""

import re
import subprocess
import tempfile
from collections.abc import Mapping
from typing import Any

from psycopg import sql

from benchmarks.copies import STRIDE, person_id
from benchmarks.nation import TEMPLATES, Nation
from devtools.postgres import find_binaries
from foundation.db import Base, column_type
from immigration.registries import records
from immigration.services import storing

_VARIABLES = """
\\set t random(3, 31)
\\set j random(1, {copies})
\\set r random(1, 1000000000000000)
"""
_PERSON, _NUMBER = person_id(":t::int", ":j::int"), "('R26-4XQ2-' || :r::text)"
_RANDOM = {
    "obligations_person_id": _PERSON,
    "idempotency_keys_person_id": _PERSON,
    "reports_person_id": _PERSON,
    "reports_holder_id": _PERSON,
    "reports_passport_id": f"(:t::bigint * {STRIDE} + :j::int)",
    "reports_number": _NUMBER,
    "reports_period": "('report-R26-' || :r::text)",
    "receipts_number": "('C26-4XQ2-' || :r::text)",
    "idempotency_keys_key": "('0b5c2f9e-7d0e-4c57-8a07-' || :r::text)",
}
_READ_PARAMETERS = {"person_id": _PERSON, "key": "'0b5c2f9e-7d0e-4c57-8a07-'"}


def statements(given: Mapping[str, str]) -> list[str]:
    """What the one write of a filing holds, each part as a statement of its own, with `given` as its values."""

    def insert(table: str, more: str = "", ending: str = "") -> str:
        columns = storing.columns_written(table)
        names = ", ".join((*columns, *(["report_id"] if more else [])))
        values = ", ".join((*(_typed(table, name, given) for name in columns), *([more] if more else [])))
        return f"insert into {table} ({names}) values ({values}){ending}"

    kept = storing.columns_written("obligations")
    changes = ", ".join(f"{name} = {_typed('obligations', name, given)}" for name in kept)
    return [
        f"update obligations set revision = revision + 1, {changes} where person_id = {_PERSON}",
        insert("reports", ending=" returning id as report_id \\gset"),
        insert("decisions", ":report_id::bigint"),
        insert("receipts", ":report_id::bigint"),
        insert("idempotency_keys"),
        f"""insert into events (at, kind, subject, person_id, actor, data)
        select e.at, e.kind, {_NUMBER}, {_PERSON}, e.actor, e.data from jsonb_to_recordset({given["events"]}) as
        e (at timestamptz, kind text, actor text, data jsonb)""",
    ]


def _typed(table: str, name: str, given: Mapping[str, str]) -> str:
    model = next(model for model in Base.registry.mappers if model.class_.__tablename__ == table).class_
    return f"cast({given[f'{table}_{name}']} as {column_type(model, name)})"


def scripts(nation: Nation, values: dict[str, Any]) -> dict[str, str]:
    """The pgbench script of each limit, from the values of one filing that was written."""
    given = {name: literal(value) for name, value in values.items()} | _RANDOM
    head = _VARIABLES.format(copies=nation.people // TEMPLATES - 1)
    read = filled(records.ONE_CASE.sql, _READ_PARAMETERS) + ";\n"
    revision = f" and revision = {given['obligations_revision']}"
    write = filled(storing.STORE_ACCEPTED.sql, given).replace(revision, "") + ";\n"
    steps = map(_one_line, statements(given))
    apart = "".join(step + ("\n" if step.endswith("\\gset") else ";\n") for step in steps)
    return {
        "one trip": head + write,
        "two trips": head + read + write,
        "statement by statement": head + "begin;\n" + read + apart + "commit;\n",
    }


def literal(value: Any) -> str:
    """A value in SQL, without colons that pgbench would take for its variables."""
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    text = sql.Literal(value).as_string().strip()
    quoted, quote, kind = text.rpartition("'")
    if not re.search(r":[A-Za-z0-9_]", quoted):
        return text
    if not quoted.startswith("E"):
        quoted = "E" + quoted.replace("\\", "\\\\")
    return quoted.replace(":", "\\072") + quote + kind


def _one_line(statement: str) -> str:
    return " ".join(statement.split())


def filled(statement: str, given: Mapping[str, str]) -> str:
    """A statement on one line with SQL in the place of its parameters, `:name` or as the driver writes them."""
    return _one_line(re.sub(r"%\((\w+)\)s|(?<!:):([a-z_]+)", lambda name: given[name[1] or name[2]], statement))


def rate(nation: Nation, script: str, *, clients: int = 8, seconds: int = 4) -> float:
    """Transactions a second."""
    return pgbench(nation, script, "tps = ", "-c", str(clients), "-j", "2", "-T", str(seconds))


def latency(nation: Nation, script: str, *, seconds: int = 3) -> float:
    """Milliseconds a run of the script takes one client."""
    return pgbench(nation, script, "latency average = ", "-c", "1", "-T", str(seconds))


def pgbench(nation: Nation, script: str, figure: str, *options: str) -> float:
    """The number behind `figure` in what pgbench prints. Raises RuntimeError where a transaction failed."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [str(find_binaries() / "pgbench"), "-n", "-M", "prepared", *options, "-f", file.name, nation.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or "number of failed transactions: 0 " not in done.stdout:
        raise RuntimeError(f"pgbench failed: {done.stderr[-2000:]} {done.stdout[-500:]}")
    match = re.search(f"{figure}([0-9.]+)", done.stdout)
    assert match
    return float(match[1])
