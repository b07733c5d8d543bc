"""The acknowledged reports, recorded outside the service, and the comparison with what it has stored."""

import hashlib
import random
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import jwt
from sqlalchemy import text

from drills.calls import Answer, Caller, Failures, NoAnswer, Shared, file_until_answered, start_threads
from drills.installation import Installation
from drills.residents import Resident
from foundation.clock import system_clock
from immigration.services import keys

REPEATING_CLIENTS = 6  # clients that repeat requests
_STORED = text(
    """select r.person_id, r.number, c.number as receipt from reports r
    left join receipts c on c.report_id = r.id and c.voided_at is null"""
)
_DOUBLED = text(
    """select count(*) from (select 1 from reports where status in ('accepted', 'under-review', 'returned')
    group by person_id having count(*) > 1) more"""
)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A report that was answered with 201: its author, key and form, and what the answer contains."""

    resident: Resident
    key: str
    form: int
    digest: bytes
    number: str
    receipt: str | None
    seconds: float


@dataclass
class ExpectedRecords:
    """Every acknowledged report. Other final answers are in `odd`: there should be none."""

    entries: list[Acknowledged] = field(default_factory=list)
    odd: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, resident: Resident, key: str, form: int, answer: Answer, seconds: float) -> None:
        """Record a final answer."""
        if answer.status != 201:
            with self._lock:
                self.odd[f"{answer.status} {answer.body[:120].decode(errors='replace')}"] += 1
            return
        body = answer.json
        receipt = body["receipt"]["number"] if body["receipt"] else None
        digest = hashlib.sha256(answer.body).digest()
        entry = Acknowledged(resident, key, form, digest, body["number"], receipt, seconds)
        with self._lock:
            self.entries.append(entry)

    def latency(self, share: float) -> float:
        """The seconds, repetitions included, within which this share of the reports was acknowledged."""
        ordered = sorted(entry.seconds for entry in self.entries)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@dataclass(frozen=True)
class Comparison:
    """Counts: reports that are not stored; persons or keys with two; receipts missing or of another report."""

    lost: int
    doubled: int
    wrong_receipts: int


def compare(system: Installation, expected: ExpectedRecords) -> Comparison:
    """Compare the expected reports with the tables."""
    with system.database.read_session() as session:
        stored = {number: (person, receipt) for person, number, receipt in session.execute(_STORED)}
        doubled = int(session.scalar(_DOUBLED) or 0)
    lost = wrong = 0
    for entry in expected.entries:
        person, receipt = stored.get(entry.number, (None, None))
        lost += person != entry.resident.id
        wrong += person == entry.resident.id and (receipt != entry.receipt or receipt is None)
    numbers = Counter((entry.resident.id, entry.key) for entry in expected.entries)
    return Comparison(lost, doubled + sum(count > 1 for count in numbers.values()), wrong)


@dataclass
class Repeated:
    """The outcome of repeated requests: answers that differ, and statements or receipts that do not verify."""

    asked: int = 0
    different: int = 0
    unverified: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, same: bool, verified: bool) -> None:
        """Count one repetition."""
        with self._lock:
            self.asked += 1
            self.different += not same
            self.unverified += not verified


def repeat_all(system: Installation, entries: Sequence[Acknowledged], seed: int) -> Repeated:
    """Repeat acknowledged requests, and verify their receipts and statements."""
    repeated, queue = Repeated(), Shared(entries)
    public = _public_keys(system)

    def client(number: int) -> None:
        caller, chance = Caller(system.ports, number), random.Random(f"again {seed} {number}")
        for entry in queue:
            try:
                repeated.add(*_repeat(caller, entry, chance, public))
            except NoAnswer:
                repeated.add(False, False)

    for thread in start_threads(REPEATING_CLIENTS, client):
        thread.join()
    return repeated


def _repeat(
    caller: Caller, entry: Acknowledged, chance: random.Random, public: dict[str, jwt.PyJWK]
) -> tuple[bool, bool]:
    answer, _ = file_until_answered(
        caller, entry.resident, entry.key, entry.form, chance=chance, failures=Failures(), disconnects=0
    )
    same = answer.status == 201 and hashlib.sha256(answer.body).digest() == entry.digest
    if not same:
        return False, True
    statement = answer.json["filing_statement"]
    signed = jwt.decode(statement, public[jwt.get_unverified_header(statement)["kid"]], algorithms=["ES256"])
    verdict = caller.ask("POST", "/receipts/verify", {"receipt": entry.receipt or statement}).json
    right = verdict["valid"] == bool(entry.receipt) and verdict["says"]["report"] == entry.number == signed["report"]
    return True, bool(right)


def _public_keys(system: Installation) -> dict[str, jwt.PyJWK]:
    with system.database.read_session() as session:
        public = keys.jwks(session, system_clock())["keys"]
    return {key["kid"]: jwt.PyJWK.from_dict(key) for key in public}
