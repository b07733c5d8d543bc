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
from immigration.registries import records
from immigration.services import storing

_VARIABLES = """
\\set t random(3, 31)
\\set j random(1, {copies})
\\set r random(1, 1000000000000000)
"""
_RANDOM = {
    "person_id": person_id(":t::int", ":j::int"),
    "passport_id": f"(:t::bigint * {STRIDE} + :j::int)",
    "number": "('R26-4XQ2-' || :r::text)",
    "receipt": "('C26-4XQ2-' || :r::text)",
    "key": "('0b5c2f9e-7d0e-4c57-8a07-' || :r::text)",
    "period": "('report-R26-' || :r::text)",
}
_STEPS = (
    "update obligations set revision = revision + 1, {owed} where person_id = {person_id}",
    """insert into reports (number, person_id, passport_id, period, entered_on, due_on, filed_at, filed_on, status,
    assurance, subdistrict_code, address, contact, office, checks, reasons, policy_version, filing_statement,
    decided_at, decided_by) values ({number}, {person_id}, {passport_id}, {period}, {entered_on}, {due_on}, {filed_at},
    {filed_on}, {status}, {assurance}, {subdistrict_code}, {address}, {contact}, {office}, {checks}, {reasons}::text[],
    {policy_version}, {filing_statement}, {filed_at}, 'system') returning id as report_id \\gset""",
    """insert into decisions (report_id, outcome, reasons, next_due_on, policy_version, decided_by, decided_at)
    values (:report_id::bigint, 'accepted', '{{}}', {next_due_on}, {policy_version}, 'system', {filed_at})""",
    """insert into receipts (number, report_id, issued_at, next_due_on, statement)
    values ({receipt}, :report_id::bigint, {filed_at}, {next_due_on}, {decision_statement})""",
    """insert into idempotency_keys (person_id, key, body_digest, status, answer, created_at)
    values ({person_id}, {key}, {body_digest}, 201, {answer}, {filed_at})""",
    """insert into events (at, kind, subject, person_id, actor, data)
    select {filed_at}, e.kind, {number}, {person_id}, e.actor, e.data
    from jsonb_to_recordset({told}) as e (kind text, actor text, data jsonb)""",
)


def scripts(nation: Nation, values: dict[str, Any]) -> dict[str, str]:
    """The pgbench script of each limit, from the values of one filing that was written."""
    given = {name: literal(value) for name, value in values.items()} | _RANDOM
    head = _VARIABLES.format(copies=nation.people // TEMPLATES - 1)
    read = filled(records.ONE, given) + ";\n"
    write = filled(storing.DECIDED, given).replace(f" and revision = {given['revision']}", "") + ";\n"
    owed = ", ".join(f"{name} = {given['owed_' + name]}" for name in storing.OWED)
    steps = [step.format(owed=owed, **given) for step in _STEPS]
    apart = "".join(step + ("\n" if step.endswith("\\gset") else ";\n") for step in map(_one_line, steps))
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
    """A statement on one line with SQL in the place of its parameters."""
    return _one_line(re.sub(r"%\((\w+)\)s", lambda match: given[match[1]], statement))


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
