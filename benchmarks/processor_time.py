"""Processor time of one filing and of the four hot reads, here and, with `--tree PATH`, in another checkout beside it.

`python -m benchmarks.processor_time [--tree PATH]`. What is measured: user and system time of the process that runs the
application, all its threads, while it handles one request; not the time of PostgreSQL's own processes. Requests are
made beforehand as WSGI environments and handed to the application in the same process, so neither a client nor a server
is part of the figure. Each checkout runs in a child process of its own, on a database of its own in one embedded
PostgreSQL (which does not wait for the disk). The rounds alternate between the checkouts, and the ratio is the median
of the ratios of the single rounds, so that a slower minute of the machine does not look like slower code.

A checkout is driven through its HTTP API, `flask` commands and environment variables only, so that any version that has
these can be measured: see `measured_tree.py`. BENCH_PEOPLE (2,000), BENCH_ROUNDS (9) and BENCH_REQUESTS (40 filings a
round, and five times as many of each read) set the sizes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measured_tree import QUEUED
from benchmarks.tables import machine, say, table
from devtools.postgres import temporary_server

ROOT = Path(__file__).resolve().parents[1]
CHILD = Path(__file__).with_name("measured_tree.py")
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "2000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "9"))
FILINGS = int(os.environ.get("BENCH_REQUESTS", "40"))
OPERATIONS = {
    "filing": "POST /reports",
    "stay": "GET /me/stay",
    "reports": "GET /reports",
    "receipt": "GET /reports/{number}/receipt",
    "queue": "GET /review/reports",
}
BAR = 1.05
"""The ratio to the other checkout that a change should not exceed."""
Round = dict[str, float]


@dataclass(frozen=True)
class Tree:
    """A checkout whose application runs in a child process."""

    path: Path
    process: "subprocess.Popen[str]"

    def ask(self, **request: Any) -> Any:
        """Send one request and return the answer. Raises RuntimeError where the child ended instead."""
        assert self.process.stdin
        assert self.process.stdout
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the measurement in {self.path} failed: exit code {self.process.wait()}")
        return json.loads(answer)


@contextmanager
def started(path: Path, database_url: str) -> Iterator[Tree]:
    """Start a child process in a checkout; it imports the code from there and nothing from here."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    with tempfile.TemporaryDirectory() as folder:
        environment = kept | {
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a-secret-of-the-benchmarks-that-is-long-enough",
            "DEV_NOW": "2026-11-24T03:00:00Z",
            "PYTHONPATH": str(path),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
        }
        command = [sys.executable, "-P", str(CHILD), folder]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        process = subprocess.Popen(command, cwd=path, env=environment, text=True, **pipes)  # type: ignore[call-overload]
        try:
            yield Tree(path, process)
        finally:
            with suppress(BrokenPipeError):  # the child ended before it read its last request
                process.stdin.close()
            process.wait(30)
            process.stdout.close()


def measure(paths: Sequence[Path]) -> list[list[Round]]:
    """Seconds of processor time a request, by operation, for each round of each checkout.

    The first round warms up and is dropped.
    """
    with temporary_server() as server, ExitStack() as stack:
        trees = [
            stack.enter_context(started(path, server.ensure_database(f"bench{number}")))
            for number, path in enumerate(paths)
        ]
        for tree in trees:
            say(f"Preparing {PEOPLE:,} people in {tree.path} ...")
            tree.ask(prepare=PEOPLE)
        rounds: list[list[Round]] = [[] for _ in trees]
        for number in range(ROUNDS + 1):
            order = range(len(trees)) if number % 2 else reversed(range(len(trees)))
            for which in order:
                rounds[which].append(trees[which].ask(filings=FILINGS))
    return [taken[1:] for taken in rounds]


def rows(rounds: Sequence[Sequence[Round]]) -> list[list[str]]:
    """The table's rows: microseconds here; with another checkout also there, and the ratio of here to there."""
    lines = []
    for name, operation in OPERATIONS.items():
        line = [operation, *(f"{median(each[name] for each in taken) * 1e6:,.0f}" for taken in rounds)]
        if len(rounds) == 2:
            ratio = median(here[name] / there[name] for here, there in zip(*rounds, strict=True))
            line += [f"{ratio:.3f}", f"{BAR:.2f}"]
        lines.append(line)
    return lines


def main(arguments: Sequence[str]) -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.processor_time")
    parser.add_argument("--tree", type=Path, help="another checkout to measure alternately with this one")
    tree = parser.parse_args(arguments).tree
    needed = QUEUED + FILINGS * (ROUNDS + 1)
    if needed > PEOPLE:
        sys.exit(f"BENCH_PEOPLE is {PEOPLE}: {needed} people file, in {ROUNDS + 1} rounds and for the queue")
    try:
        rounds = measure([ROOT, *([tree.resolve()] if tree else [])])
    except RuntimeError as error:
        sys.exit(str(error))
    say(f"\nProcessor time of the application, {PEOPLE:,} people, median of {ROUNDS} rounds; {machine()}")
    say(f"{FILINGS} filings and {5 * FILINGS} of each read a round; PostgreSQL's own time is not included\n")
    table(["", "µs", *(["µs there", "here / there", "bar"] if tree else [])], rows(rounds))


if __name__ == "__main__":
    main(sys.argv[1:])
