"""What the provider was sent, and when, beside the reports that were decided."""

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

PAUSE = 0.25  # seconds between two looks at the provider's file
TOO_SOON = 25  # seconds: a failed message waits for 30, one whose worker died for the three minutes of its lease
_DECIDED = text(
    """select r.person_id, n.id from reports r
    left join notifications n on n.person_id = r.person_id and n.params->>'number' = r.number
      and n.kind = 'report.decided.' || r.status
    where r.status <> 'under-review'"""
)


class Watch:
    """Looks at the provider's file while it grows, so that each send has a moment."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._sizes, self._moments = [0], [monotonic()]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    @property
    def size(self) -> int:
        """How large the file is, in bytes."""
        return self._file.stat().st_size if self._file.exists() else 0

    def moment(self, offset: int) -> float:
        """When the line that ends at an offset had come, on the monotonic clock."""
        return self._moments[min(bisect_left(self._sizes, offset), len(self._moments) - 1)]

    def stop(self) -> None:
        """Look a last time."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(PAUSE):
            self._note()
        self._note()

    def _note(self) -> None:
        if (size := self.size) > self._sizes[-1]:
            self._sizes.append(size)
            self._moments.append(monotonic())


@dataclass(frozen=True)
class Told:
    """Decided reports whose decision reached the provider, never did, or did twice.

    `too_soon` counts repeats that came while the first try was nobody else's to repeat; `astray` messages to a wrong
    phone, or of no decision.
    """

    told: int
    never: int
    twice: int
    too_soon: int
    astray: int


def told(place: Installation, watch: Watch, *, ahead_from: int) -> Told:
    """What the provider got. From the offset `ahead_from` on, the workers' clock was ahead and leases were over."""
    sends: dict[UUID, list[int]] = defaultdict(list)
    targets: dict[UUID, set[str]] = defaultdict(set)
    end = 0
    for line in place.pushed.read_bytes().splitlines(keepends=True):
        end += len(line)
        message = json.loads(line)["message"]
        if message["data"]["kind"].startswith("report.decided"):
            notification = UUID(message["data"]["notification_id"])
            sends[notification].append(end)
            targets[notification].add(message["fid"])
    with place.database.read_session() as session:
        decided = session.execute(_DECIDED).all()
    theirs = {notification: {f"phone-of-{person}"} for person, notification in decided if notification}
    times = [len(sends.get(notification, ())) for _, notification in decided]
    return Told(
        told=sum(count > 0 for count in times),
        never=sum(count == 0 for count in times),
        twice=sum(count > 1 for count in times),
        too_soon=sum(too_soon(ends, watch, ahead_from) for ends in sends.values()),
        astray=sum(theirs.get(notification) != to for notification, to in targets.items()),
    )


def too_soon(ends: list[int], watch: Watch, ahead_from: int) -> int:
    """How many of a message's repeats came too soon after the try before, by one and the same clock."""
    return sum(
        (one > ahead_from) == (other > ahead_from) and watch.moment(other) - watch.moment(one) < TOO_SOON
        for one, other in pairwise(ends)
    )
