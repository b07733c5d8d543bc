"""Every part of the installation is killed at random, again and again, while people file: nothing acknowledged is lost.

A kill comes when the next few reports are acknowledged, so the kills are spread evenly over the work; some follow the
one before at once, while the parts are still getting up.
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

from drills.calls import REQUEST_TIMEOUT, Caller, NoAnswer, Shared, Troubles, file_surely, together
from drills.installation import Installation, NeverHappened, eventually, installation
from drills.ledger import Ledger, ask_again, compare
from drills.messages import TOO_SOON, Told, Watch, told
from drills.parts import Part
from drills.people import Resident, add
from drills.rows import Row
from drills.sizes import Sizes
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
    """select (select count(*) from events where relayed_at is null)
    + (select count(*) from notifications where status = 'pending' and settled_at is null)"""
)


def run(sizes: Sizes) -> Row:
    """The drill: a row."""
    row = Row("kills")
    with installation(apis=2, workers=WORKERS) as place:
        residents = add(place, sizes.reports)
        ledger, troubles, watch = Ledger(), Troubles(), Watch(place.pushed)
        killer = Killer(place, sizes, ledger, watch)
        began = monotonic()
        clients = _file_all(place, residents, ledger, troubles, sizes.seed)
        killer.run()
        for client in clients:
            client.join()
        took = monotonic() - began
        place.await_ready()
        ahead_from = _settle(place, watch)
        row.figure(kills=sum(killer.done.values()), **dict(killer.done), acknowledged=len(ledger))
        row.figure(load_seconds=round(took, 1), met=troubles)
        _judge_answers(row, place, ledger, troubles, sizes)
        _judge_messages(row, told(place, watch, ahead_from=ahead_from), len(ledger))
    return row


class Killer:
    """Kills one part after the other, as the reports come in."""

    def __init__(self, place: Installation, sizes: Sizes, ledger: Ledger, watch: Watch) -> None:
        self.done: Counter[str] = Counter()
        self._place, self._ledger, self._watch, self._kills = place, ledger, watch, sizes.kills
        self._between = sizes.reports / sizes.kills
        self._chance = random.Random(f"kills {sizes.seed}")

    def run(self) -> None:
        """Kill until all kills are done; it returns when the last one is."""
        for number in range(self._kills):
            soon = self._chance.random() < SOON
            due = (number + self._chance.random()) * self._between
            if soon:
                time.sleep(self._chance.uniform(0.05, 1))
            else:
                eventually(partial(self._filed, due), 300, "reports go on")
            self._kill_one()

    def _filed(self, due: float) -> bool:
        return len(self._ledger) >= due

    def _kill_one(self) -> None:
        kind = self._chance.choices([*LIKELY], [*LIKELY.values()])[0]
        try:
            eventually(partial(self._killed, kind), 60, f"there is a {kind} to kill")
        except NeverHappened as error:
            state = "runs" if self._place.cluster.server.is_running() else "does not run"
            raise NeverHappened(f"{error}; PostgreSQL {state}; kills until then {dict(self.done)}") from error
        self.done[kind] += 1

    def _killed(self, kind: str) -> bool:
        place = self._place
        if kind == "PostgreSQL":
            return place.cluster.kill()
        if kind == "API server":
            return self._chance.choice(place.apis).kill()
        if kind in ("worker", "both workers"):
            self._await_message()
            victims = place.workers if kind == "both workers" else [self._chance.choice(place.workers)]
            return any([worker.kill() for worker in victims])
        some = place.cluster.backends() if kind == "one backend" else _processes(place.apis)
        return bool(some) and _kill(self._chance.choice(some))

    def _await_message(self) -> None:
        """Wait a little for a message to reach the provider: the others of its batch are on their way then."""
        before, until = self._watch.size, monotonic() + ON_ITS_WAY
        while self._watch.size == before and monotonic() < until:
            time.sleep(0.002)


def _processes(parts: list[Part]) -> list[psutil.Process]:
    return [child for part in parts for child in part.children()]


def _kill(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        process.kill()
        return True
    return False


def _file_all(
    place: Installation, residents: list[Resident], ledger: Ledger, troubles: Troubles, seed: int
) -> list[threading.Thread]:
    """Clients that file for everybody, each person once, under a key of their own."""
    queue = Shared(enumerate(residents))

    def client(number: int) -> None:
        caller, chance = Caller(place.ports, number), random.Random(f"client {seed} {number}")
        for form, resident in queue:
            try:
                answer, seconds = file_surely(caller, resident, f"key-{form}", form, chance=chance, troubles=troubles)
            except NoAnswer as error:
                troubles.add(f"gave up: {error}")
                continue
            ledger.write(resident, f"key-{form}", form, answer, seconds)

    return together(CLIENTS, client)


def _settle(place: Installation, watch: Watch) -> int:
    """Let the workers do what is left; how large the provider's file was before.

    Their clock is ahead, so that the leases of killed workers are over.
    """
    place.end_workers()
    before = watch.size
    place.start_workers(WORKERS, ahead=LEASE + timedelta(minutes=1))

    def nothing_waits() -> bool:
        with place.database.read_session() as session:
            return not session.scalar(_WAITING)

    eventually(nothing_waits, SETTLED, "every event is relayed and every message settled")
    watch.stop()
    return before


def _judge_answers(row: Row, place: Installation, ledger: Ledger, troubles: Troubles, sizes: Sizes) -> None:
    """What clients were told, beside what there is."""
    found, count = compare(place, ledger), min(len(ledger), max(AGAIN, len(ledger) // 8))
    again = ask_again(place, random.Random(f"sample {sizes.seed}").sample(ledger.entries, count), sizes.seed)
    wrong = found.wrong_receipts + again.unverified
    row.figure(lost=found.lost, doubled=found.doubled, wrong_receipts=wrong)
    row.figure(asked_again=again.asked, other_answers=again.different)
    shares = {"p50": 0.5, "p99": 0.99, "worst": 1.0}
    row.figure(**{name: f"{ledger.latency(share):.3f} s" for name, share in shares.items()})
    row.promise("every report is acknowledged in the end", len(ledger) == sizes.reports)
    row.promise(f"nobody gets another answer than 201 or 503: {dict(ledger.odd)}", not ledger.odd)
    row.promise(f"no answer is an error other than 503 with Retry-After: {troubles}", not troubles.wrong)
    row.promise("what was acknowledged is stored", found.lost == 0)
    row.promise("nobody has two reports, no key has two answers", found.doubled == 0)
    row.promise("every receipt is there, verifies, and is of its own report", wrong == 0)
    row.promise("the same key gets the same answer, to the byte", again.asked == count and again.different == 0)
    row.promise(
        f"nothing hangs: every request is answered or cut off within {REQUEST_TIMEOUT:.0f} s", not troubles.hung
    )


def _judge_messages(row: Row, news: Told, decided: int) -> None:
    """What the provider was sent, beside what was decided."""
    row.figure(told=news.told, never_told=news.never)
    row.figure(told_twice=f"{news.twice} ({news.twice / max(news.told, 1):.2%})", too_soon=news.too_soon)
    row.promise("every decision is told at least once", news.never == 0 and news.told == decided)
    row.promise("every message is of a decision, and reaches the phone of its own person", news.astray == 0)
    row.promise(f"no message is sent again within {TOO_SOON} s", news.too_soon == 0)
