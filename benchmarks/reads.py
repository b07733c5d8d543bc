"""What officers and strangers read: the queue, a receipt, a resident by passport; by the statements the service sends.

pgbench runs each with one client, so the latency is PostgreSQL's and one trip's. A later page of the queue should cost
what the first costs. BENCH_PEOPLE sets the size; there are four times as many reports.
"""

from collections.abc import Iterator
from statistics import median
from typing import Any
from uuid import uuid4

from sqlalchemy import event, text

from benchmarks.limits import filled, latency, literal
from benchmarks.nation import NOW, Nation, application, nation, wanted
from benchmarks.report_path import ROUNDS
from benchmarks.tables import machine, say, table
from foundation.db import Database
from foundation.identity import Principal, Role
from immigration.services import look_ups, receipts
from immigration.services import queue as queues
from immigration.services.look_ups import LookUp
from immigration.services.queue import QueueFilter

BARS = {"queue, first page": 0.5, "queue, a page far in": 0.5, "receipt by number": 0.2}
LIMIT = 50


def main(people: int) -> None:
    """Measure and print."""
    with nation(people) as data:
        scripts = {name: ";\n".join(sent) + ";\n" for name, sent in _statements(data)}
        figures = {name: median(latency(data, script) for _ in range(ROUNDS)) for name, script in scripts.items()}
    say(f"\nReads in PostgreSQL, {people:,} people, {people * 4:,} reports, median of {ROUNDS} runs; {machine()}\n")
    rows = [[name, f"{ms:.2f}", f"{BARS[name]:.1f}" if name in BARS else ""] for name, ms in figures.items()]
    table(["", "ms", "bar, ms"], rows)


def _statements(data: Nation) -> Iterator[tuple[str, list[str]]]:
    """The statements that each read sends, with one set of values each."""
    database = data.database()
    application(database)  # sets the keys that seal
    office, middle, number = _samples(database)
    officer = Principal(Role.OFFICER, uuid4(), "bench", offices=frozenset({office}))

    def queue(cursor: str | None) -> Any:
        wanted = QueueFilter(status="under-review", office=office)
        return lambda s: queues.queue(s, wanted, officer=officer, now=NOW, cursor=cursor, limit=LIMIT)

    yield "queue, first page", _sent(database, queue(None))
    yield "queue, a page far in", _sent(database, queue(str(middle)))
    yield "receipt by number", _sent(database, lambda s: receipts.by_number(s, number))
    wanted = LookUp(document_number="NATION005", issuing_state="FRA", purpose="bench")
    lookup = _sent(database, lambda s: look_ups.look_up(s, wanted, officer=officer, now=NOW))
    yield (
        "resident by passport",
        [statement for statement in lookup if statement.lstrip().lower().startswith(("select", "with"))],
    )
    who = "00000000-0000-4000-8000-000000000005"
    yield (
        "a person's last 10 reports",
        _sent(
            database,
            lambda s: s.execute(text(f"select * from reports where person_id = '{who}' order by id desc limit 10")),
        ),
    )
    database.close()


def _samples(database: Database) -> tuple[str, int, str]:
    with database.read_session() as session:
        office = session.scalar(
            text("select office from reports where status = 'under-review' group by 1 order by count(*) desc limit 1")
        )
        ids = session.scalars(
            text("select id from reports where status = 'under-review' and office = :office order by id"),
            {"office": office},
        ).all()
        number = session.scalar(text("select number from receipts order by report_id limit 1 offset 1000"))
    assert office
    assert number
    return office, ids[len(ids) // 2], number


def _sent(database: Database, call: Any) -> list[str]:
    """The statements of a call, values put in."""
    statements: list[str] = []

    def keep(_c: Any, _k: Any, statement: str, values: Any, _x: Any, _m: Any) -> None:
        statements.append(filled(statement, {name: literal(value) for name, value in values.items()}))

    event.listen(database.engine, "before_cursor_execute", keep)
    with database.transaction() as session:
        call(session)
        session.rollback()
    event.remove(database.engine, "before_cursor_execute", keep)
    return statements


if __name__ == "__main__":
    main(wanted())
