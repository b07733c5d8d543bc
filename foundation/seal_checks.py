"""Comparing events with their seals, and seals with the witness: what was changed, removed or added is named."""

import struct
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

from sqlalchemy import func, select

from foundation.db import ReadSession
from foundation.event_seals import (
    Leaf,
    Mark,
    QueuedEvent,
    RemovedEvents,
    Seal,
    columns,
    digest,
    is_proved,
    link,
    unpack,
)
from foundation.events import EventRecord
from foundation.witnesses import WitnessedStatement

BATCH = 5_000
"""Events that are read together."""
WAITS = timedelta(hours=1)
"""For how long an event may wait for a worker that gets a new secret later than the API."""
_NUMBER = attrgetter("number")
ReadClaims = Callable[[str], dict[str, Any] | None]
"""A statement to its claims; None where no key for seals signed it."""


class Fault(StrEnum):
    """What is wrong with an event or a seal."""

    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    COPIED = "copied"
    REMOVED_UNSEALED = "removed before it was sealed"
    FORGED = "not signed by this service"
    REPLACED = "not the one that the witness took"
    OUT_OF_ORDER = "does not follow on the seal before"
    LEAVES_CHANGED = "its list of events was changed"
    LOST = "only the witness has it"
    NOT_TAKEN = "noted as taken, but the witness does not have it"
    CERTIFICATE = "a certificate of removal was changed"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: an event by its id, else a seal by its number."""

    fault: Fault
    event_id: int | None = None
    seal: int | None = None

    def __str__(self) -> str:
        named = f"event {self.event_id}" if self.event_id is not None else f"seal {self.seal}"
        within = f" (seal {self.seal})" if self.event_id is not None and self.seal else ""
        return f"{named}{within}: {self.fault}"


@dataclass
class Check:
    """A run through all seals at the moment `now`; the counts are complete once `findings` has been read to its end.

    `witnessed` is read before the session's moment, so that it has no seal that the database does not show yet; `noted`
    are the seals noted as taken, read before that.
    """

    session: ReadSession
    read_claims: ReadClaims
    now: datetime
    witnessed: Sequence[WitnessedStatement] = ()
    noted: Iterable[int] = ()
    progress: Callable[[int], None] = lambda count: None
    seals: int = 0
    events: int = 0
    removed: int = 0
    waiting: int = 0
    _sealed: "array[int]" = field(default_factory=lambda: array("q"))
    _removed: "array[int]" = field(default_factory=lambda: array("q"))

    def findings(self) -> Iterator[Finding]:
        """Every fault, in the order of the seals; then events that no seal covers."""
        yield from self._read_certificates()
        batch: list[tuple[int, Leaf]] = []
        for number, statement, packed, faults in self._chain():
            yield from (Finding(fault, seal=number) for fault in faults)
            claims = self.read_claims(statement)
            if claims is None:
                yield Finding(Fault.FORGED, seal=number)
                continue
            good = [each for each in packed if sha256(each).hexdigest() == claims.get("digest")]
            if packed[0] not in good:
                yield Finding(Fault.LEAVES_CHANGED, seal=number)
            if good:
                batch += [(number, leaf) for leaf in unpack(good[0])]
            if len(batch) >= BATCH:
                yield from self._compare(batch)
                batch = []
        yield from self._compare(batch)
        yield from self._not_taken()
        yield from self._unsealed()
        yield from self._copied()

    def _chain(self) -> Iterator[tuple[int, str, list[bytes], list[Fault]]]:
        """Each seal's number, statement, lists of leaves (the database's first), and what is wrong with the chain."""
        witnessed = sorted(self.witnessed, key=_NUMBER)
        stored = self.session.execute(
            select(Seal.number, Seal.statement, Seal.leaves).order_by(Seal.number), execution_options={"yield_per": 100}
        )
        previous, expected = "", 1
        for number, own, other in _merged(stored, witnessed):
            self.seals += 1
            faults, statement = [], other.statement if other else own.statement
            if own is None:
                faults.append(Fault.LOST)
            elif own.statement != statement:
                faults.append(Fault.REPLACED)
            claims = self.read_claims(statement) or {}
            if number != expected or (claims and (claims.get("seal"), claims.get("previous")) != (number, previous)):
                faults.append(Fault.OUT_OF_ORDER)
            yield number, statement, [bytes(each.leaves) for each in (own, other) if each], faults
            previous, expected = link(statement), number + 1

    def _not_taken(self) -> Iterator[Finding]:
        """Seals that only seem to be safe with the witness; those before its first one an earlier witness took."""
        taken = {each.number for each in self.witnessed}
        missing = sorted(number for number in self.noted if number not in taken and number > min(taken, default=number))
        yield from (Finding(Fault.NOT_TAKEN, seal=number) for number in missing)

    def _compare(self, batch: list[tuple[int, Leaf]]) -> Iterator[Finding]:
        """Compare leaves with the events that are there."""
        ids = [leaf.event_id for _, leaf in batch]
        rows = {row.id: row for row in self.session.execute(select(*columns()).where(EventRecord.id.in_(ids)))}
        self._sealed.extend(ids)
        self.events += len(ids)
        for number, leaf in batch:
            if fault := self._fault(leaf, rows.get(leaf.event_id)):
                yield Finding(fault, leaf.event_id, number)
        self.progress(len(batch))

    def _fault(self, leaf: Leaf, row: Any) -> Fault | None:
        if leaf.mark == Mark.MISSING:
            return Fault.REMOVED_UNSEALED
        if row is None:
            return None if _has(self._removed, leaf.event_id) else Fault.REMOVED
        if digest(row) != leaf.digest:
            return Fault.CHANGED
        return Fault.ADDED if leaf.mark == Mark.FOREIGN else None

    def _unsealed(self) -> Iterator[Finding]:
        """Events that no seal lists: they wait, or somebody put them past the queue."""
        sealed = array("q", sorted(self._sealed))
        every = self.session.scalars(select(EventRecord.id), execution_options={"yield_per": BATCH})
        for ids in batched((each for each in every if not _has(sealed, each)), BATCH):
            query = select(*columns(), QueuedEvent.event_id.label("queued")).outerjoin(
                QueuedEvent, QueuedEvent.event_id == EventRecord.id
            )
            for row in self.session.execute(query.where(EventRecord.id.in_(ids)).order_by(EventRecord.id)).all():
                if row.queued is None or (row.proof is not None and self._is_foreign(row)):
                    yield Finding(Fault.ADDED, row.id)
                else:
                    self.waiting += 1

    def _is_foreign(self, row: Any) -> bool:
        """Whether no process of ours wrote an event that waits: none proved it, or for too long none could tell."""
        proved = is_proved(row)
        return not proved and (proved is False or abs(self.now - row.at) > WAITS)

    def _copied(self) -> Iterator[Finding]:
        """Events whose proof an earlier one has too: no two proofs are made equal."""
        ids = func.array_agg(EventRecord.id)
        copies = select(ids).where(EventRecord.proof.is_not(None)).group_by(EventRecord.proof).having(func.count() > 1)
        for same in self.session.scalars(copies):
            yield from (Finding(Fault.COPIED, event_id) for event_id in sorted(same)[1:])

    def _read_certificates(self) -> Iterator[Finding]:
        """Take the events that were removed in due time from certificates that are signed."""
        for row in self.session.execute(select(RemovedEvents.ids, RemovedEvents.statement).order_by(RemovedEvents.id)):
            claims, ids = self.read_claims(row.statement) or {}, bytes(row.ids)
            if claims.get("removed") is None or claims.get("digest") != sha256(ids).hexdigest():
                yield Finding(Fault.CERTIFICATE, seal=0)
                continue
            self._removed.extend(struct.unpack(f">{len(ids) // 8}q", ids))
        self._removed = array("q", sorted(self._removed))
        self.removed = len(self._removed)


def _merged(
    stored: Iterable[Any], witnessed: Iterable[WitnessedStatement]
) -> Iterator[tuple[int, Any, WitnessedStatement | None]]:
    """Seals of the database beside those of the witness, by number; of two of one number the witness took one first."""
    others = (next(same) for _, same in groupby(witnessed, _NUMBER))
    other = next(others, None)
    for row in stored:
        while other and other.number < row.number:
            yield other.number, None, other
            other = next(others, None)
        same = other if other and other.number == row.number else None
        yield row.number, row, same
        if same:
            other = next(others, None)
    while other:
        yield other.number, None, other
        other = next(others, None)


def batched(values: Iterable[int], size: int) -> Iterator[list[int]]:
    """The values in lists of at most `size`."""
    source = iter(values)
    while batch := list(islice(source, size)):
        yield batch


def _has(ordered: "array[int]", value: int) -> bool:
    place = bisect_left(ordered, value)
    return place < len(ordered) and ordered[place] == value
