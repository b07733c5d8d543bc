"""A crowd that files and looks while the database is in trouble, and remembers every answer with its moment."""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from drills.calls import Answer, Caller, NoAnswer, Troubles, file, file_surely, together
from drills.installation import Installation, eventually
from drills.ledger import Ledger, compare
from drills.people import Resident, add
from drills.rows import Row
from foundation.clock import monotonic

CLIENTS = 12
PEOPLE = 2_500  # more than a crowd can file for while a drill lasts
LOOKS = ("/me/stay", "/reports", "/notifications")
PAUSE = 0.1  # seconds between two requests of one client
BACK = 30  # seconds
FILING = "filing"


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer: when it came, to what (a path, or FILING), and the answer; None for a connection that broke."""

    at: float
    what: str
    answer: Answer | None

    @property
    def outcome(self) -> str:
        """Its status, told apart where a 503 does not say when to come back."""
        if self.answer is None:
            return "no answer"
        proper = self.answer.status != 503 or self.answer.asks_to_come_back
        return str(self.answer.status) if proper else "503 without Retry-After"

    @property
    def sent_at(self) -> float:
        """When the request was sent."""
        return self.at - (self.answer.seconds if self.answer else 0)


@dataclass
class Crowd:
    """Clients at work. Each files for one person after the other, and looks at their stay, reports and inbox."""

    place: Installation
    people: list[Resident]
    ledger: Ledger = field(default_factory=Ledger)
    seen: list[Seen] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    _next: Iterator[int] = field(default_factory=itertools.count)
    _waiting: dict[int, int] = field(default_factory=dict)

    def work(self, number: int) -> None:
        """One client, until the crowd goes home."""
        caller = Caller(self.place.ports, number)
        self._waiting[number] = next(self._next)
        for turn in itertools.count(number):
            if self.over.wait(PAUSE):
                return
            if turn % 3:
                self._file(caller, number)
            else:
                who, path = self.people[self._waiting[number]], LOOKS[turn // 3 % len(LOOKS)]
                self._remember(path, partial(caller.ask, "GET", path, token=who.token))

    def finish(self) -> None:
        """File for those who had no answer yet when the crowd went home."""
        caller, chance = Caller(self.place.ports), random.Random(0)
        for person in self._waiting.values():
            who, key = self.people[person], f"key-{person}"
            answer, took = file_surely(caller, who, key, person, chance=chance, troubles=Troubles(), hangs_up=0)
            self.ledger.write(who, key, person, answer, took)

    def during(self, begin: float, end: float, what: str = "") -> Counter[str]:
        """The outcomes of requests that were sent and answered between two moments, of one kind only if it is named."""
        within = (each for each in [*self.seen] if begin <= each.sent_at and each.at <= end)
        return Counter(each.outcome for each in within if what in ("", each.what))

    def slowest(self) -> float:
        """The longest that anybody waited for one answer, in seconds."""
        return max((each.answer.seconds for each in self.seen if each.answer), default=0)

    def await_service(self, since: float) -> float:
        """Wait until a report is acknowledged that was sent after a moment; the seconds from there to the answer."""

        def served() -> bool:
            return any(s.what == FILING and s.outcome == "201" and s.sent_at > since for s in [*self.seen])

        eventually(served, BACK, "a report is acknowledged again")
        return next(s.at for s in self.seen if s.what == FILING and s.outcome == "201" and s.sent_at > since) - since

    def _file(self, caller: Caller, number: int) -> None:
        """File once; the next person's turn comes where the answer is final."""
        person = self._waiting[number]
        who, key = self.people[person], f"key-{person}"
        answer = self._remember(FILING, partial(file, caller, who, key, person))
        if answer is not None and answer.status < 500:
            self.ledger.write(who, key, person, answer, answer.seconds)
            self._waiting[number] = next(self._next)

    def _remember(self, what: str, call: Callable[[], Answer]) -> Answer | None:
        try:
            answer = call()
        except NoAnswer:
            answer = None
        self.seen.append(Seen(monotonic(), what, answer))
        return answer


@contextmanager
def crowd(place: Installation) -> Iterator[Crowd]:
    """A crowd at work; it goes home at the end, and everybody in it gets a final answer."""
    found = Crowd(place, add(place, PEOPLE))
    threads = together(CLIENTS, found.work)
    found.await_service(monotonic())
    try:
        yield found
    finally:
        found.over.set()
        for thread in threads:
            thread.join()
    place.await_ready()
    found.finish()


def judge(row: Row, found: Crowd, *, slowest: float) -> None:
    """What holds whatever the trouble was: proper answers only, in time, and nothing acknowledged is lost."""
    outcomes = Counter(each.outcome for each in found.seen)
    odd = {outcome: count for outcome, count in outcomes.items() if outcome not in ("200", "201", "503")}
    stored = compare(found.place, found.ledger)
    row.figure(
        answers=len(found.seen),
        acknowledged=len(found.ledger),
        lost=stored.lost,
        doubled=stored.doubled,
        slowest_answer=f"{found.slowest():.1f} s",
    )
    row.promise(f"every answer is a result, or 503 with Retry-After: {odd | dict(found.ledger.odd)}", not odd)
    row.promise("no filing is refused for another reason", not found.ledger.odd)
    row.promise(f"no answer takes longer than {slowest:.0f} s", found.slowest() <= slowest)
    row.promise("what was acknowledged is stored", stored.lost == 0)
    row.promise("nobody has two reports", stored.doubled == 0)
    row.promise("every receipt is of its own report", stored.wrong_receipts == 0)
