"""`POST /reports` beside the same work in FastAPI with asyncpg and in Django REST framework, all behind granian.

All share rules, sealing and signing, and write the same rows; framework and data access differ.
"""

from statistics import median

from benchmarks import filing, load
from benchmarks.nation import Nation, nation, wanted
from benchmarks.report_path import REQUESTS, ROUNDS
from benchmarks.served import served
from benchmarks.tables import machine, say, table

SERVICE = "this service"
APPLICATIONS = {
    SERVICE: ("app:application", "wsgi"),
    "FastAPI and asyncpg, a statement for each thing": ("benchmarks.peers.fastapi_app:plain", "asgi"),
    "FastAPI and asyncpg, with our two statements": ("benchmarks.peers.fastapi_app:terse", "asgi"),
    "Django REST framework and its ORM": ("benchmarks.peers.drf_app:application", "wsgi"),
}
BARS = {"FastAPI and asyncpg, a statement for each thing": 1.3, "Django REST framework and its ORM": 5.0}


def main(people: int) -> None:
    """Measure and print."""
    with nation(people) as data:
        rounds = [{name: _measure(data, *how) for name, how in APPLICATIONS.items()} for _ in range(ROUNDS)]
    say(f"\nPOST /reports beside peers, {people:,} people, {ROUNDS} rounds of {REQUESTS:,} filings; {machine()}\n")
    rows = []
    for name in APPLICATIONS:
        rates = [each[name][0] for each in rounds]
        ratio = median(each[SERVICE][0] / each[name][0] for each in rounds)
        numbers = [median(each[name][n] for each in rounds) for n in (1, 2, 3)]
        bar = f"{BARS[name]:.1f}" if name in BARS else ""
        rows.append([name, f"{median(rates):,.0f}", f"{ratio:.2f}", bar, *(f"{n:,.1f}" for n in numbers)])
    table(["", "a second", "service / it", "bar", "p50 ms", "p99 ms", "CPU µs each"], rows)


def _measure(data: Nation, target: str, interface: str) -> tuple[float, float, float, float]:
    with served(data, target, interface=interface) as peer:
        _check(load.run(peer.port, filing.requests(data, REQUESTS // 4)))
        requests, before = filing.requests(data, REQUESTS), peer.cpu()
        result = load.run(peer.port, requests)
        used = (peer.cpu() - before) / REQUESTS * 1e6
    _check(result)
    data.restore()
    return result.rate, result.percentile(0.5), result.percentile(0.99), used


def _check(result: load.Load) -> None:
    if set(result.statuses) != {"201"}:
        raise RuntimeError(f"not every filing was taken: {result.statuses}")


if __name__ == "__main__":
    main(wanted())
