"""What it costs a filing that the database shows a resident's request the rows of that person only (ADR 16).

Two servers have the same database; one works for the person who asks, the other for nobody in particular. People file
over HTTP, one after another, twenty at one server and twenty at the other in turn, so that a slower minute of the
machine is one for both. Commits wait for the disk. The time that passes is the median of the filings; processor time,
which is counted in hundredths of a second, is a mean. PostgreSQL's is too short beside a hundredth to be counted so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from benchmarks import load
from benchmarks.filing import requests
from benchmarks.nation import Nation, nation, wanted
from benchmarks.served import Served, served
from benchmarks.tables import machine, say, table
from operations import roles
from tests.conftest import addresses_of

FILINGS = 3_600
BLOCK = 20
WARM = 8
"""Blocks of each server before the first that counts: each process has prepared its statements by then."""
BAR = 1.15


@dataclass
class Cost:
    """What filings cost: milliseconds that each took, and seconds of processor time for all."""

    passed: list[float] = field(default_factory=list)
    processor: float = 0.0


def main() -> None:
    """Measure and print."""
    with nation(wanted(40_000)) as data:
        to_file = requests(data, FILINGS)
        as_served = _with_roles(data)
        with served(as_served) as own, served(as_served, "benchmarks.rows_of_all:application") as every:
            costs = _measure((own, every), to_file)
        data.restore()
    filings = len(costs[0].passed)
    say(f"\nA filing and the rows of one person: {data.people:,} people, {filings:,} filings each; {machine()}\n")
    measured = {
        "time that passes": [median(each.passed) for each in costs],
        "processor time of the service": [each.processor / filings * 1e3 for each in costs],
    }
    rows = [
        [name, f"{own_ms:.2f}", f"{every_ms:.2f}", f"{own_ms / every_ms:.3f}", str(BAR)]
        for name, (own_ms, every_ms) in measured.items()
    ]
    table(["a filing", "own rows, ms", "rows of all, ms", "ratio", "bar"], rows)


def _with_roles(data: Nation) -> Nation:
    """The same data as the API of production has them: by its own role, to which the limits of a session belong."""
    database = data.database()
    addresses = addresses_of(database)
    roles.grant(database, addresses)
    database.close()
    return replace(data, url=addresses.api)


def _measure(servers: tuple[Served, Served], to_file: Sequence[bytes]) -> list[Cost]:
    """What filings cost at each of the servers, which take turns."""
    costs = [Cost(), Cost()]
    for turn, block in enumerate(_blocks(to_file)):
        which = turn % 2
        server, cost = servers[which], costs[which]
        before = server.cpu()
        answers = load.run(server.port, block, connections=1)
        after = server.cpu()
        if answers.statuses != {"201": len(block)}:
            raise RuntimeError(f"not every report was taken: {answers.statuses}")
        if turn >= 2 * WARM:
            cost.passed += answers.latencies
            cost.processor += after - before
    return costs


def _blocks(to_file: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(to_file), BLOCK):
        yield to_file[start : start + BLOCK]


if __name__ == "__main__":
    main()
