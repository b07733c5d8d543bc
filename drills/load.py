"""Clients that file and read while the database has a fault, and record every answer with its time."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from drills.calls import Answer, Caller, Failures, NoAnswer, file, file_until_answered, start_threads
from drills.expected_records import ExpectedRecords, compare
from drills.installation import Installation, eventually
from drills.residents import Resident, add
from drills.rows import Row
from foundation.clock import monotonic

CLIENTS = 12
RESIDENTS = 2_500  # more than the clients can file for while a drill lasts
READS = ("/me/stay", "/reports", "/notifications")
PAUSE = 0.1  # seconds between two requests of one client
CALM = 2  # seconds without a fault, which tell how quick this machine is
BACK = 30  # seconds until the service answers again
FILING = "filing"


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer: its time, the path of its request or FILING, and the answer; None for a broken connection."""

    received_at: float
    request: str
    answer: Answer | None

    @property
    def outcome(self) -> str:
        """The status of the answer; a 503 without Retry-After is an outcome of its own."""
        if self.answer is None:
            return "no answer"
        proper = self.answer.status != 503 or self.answer.asks_to_retry
        return str(self.answer.status) if proper else "503 without Retry-After"

    @property
    def sent_at(self) -> float:
        """When the request was sent."""
        return self.received_at - (self.answer.seconds if self.answer else 0)


@dataclass
class Load:
    """The running clients. Each files for one resident after the other, and reads stay, reports and inbox.

    `usual` is the slowest answer, in seconds, before there was a fault.
    """

    system: Installation
    residents: list[Resident]
    expected: ExpectedRecords = field(default_factory=ExpectedRecords)
    observations: list[Observation] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    usual: float = 0
    _next: Iterator[int] = field(default_factory=itertools.count)
    _waiting: dict[int, int] = field(default_factory=dict)

    def work(self, number: int) -> None:
        """Run one client until `over` is set."""
        caller = Caller(self.system.ports, number)
        self._waiting[number] = next(self._next)
        for turn in itertools.count(number):
            if self.over.wait(PAUSE):
                return
            if turn % 3:
                self._file(caller, number)
            else:
                who, path = self.residents[self._waiting[number]], READS[turn // 3 % len(READS)]
                self._record(path, partial(caller.ask, "GET", path, token=who.token))

    def finish(self) -> None:
        """File for the residents who had no final answer yet."""
        caller, chance = Caller(self.system.ports), random.Random(0)
        for person in self._waiting.values():
            who, key = self.residents[person], f"key-{person}"
            answer, took = file_until_answered(
                caller, who, key, person, chance=chance, failures=Failures(), disconnects=0
            )
            self.expected.add(who, key, person, answer, took)

    def during(self, begin: float, end: float, request: str = "") -> Counter[str]:
        """The outcomes of requests sent and answered between two times, of one request only if it is named."""
        within = (each for each in [*self.observations] if begin <= each.sent_at and each.received_at <= end)
        return Counter(each.outcome for each in within if request in ("", each.request))

    def slowest(self, since: float = 0) -> float:
        """The longest time that an answer to a request since then took, in seconds."""
        seconds = (each.answer.seconds for each in [*self.observations] if each.answer and each.sent_at >= since)
        return max(seconds, default=0)

    def await_service(self, since: float) -> float:
        """Wait until a report sent after a time is acknowledged; the seconds from there to its answer."""

        def served() -> bool:
            return any(s.request == FILING and s.outcome == "201" and s.sent_at > since for s in [*self.observations])

        eventually(served, BACK, "a report is acknowledged again")
        return (
            next(
                s.received_at
                for s in self.observations
                if s.request == FILING and s.outcome == "201" and s.sent_at > since
            )
            - since
        )

    def _file(self, caller: Caller, number: int) -> None:
        """File once; go on to the next resident if the answer is final."""
        person = self._waiting[number]
        who, key = self.residents[person], f"key-{person}"
        answer = self._record(FILING, partial(file, caller, who, key, person))
        if answer is not None and answer.status < 500:
            self.expected.add(who, key, person, answer, answer.seconds)
            self._waiting[number] = next(self._next)

    def _record(self, request: str, call: Callable[[], Answer]) -> Answer | None:
        try:
            answer = call()
        except NoAnswer:
            answer = None
        self.observations.append(Observation(monotonic(), request, answer))
        return answer


@contextmanager
def load(system: Installation) -> Iterator[Load]:
    """Clients that run during the block; afterwards every resident gets a final answer."""
    running = Load(system, add(system, RESIDENTS))
    threads = start_threads(CLIENTS, running.work)
    running.await_service(monotonic())
    calm = monotonic()
    time.sleep(CALM)
    running.usual = running.slowest(calm)
    try:
        yield running
    finally:
        running.over.set()
        for thread in threads:
            thread.join()
    system.await_ready()
    running.finish()


def check_load(row: Row, running: Load, *, slowest: float) -> None:
    """Check what has to hold for any fault: proper answers in time, and no acknowledged report is lost.

    An answer may take `slowest` seconds, and what one took on this machine before the fault.
    """
    outcomes = Counter(each.outcome for each in running.observations)
    odd = {outcome: count for outcome, count in outcomes.items() if outcome not in ("200", "201", "503")}
    stored = compare(running.system, running.expected)
    row.figure(
        answers=len(running.observations),
        acknowledged=len(running.expected),
        lost=stored.lost,
        doubled=stored.doubled,
        slowest_answer=f"{running.slowest():.1f} s",
        before_the_fault=f"{running.usual:.1f} s",
    )
    row.require(f"every answer is a result, or 503 with Retry-After: {odd | dict(running.expected.odd)}", not odd)
    row.require("no filing is refused for another reason", not running.expected.odd)
    row.require(
        f"no answer takes over {slowest:.0f} s longer than before the fault",
        running.slowest() <= slowest + running.usual,
    )
    row.require("what was acknowledged is stored", stored.lost == 0)
    row.require("no resident has two reports", stored.doubled == 0)
    row.require("every receipt is of its own report", stored.wrong_receipts == 0)
