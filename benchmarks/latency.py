"""How long people wait, at the size of a nation: reads and filings mixed, behind the production server.

The bars are a fifth of OpenCRVS's gates (reads 50/150/300 ms, writes 100/300/500 ms at the 50th, 95th and 99th of a
hundred, at a million records). BENCH_PEOPLE sets the size; four reads go with each filing.
"""

import json
import secrets
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from statistics import median
from uuid import UUID

from sqlalchemy import text

from benchmarks import filing, load
from benchmarks.nation import Nation, nation, wanted
from benchmarks.report_path import REQUESTS, ROUNDS
from benchmarks.served import served
from benchmarks.tables import machine, say, table
from immigration.rules.numbers import receipt_number

CONNECTIONS = 8
WRITES = "file a report"
BARS = {"read": (10, 30, 60), "write": (20, 60, 100)}
SHARES = (0.5, 0.95, 0.99)


def main(people: int) -> None:
    """Measure and print."""
    figures: dict[str, list[list[float]]] = defaultdict(list)
    with nation(people) as data, served(data) as service:
        load.run(service.port, filing.requests(data, REQUESTS // 4))
        for _ in range(ROUNDS):
            data.restore()
            for what, latencies in _round(data, service.port).items():
                ordered = sorted(latencies)
                figures[what].append([ordered[int(len(ordered) * share)] for share in SHARES])
        data.restore()
    say(f"\nLatency, {people:,} people, {people * 4:,} reports, {CONNECTIONS} connections, {ROUNDS} rounds")
    say(f"of {REQUESTS:,} requests; {machine()}\n")
    rows = []
    for what, each in figures.items():
        bars = BARS["write" if what == WRITES else "read"]
        rows.append([what, *(f"{median(column):.1f}" for column in zip(*each, strict=True)), "/".join(map(str, bars))])
    table(["", "p50 ms", "p95 ms", "p99 ms", "bars ms"], rows)


def _round(data: Nation, port: int) -> dict[str, list[float]]:
    """The latencies of each kind, all kinds mixed."""
    count = REQUESTS // 5
    who = [person for person, _ in filing.people(data, count)]
    held = filing.tokens(data, who)
    kinds = {
        "my stay": [_get("/api/v1/me/stay", held[person]) for person in who],
        "my reports": [_get("/api/v1/reports", held[person]) for person in who],
        "my messages": [_get("/api/v1/notifications", held[person]) for person in who],
        "verify a receipt": [_verify(number) for number in _receipts(data, who)],
        WRITES: filing.requests(data, count),
    }
    names = list(kinds)
    mixed = list(chain.from_iterable(zip(*kinds.values(), strict=True)))
    result = load.run(port, mixed, connections=CONNECTIONS)
    if not set(result.statuses) <= {"200", "201"}:
        raise RuntimeError(f"not every request was answered well: {result.statuses}")
    latencies: dict[str, list[float]] = defaultdict(list)
    for place, latency in result.by_request:
        latencies[names[place % len(names)]].append(latency)
    return latencies


def _get(path: str, token: str = "") -> bytes:
    return load.request("GET", path, {"Authorization": f"Bearer {token}"} if token else {})


def _verify(number: str) -> bytes:
    return load.request("POST", "/api/v1/receipts/verify", {}, json.dumps({"receipt": number}).encode())


def _receipts(data: Nation, who: list[UUID]) -> Sequence[str]:
    """The number of a receipt of each person, which is first given one with a good check character."""
    old = """select r.id from unnest(cast(:who as uuid[])) w
        cross join lateral (select id from reports where person_id = w order by id limit 1) r"""
    give = """update receipts c set number = n.number from unnest(cast(:ids as bigint[]), cast(:numbers as text[]))
        as n (report_id, number) where c.report_id = n.report_id"""
    database = data.database()
    with database.transaction() as session:
        ids = session.scalars(text(old), {"who": who}).all()
        given = [receipt_number(secrets.token_bytes(12)) for _ in ids]
        session.execute(text("set local session_replication_role = replica"))  # receipts may only be added to
        session.execute(text(give), {"ids": list(ids), "numbers": given})
    database.close()
    return given


if __name__ == "__main__":
    main(wanted())
