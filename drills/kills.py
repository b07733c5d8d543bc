"""Drill: processes of the installation are killed at random while residents file. No acknowledged report is lost.

A kill comes when the next few reports are acknowledged, so the kills are spread evenly over the work; some follow the
one before at once, while processes are still starting.
"""

import random
import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from functools import partial

import psutil
from sqlalchemy import text

from drills.calls import REQUEST_TIMEOUT, Caller, Failures, NoAnswer, Shared, file_until_answered, start_threads
from drills.expected_records import ExpectedRecords, compare, repeat_all
from drills.installation import Installation, TimedOut, eventually, installation
from drills.messages import TOO_SOON, Deliveries, FileWatcher, deliveries
from drills.residents import Resident, add
from drills.rows import Row
from drills.sizes import Sizes
from drills.supervision import SupervisedProcess
from foundation.clock import monotonic
from notifications.rules import LEASE

CLIENTS = 8
SOON = 0.15  # share of kills that follow the one before within a second
WORKERS = 2
LIKELY = {"API server": 15, "API process": 25, "worker": 17, "both workers": 8, "one backend": 17, "PostgreSQL": 18}
AGAIN = 2_500  # acknowledged reports that are sent once more afterwards, and one in eight of very many
SETTLED = 600  # seconds
ON_ITS_WAY = 4  # seconds, a little longer than a worker's pause between two rounds of sending
_WAITING = text(
    """select (select count(*) from events_to_relay)
    + (select count(*) from notifications where status = 'pending' and settled_at is null)"""
)


def run(sizes: Sizes) -> Row:
    """The drill: a row."""
    row = Row("kills")
    with installation(apis=2, workers=WORKERS) as system:
        residents = add(system, sizes.reports)
        expected, failures, watch = ExpectedRecords(), Failures(), FileWatcher(system.pushed)
        killer = Killer(system, sizes, expected, watch)
        began = monotonic()
        clients = _file_all(system, residents, expected, failures, sizes.seed)
        killer.run()
        for client in clients:
            client.join()
        took = monotonic() - began
        system.await_ready()
        ahead_from = _settle(system, watch)
        row.figure(kills=sum(killer.done.values()), **dict(killer.done), acknowledged=len(expected))
        row.figure(load_seconds=round(took, 1), met=failures)
        _check_answers(row, system, expected, failures, sizes)
        _check_messages(row, deliveries(system, watch, ahead_from=ahead_from), len(expected))
    return row


class Killer:
    """Kills one process after the other, as reports are acknowledged."""

    def __init__(self, system: Installation, sizes: Sizes, expected: ExpectedRecords, watch: FileWatcher) -> None:
        self.done: Counter[str] = Counter()
        self._system, self._expected, self._watch, self._kills = system, expected, watch, sizes.kills
        self._between = sizes.reports / sizes.kills
        self._chance = random.Random(f"kills {sizes.seed}")

    def run(self) -> None:
        """Return after the last kill."""
        for number in range(self._kills):
            soon = self._chance.random() < SOON
            due = (number + self._chance.random()) * self._between
            if soon:
                time.sleep(self._chance.uniform(0.05, 1))
            else:
                eventually(partial(self._filed, due), 300, "reports go on")
            self._kill_one()

    def _filed(self, due: float) -> bool:
        return len(self._expected) >= due

    def _kill_one(self) -> None:
        kind = self._chance.choices([*LIKELY], [*LIKELY.values()])[0]
        try:
            eventually(partial(self._killed, kind), 60, f"there is a {kind} to kill")
        except TimedOut as error:
            state = "runs" if self._system.cluster.server.is_running() else "does not run"
            raise TimedOut(f"{error}; PostgreSQL {state}; kills until then {dict(self.done)}") from error
        self.done[kind] += 1

    def _killed(self, kind: str) -> bool:
        system = self._system
        if kind == "PostgreSQL":
            return system.cluster.kill()
        if kind == "API server":
            return self._chance.choice(system.apis).kill()
        if kind in ("worker", "both workers"):
            self._await_message()
            victims = system.workers if kind == "both workers" else [self._chance.choice(system.workers)]
            return any([worker.kill() for worker in victims])
        some = system.cluster.backends() if kind == "one backend" else _processes(system.apis)
        return bool(some) and _kill(self._chance.choice(some))

    def _await_message(self) -> None:
        """Wait a little for a message to reach the provider: the rest of its batch is being sent then."""
        before, until = self._watch.size, monotonic() + ON_ITS_WAY
        while self._watch.size == before and monotonic() < until:
            time.sleep(0.002)


def _processes(parts: list[SupervisedProcess]) -> list[psutil.Process]:
    return [child for part in parts for child in part.children()]


def _kill(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        process.kill()
        return True
    return False


def _file_all(
    system: Installation, residents: list[Resident], expected: ExpectedRecords, failures: Failures, seed: int
) -> list[threading.Thread]:
    """Start clients that file once for each resident, each under its own key."""
    queue = Shared(enumerate(residents))

    def client(number: int) -> None:
        caller, chance = Caller(system.ports, number), random.Random(f"client {seed} {number}")
        for form, resident in queue:
            try:
                answer, seconds = file_until_answered(
                    caller, resident, f"key-{form}", form, chance=chance, failures=failures
                )
            except NoAnswer as error:
                failures.add(f"gave up: {error}")
                continue
            expected.add(resident, f"key-{form}", form, answer, seconds)

    return start_threads(CLIENTS, client)


def _settle(system: Installation, watch: FileWatcher) -> int:
    """Let new workers finish; the size of the provider's file before that.

    Their clock is ahead, so that the leases of killed workers have expired.
    """
    system.end_workers()
    before = watch.size
    system.start_workers(WORKERS, ahead=LEASE + timedelta(minutes=1))

    def nothing_waits() -> bool:
        with system.database.read_session() as session:
            return not session.scalar(_WAITING)

    eventually(nothing_waits, SETTLED, "every event is relayed and every message settled")
    watch.stop()
    return before


def _check_answers(row: Row, system: Installation, expected: ExpectedRecords, failures: Failures, sizes: Sizes) -> None:
    """Compare the answers of clients with the stored rows."""
    stored, count = compare(system, expected), min(len(expected), max(AGAIN, len(expected) // 8))
    again = repeat_all(system, random.Random(f"sample {sizes.seed}").sample(expected.entries, count), sizes.seed)
    wrong = stored.wrong_receipts + again.unverified
    row.figure(lost=stored.lost, doubled=stored.doubled, wrong_receipts=wrong)
    row.figure(asked_again=again.asked, other_answers=again.different)
    shares = {"p50": 0.5, "p99": 0.99, "worst": 1.0}
    row.figure(**{name: f"{expected.latency(share):.3f} s" for name, share in shares.items()})
    row.require("every report is acknowledged in the end", len(expected) == sizes.reports)
    row.require(f"no client gets another answer than 201 or 503: {dict(expected.odd)}", not expected.odd)
    row.require(f"no answer is an error other than 503 with Retry-After: {failures}", not failures.wrong)
    row.require("what was acknowledged is stored", stored.lost == 0)
    row.require("no resident has two reports, no key has two answers", stored.doubled == 0)
    row.require("every receipt is there, verifies, and is of its own report", wrong == 0)
    row.require("the same key gets the same answer, to the byte", again.asked == count and again.different == 0)
    row.require(
        f"nothing hangs: every request is answered or cut off within {REQUEST_TIMEOUT:.0f} s", not failures.timeouts
    )


def _check_messages(row: Row, sent: Deliveries, decided: int) -> None:
    """Compare the messages at the provider with the decisions."""
    row.figure(sent=sent.sent, never_sent=sent.never)
    row.figure(sent_twice=f"{sent.twice} ({sent.twice / max(sent.sent, 1):.2%})", too_soon=sent.too_soon)
    row.require("every decision is sent at least once", sent.never == 0 and sent.sent == decided)
    row.require("every message is of a decision, and reaches the phone of its own person", sent.misdirected == 0)
    row.require(f"no message is sent again within {TOO_SOON} s", sent.too_soon == 0)
