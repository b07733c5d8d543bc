"""What the service acknowledged, kept outside of it, and the comparison with what it has afterwards."""

import hashlib
import random
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import jwt
from sqlalchemy import text

from drills.calls import Answer, Caller, NoAnswer, Shared, Troubles, file_surely, together
from drills.installation import Installation
from drills.people import Resident
from foundation.clock import system_clock
from immigration.services import keys

CLERKS = 6  # clients that ask again
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
    """A report that was answered with 201: who filed it how, and what the answer said."""

    resident: Resident
    key: str
    form: int
    digest: bytes
    number: str
    receipt: str | None
    seconds: float


@dataclass
class Ledger:
    """Every acknowledged report. Other final answers are kept apart: nobody should have got one."""

    entries: list[Acknowledged] = field(default_factory=list)
    odd: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self.entries)

    def write(self, resident: Resident, key: str, form: int, answer: Answer, seconds: float) -> None:
        """Note a final answer."""
        if answer.status != 201:
            with self._lock:
                self.odd[f"{answer.status} {answer.body[:120].decode(errors='replace')}"] += 1
            return
        said = answer.json
        receipt = said["receipt"]["number"] if said["receipt"] else None
        digest = hashlib.sha256(answer.body).digest()
        entry = Acknowledged(resident, key, form, digest, said["number"], receipt, seconds)
        with self._lock:
            self.entries.append(entry)

    def latency(self, share: float) -> float:
        """The seconds, tries again included, that so large a share of the reports took at most."""
        ordered = sorted(entry.seconds for entry in self.entries)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@dataclass(frozen=True)
class Comparison:
    """Acknowledged and not there; persons or keys with two reports; receipts that are missing or another report's."""

    lost: int
    doubled: int
    wrong_receipts: int


def compare(place: Installation, ledger: Ledger) -> Comparison:
    """The ledger beside the tables."""
    with place.database.read_session() as session:
        stored = {number: (person, receipt) for person, number, receipt in session.execute(_STORED)}
        doubled = int(session.scalar(_DOUBLED) or 0)
    lost = wrong = 0
    for entry in ledger.entries:
        person, receipt = stored.get(entry.number, (None, None))
        lost += person != entry.resident.id
        wrong += person == entry.resident.id and (receipt != entry.receipt or receipt is None)
    numbers = Counter((entry.resident.id, entry.key) for entry in ledger.entries)
    return Comparison(lost, doubled + sum(count > 1 for count in numbers.values()), wrong)


@dataclass
class Repeated:
    """What came of asking again: answers that differ, and statements or receipts that do not verify."""

    asked: int = 0
    different: int = 0
    unverified: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, same: bool, verified: bool) -> None:
        """Count one."""
        with self._lock:
            self.asked += 1
            self.different += not same
            self.unverified += not verified


def ask_again(place: Installation, entries: Sequence[Acknowledged], seed: int) -> Repeated:
    """Send acknowledged requests once more, and show their receipts and statements to whoever may check them."""
    found, queue = Repeated(), Shared(entries)
    public = _public_keys(place)

    def clerk(number: int) -> None:
        caller, chance = Caller(place.ports, number), random.Random(f"again {seed} {number}")
        for entry in queue:
            try:
                found.add(*_one_again(caller, entry, chance, public))
            except NoAnswer:
                found.add(False, False)

    for thread in together(CLERKS, clerk):
        thread.join()
    return found


def _one_again(
    caller: Caller, entry: Acknowledged, chance: random.Random, public: dict[str, jwt.PyJWK]
) -> tuple[bool, bool]:
    answer, _ = file_surely(
        caller, entry.resident, entry.key, entry.form, chance=chance, troubles=Troubles(), hangs_up=0
    )
    same = answer.status == 201 and hashlib.sha256(answer.body).digest() == entry.digest
    if not same:
        return False, True
    statement = answer.json["filing_statement"]
    signed = jwt.decode(statement, public[jwt.get_unverified_header(statement)["kid"]], algorithms=["ES256"])
    verdict = caller.ask("POST", "/receipts/verify", {"receipt": entry.receipt or statement}).json
    right = verdict["valid"] and verdict["says"]["report"] == entry.number == signed["report"]
    return True, bool(right)


def _public_keys(place: Installation) -> dict[str, jwt.PyJWK]:
    with place.database.read_session() as session:
        found = keys.jwks(session, system_clock())["keys"]
    return {key["kid"]: jwt.PyJWK.from_dict(key) for key in found}
