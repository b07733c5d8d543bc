"""Compares the messages that the provider got, and their times, with the decided reports."""

import json
import threading
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from drills.installation import Installation
from foundation.clock import monotonic

PAUSE = 0.25  # seconds between two checks of the provider's file
TOO_SOON = 25  # seconds: a failed message waits for 30, one whose worker died for the three minutes of its lease
_DECIDED = text(
    """select r.person_id, n.id from reports r
    left join notifications n on n.person_id = r.person_id and n.params->>'number' = r.number
      and n.kind = 'report.decided.' || r.status
    where r.status <> 'under-review'"""
)


class FileWatcher:
    """Watches the provider's file grow, so that each send has a time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._sizes, self._moments = [0], [monotonic()]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def size(self) -> int:
        """How large the file is, in bytes."""
        return self._file.stat().st_size if self._file.exists() else 0

    def moment(self, offset: int) -> float:
        """When the line that ends at an offset had come, on the monotonic clock."""
        return self._moments[min(bisect_left(self._sizes, offset), len(self._moments) - 1)]

    def stop(self) -> None:
        """Check a last time and end."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(PAUSE):
            self._note()
        self._note()

    def _note(self) -> None:
        if (size := self.size) > self._sizes[-1]:
            self._sizes.append(size)
            self._moments.append(monotonic())


@dataclass(frozen=True)
class Deliveries:
    """Counts of decisions whose message was sent, was never sent, or was sent twice.

    `too_soon` counts repetitions before the lease of the first attempt had expired; `misdirected` messages to another
    person's phone, or about no decision.
    """

    sent: int
    never: int
    twice: int
    too_soon: int
    misdirected: int


def deliveries(system: Installation, watch: FileWatcher, *, ahead_from: int) -> Deliveries:
    """Count the messages of the provider. From offset `ahead_from` on, leases had expired by the workers' clock."""
    sends: dict[UUID, list[int]] = defaultdict(list)
    targets: dict[UUID, set[str]] = defaultdict(set)
    end = 0
    for line in system.pushed.read_bytes().splitlines(keepends=True):
        end += len(line)
        message = json.loads(line)["message"]
        if message["data"]["kind"].startswith("report.decided"):
            notification = UUID(message["data"]["notification_id"])
            sends[notification].append(end)
            targets[notification].add(message["fid"])
    with system.database.read_session() as session:
        decided = session.execute(_DECIDED).all()
    theirs = {notification: {f"phone-of-{person}"} for person, notification in decided if notification}
    times = [len(sends.get(notification, ())) for _, notification in decided]
    return Deliveries(
        sent=sum(count > 0 for count in times),
        never=sum(count == 0 for count in times),
        twice=sum(count > 1 for count in times),
        too_soon=sum(too_soon(ends, watch, ahead_from) for ends in sends.values()),
        misdirected=sum(theirs.get(notification) != to for notification, to in targets.items()),
    )


def too_soon(ends: list[int], watch: FileWatcher, ahead_from: int) -> int:
    """How many repetitions of a message came too soon after the attempt before, by the same clock."""
    return sum(
        (first > ahead_from) == (second > ahead_from) and watch.moment(second) - watch.moment(first) < TOO_SOON
        for first, second in pairwise(ends)
    )
