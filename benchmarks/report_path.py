"""`POST /reports` behind the production server beside what PostgreSQL can do with the same statements.

BENCH_PEOPLE, BENCH_ROUNDS and BENCH_REQUESTS set the sizes. Each round measures the limits and the service in turn; the
table has the medians over the rounds of each round's ratios.
"""

import os
from statistics import median
from typing import Any

from benchmarks import filing, forms, limits, load
from benchmarks.nation import NOW, Nation, application, nation, wanted
from benchmarks.served import served
from benchmarks.tables import machine, say, table
from foundation.identity import Principal, Role
from immigration.schemas.reports import filed_json
from immigration.services import judging, reports, storing
from operations.services import services_of

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "3000"))
BARS = {"one trip": (0.22, 0.33), "statement by statement": (0.35, 0.50)}


def written(country: Nation) -> dict[str, Any]:
    """The values of one filing, as the service would write them."""
    ((person, code),) = filing.people(country, 1)
    submission = forms.submission(code, "0b5c2f9e-7d0e-4c57-8a07-000000000000")
    database = country.database()
    context = services_of(application(database)).filing
    with database.read_session() as session:
        case = context.records.case(session.connection(), person)
    assert case is not None
    office = judging.office_of(submission.form.address)
    assert office is not None
    author = Principal(Role.RESIDENT, person, assurance="counter")
    filed = reports.write_up(case, submission, office, author=author, context=context, now=NOW)
    database.close()
    return storing.parameters(filed, filed_json(filed))


def main(people: int) -> None:
    """Measure and print."""
    with nation(people) as country, served(country) as service:
        scripts = limits.scripts(country, written(country))
        load.run(service.port, filing.requests(country, REQUESTS // 2))
        rounds = [_round(country, service, scripts) for _ in range(ROUNDS)]
    say(f"\nPOST /reports, {people:,} people, {ROUNDS} rounds of {REQUESTS:,} filings; {machine()}")
    say("granian with 2 workers, PostgreSQL on the same machine by Unix socket, load from the same machine\n")
    table(["", "a second", "service / it", "first bar", "last bar"], _rows(rounds))
    say(
        f"Latency of the service at 16 connections: p50 {median(f['p50'] for f in rounds):.1f} ms, "
        f"p99 {median(f['p99'] for f in rounds):.1f} ms (bars 40 ms, 20 ms); "
        f"{median(f['cpu'] for f in rounds):,.0f} µs of processor time a request\n"
    )


def _round(country: Nation, service: Any, scripts: dict[str, str]) -> dict[str, float]:
    rates = {name: limits.rate(country, script) for name, script in scripts.items()}
    country.restore()
    requests, before = filing.requests(country, REQUESTS), service.cpu()
    came = load.run(service.port, requests)
    if set(came.statuses) != {"201"}:
        raise RuntimeError(f"not every filing was taken: {came.statuses}")
    used = (service.cpu() - before) / REQUESTS * 1e6
    country.restore()
    return rates | {"service": came.rate, "p50": came.percentile(0.5), "p99": came.percentile(0.99), "cpu": used}


def _rows(rounds: list[dict[str, float]]) -> list[list[str]]:
    rows = [["this service", f"{median(f['service'] for f in rounds):,.0f}", "", "", ""]]
    for name in ("statement by statement", "two trips", "one trip"):
        ratio = median(f["service"] / f[name] for f in rounds)
        bars = [f"{bar:.2f}" for bar in BARS.get(name, ())] or ["", ""]
        rows.append([f"pgbench, {name}", f"{median(f[name] for f in rounds):,.0f}", f"{ratio:.2f}", *bars])
    return rows


if __name__ == "__main__":
    main(wanted())
