"""Drill: providers answer wrongly, slowly or never, the database and workers are killed; no message is lost or doubled.

Messages are written while the stand-in for Firebase answers each temporary error, late, never, in half, or asks to
wait, while the mail server refuses, greylists or hangs, and while workers, backends and all of PostgreSQL are killed.
"""

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.request import Request, urlopen

import psutil
import psycopg
from sqlalchemy import insert

from devtools.standins import mailbox
from devtools.standins.mailbox import Mailbox, Mode
from drills import repeats
from drills.installation import Installation, eventually, installation
from drills.repeats import Cause
from drills.residents import Resident, add
from drills.rows import Row
from drills.sizes import Sizes
from foundation.clock import monotonic, system_clock
from foundation.sealing import bound, keyring
from notifications.channels.fcm import TIMEOUT
from notifications.channels.mail import BATCH as MAILS_AT_ONCE
from notifications.models import Device

PEOPLE, BY_MAIL, WORKERS = 200, 40, 2
A_SECOND = 40
"""Messages written a second."""
AHEAD = timedelta(hours=6)
"""How far the clock of the last workers is in front, so that every wait is over."""
SETTLED = 900  # seconds, on a machine that is busy with other work; else it takes some
WRITTEN = 300  # seconds
NEVER = TIMEOUT + 3
ANSWERS: tuple[dict[str, Any], ...] = (
    {"error_code": "UNAVAILABLE"},
    {"error_code": "UNAVAILABLE", "retry_after": 1},
    {"error_code": "INTERNAL"},
    {"error_code": "QUOTA_EXCEEDED", "retry_after": 2},
    {"status": 502},
    {"delay": 1.0},
    {"delay": NEVER},
    {"half": True},
)
"""What the stand-in answers for a while: each temporary error, slowly, never in time, in half."""
_GONE = ("unregistered", "invalid", "sender-mismatch")
"""What the stand-in knows of second phones by their address: they are removed, and their person loses nothing."""
_WRITE = """insert into notifications (person_id, kind, dedupe, lane, params, status, created_at)
    values (%s, 'report.reopened', %s, 0, '{"number": "R-1"}', 'pending', now())
    on conflict (person_id, dedupe) do nothing"""
_BOOKS = (
    """select n.id::text, n.status, n.person_id::text, n.dedupe from notifications n where n.dedupe like 'fault:%'"""
)
_DOUBLED = """select count(*) from (
    select 1 from deliveries group by notification_id, device_id having count(*) > 1
    union all select 1 from notifications where dedupe like 'fault:%' group by dedupe having count(*) > 1) d"""
_WAITING = """select count(*) from notifications
    where dedupe like 'fault:%' and status = 'pending' and settled_at is null"""


@dataclass
class Faults:
    """What is broken, and how often that was done."""

    system: Installation
    post: Mailbox
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)
    ended: dict[str, str] = field(default_factory=dict)
    """The workers that were ended, and how."""

    def one(self) -> None:
        """Break one thing, or put a provider right."""
        what = (self._answer_wrongly, self._answer_rightly, self._mail, self._kill)
        self.chance.choices(what, (8, 4, 3, 5))[0]()

    def end(self) -> None:
        """Let providers answer rightly."""
        self._script([])
        self.post.mode = Mode.TAKES

    def _answer_wrongly(self) -> None:
        answer = self.chance.choice(ANSWERS)
        self.done["wrong answers"] += 1
        self._script([answer] * self.chance.randrange(1, 60))

    def _answer_rightly(self) -> None:
        self._script([])

    def _mail(self) -> None:
        self.post.mode = self.chance.choice(list(Mode))
        self.done["mail faults"] += self.post.mode is not Mode.TAKES

    def _kill(self) -> None:
        what = self.chance.choices(("worker", "backend", "PostgreSQL"), (5, 4, 1))[0]
        if what == "worker":
            worker = self.chance.choice(self.system.workers)
            killed = worker.kill()
            self.ended |= dict.fromkeys(worker.killed, "killed")
        else:
            killed = _kill_backend(self.system, self.chance) if what == "backend" else self.system.cluster.kill()
        self.done[f"{what} killed"] += killed

    def _script(self, answers: list[dict[str, Any]]) -> None:
        url = self.system.environment["FCM_ENDPOINT"] + "/script"
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(url, json.dumps(answers).encode(), headers, method="POST"), timeout=30) as answer:  # noqa: S310
            answer.read()


def run(sizes: Sizes) -> Row:
    """The drill: a row."""
    row = Row("faults")
    with installation(apis=0) as system, mailbox.start(keep=system.folder / "mail") as post:
        system.environment["SMTP_URL"] = post.url
        people = [*add(system, PEOPLE), *add(system, BY_MAIL, by_mail=True)]
        _add_old_phones(system, people[:60])
        with system.operator() as connection:
            repeats.keep_journal(connection)
        system.start_workers(WORKERS)
        faults = Faults(system, post, random.Random(f"faults {sizes.seed}"))
        written = _write(faults, people, sizes.fault_seconds)
        faults.end()
        _settle(faults)
        row.figure(**dict(faults.done), written=written)
        _count(row, system, faults, written)
    return row


def _write(faults: Faults, people: list[Resident], seconds: int) -> int:
    """Write messages while things break; how many there are."""
    written, until, next_fault = 0, monotonic() + seconds, monotonic() + 1
    writer = Writer(faults.system)
    while monotonic() < until:
        began = monotonic()
        writer.write([(faults.chance.choice(people).id, f"fault:{written + n}") for n in range(A_SECOND)])
        written += A_SECOND
        if monotonic() >= next_fault:
            faults.one()
            next_fault = monotonic() + faults.chance.uniform(0.2, 1.5)
        time.sleep(max(0.0, began + 1 - monotonic()))
    return written


class Writer:
    """Writes messages; again where the database was away in the middle, which doubles nothing."""

    def __init__(self, system: Installation) -> None:
        self._system = system
        self._connection: psycopg.Connection[Any] | None = None

    def write(self, messages: list[tuple[Any, str]]) -> None:
        """Write them all, however often it takes. Raises TimedOut."""
        eventually(lambda: self._done(messages), WRITTEN, "messages are written")

    def _done(self, messages: list[tuple[Any, str]]) -> bool:
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._system.url, autocommit=True, connect_timeout=5)
            with self._connection.cursor() as cursor:
                cursor.executemany(_WRITE, messages)
        except psycopg.Error:
            self._connection = None
            return False
        return True


def _settle(faults: Faults) -> None:
    """Let new workers finish, whose clock is ahead of every wait, when the others have ended after the work in hand."""
    system = faults.system
    faults.ended |= dict.fromkeys((worker.name for worker in system.workers), "ended")
    system.end_workers()
    system.start_workers(WORKERS, ahead=AHEAD)

    def nothing_waits() -> bool:
        with suppress(psycopg.Error), system.operator() as connection:
            return bool(connection.execute(_WAITING).fetchone() == (0,))
        return False

    eventually(nothing_waits, SETTLED, "every message is settled")


def _count(row: Row, system: Installation, faults: Faults, written: int) -> None:
    """Compare what was written with what the providers got."""
    with system.operator() as connection:
        books = connection.execute(_BOOKS).fetchall()
        doubled = connection.execute(_DOUBLED).fetchone()
    lost = written - sum(status == "sent" for _, status, _, _ in books)
    ids = {id_ for id_, _, _, _ in books}
    pushed = [each for each in _pushed(system) if each["message"]["data"]["notification_id"] in ids]
    twice, misdirected = _shown(pushed, {id_: (dedupe, f"phone-of-{person}") for id_, _, person, dedupe in books})
    row.figure(lost=lost, doubled_in_our_books=doubled[0] if doubled else "?", shown_twice=twice)
    row.require("every message that was written is sent", lost == 0)
    row.require("no message is in the books twice", doubled == (0,))
    row.require("no phone shows a message twice: it comes again under the id by which the phone drops it", twice == 0)
    row.require("no phone gets a message of another person", misdirected == 0)
    _explain(row, system, faults, ids)


def _explain(row: Row, system: Installation, faults: Faults, ids: set[str]) -> None:
    """Say why providers got messages again."""
    with system.operator() as connection:
        journal = repeats.read_journal(connection)
    again = repeats.explain(repeats.read_taken(system.pushed), journal, faults.ended)
    why = Counter(each.cause for each in again)
    row.figure(repeats_at_Firebase=len(again), after_no_answer=why[Cause.NO_ANSWER])
    row.figure(after_a_worker_was_killed=why[Cause.KILLED], most_by_one_kill=repeats.most_by_one_kill(again))
    row.figure(after_a_worker_ended=sum(each.said == "ended" for each in again), unexplained=why[Cause.NONE])
    row.require(
        "Firebase gets again only what had no answer, or was in the hands of a worker that was killed",
        why[Cause.NONE] == 0,
    )
    for each in [each for each in again if each.cause is Cause.NONE][:20]:
        print(f"unexplained: {each}", flush=True)
    if why[Cause.NONE]:
        print(*_complaints(system), sep="\n", flush=True)
    mails = Counter(key for key in _mails(system) if key.removeprefix("notification-") in ids)
    by_mail = mails.total() - len(mails)
    row.figure(repeats_by_mail=by_mail)
    ended = faults.done["worker killed"] + WORKERS
    row.require(
        "the mail server gets again only what was in the batch of a worker that was killed",
        by_mail <= ended * MAILS_AT_ONCE,
    )


def _complaints(system: Installation) -> list[str]:
    """What the workers logged of rounds that ended with an error, the last lines."""
    lines = (system.folder / "worker.log").read_text("utf-8", errors="replace").splitlines()
    return [line for line in lines if " failed" in line or " missed" in line or "Traceback" in line][-40:]


def _shown(pushed: list[dict[str, Any]], books: dict[str, tuple[str, str]]) -> tuple[int, int]:
    """How many messages a phone showed twice, since they came under two ids; and how many came to a wrong phone."""
    shown: dict[tuple[str, str], set[str]] = defaultdict(set)
    misdirected = 0
    for each in pushed:
        dedupe, phone = books[each["message"]["data"]["notification_id"]]
        shown[each["target"], dedupe].add(each["message"]["android"]["notification"]["tag"])
        misdirected += each["target"] != phone and each["target"].startswith("phone-of-")
    return sum(len(tags) - 1 for tags in shown.values()), misdirected


def _pushed(system: Installation) -> Iterator[dict[str, Any]]:
    """What Firebase took, whether its answer arrived or not."""
    for line in system.pushed.read_text("utf-8").splitlines():
        attempt: dict[str, Any] = json.loads(line)
        if attempt["status"] == 200:
            yield attempt


def _mails(system: Installation) -> Iterator[str]:
    """What the mail server took: the beginning of each Message-ID, which holds the message's id."""
    for path in sorted((system.folder / "mail").glob("*.eml")):
        head = path.read_text("utf-8", errors="replace")
        yield head.partition("Message-ID: <")[2].partition("@")[0]


def _add_old_phones(system: Installation, people: list[Resident]) -> None:
    """Give people a second phone that Firebase no longer knows, each kind in turn."""
    rows = []
    for number, person in enumerate(people):
        target = f"{_GONE[number % len(_GONE)]}-{number}"
        rows.append(
            {
                "person_id": person.id,
                "device_id": "old",
                "platform": "android",
                "kind": "fid",
                "target": bound(target, person.id, "old"),
                "target_index": keyring().index("devices.target", "fid", target),
                "language": "en",
                "updated_at": system_clock(),
            }
        )
    with system.database.transaction() as session:
        session.execute(insert(Device), rows)


def _kill_backend(system: Installation, chance: random.Random) -> bool:
    backends = system.cluster.backends()
    if not backends:
        return False
    with suppress(psutil.NoSuchProcess):
        chance.choice(backends).kill()
        return True
    return False
