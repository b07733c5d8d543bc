"""What the metrics say of messages: how many were planned and tried, with which outcome, how late, and what waits.

Totals are kept as counters, a few rows, because counting the messages of a country would take longer than the answer is
worth. They are added to at the end of the transaction that they count.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from foundation.clock import BANGKOK
from foundation.db import ReadSession, Session
from notifications import rules
from notifications.models import Delivery, DeliveryCount
from notifications.rules import DeliveryStatus

BOUNDS = (1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0, math.inf)
"""Seconds by which a message may have left late, as a histogram counts them."""
PLANNED = "planned"
UNSURE = "lease-over"
"""Claimed again because nobody wrote down what became of the last try: the provider may have it twice."""


class Key(NamedTuple):
    """What a counter counts: tries of a channel with one outcome; `up_to` is the bound of how late they left."""

    channel: str
    lane: int
    outcome: str
    up_to: float = math.inf


@dataclass(frozen=True)
class Counted:
    """A counter: how many, and the sum of the seconds that they were late."""

    key: Key
    number: int
    seconds: float


@dataclass(frozen=True)
class Waiting:
    """What waits in a channel's lane and may go by now: how many messages, and for how many seconds the oldest has."""

    channel: str
    lane: int
    number: int
    oldest: float


def sent_late(channel: str, lane: int, seconds: float) -> tuple[Key, float]:
    """The counter of a message that left so late, and by how much."""
    late = max(seconds, 0.0)
    return Key(channel, lane, "sent", BOUNDS[bisect_left(BOUNDS, late)]), late


def count(session: Session, numbers: Counter[Key], seconds: Mapping[Key, float] | None = None) -> None:
    """Add to the counters; to be called last in a transaction, since it locks rows that all workers share."""
    rows = [
        {"channel": k.channel, "lane": k.lane, "outcome": k.outcome, "up_to": k.up_to, "number": numbers[k]}
        | {"seconds": (seconds or {}).get(k, 0.0)}
        for k in sorted(numbers)
        if numbers[k]
    ]
    if not rows:
        return
    new = insert(DeliveryCount).values(rows)
    changed = {
        "number": DeliveryCount.number + new.excluded.number,
        "seconds": DeliveryCount.seconds + new.excluded.seconds,
    }
    keys = ["channel", "lane", "outcome", "up_to"]
    session.execute(new.on_conflict_do_update(index_elements=keys, set_=changed))


def counters(session: ReadSession) -> Sequence[Counted]:
    """All counters, in order."""
    rows = session.scalars(
        select(DeliveryCount).order_by(
            DeliveryCount.channel, DeliveryCount.lane, DeliveryCount.outcome, DeliveryCount.up_to
        )
    )
    return [Counted(Key(row.channel, row.lane, row.outcome, row.up_to), row.number, row.seconds) for row in rows]


def waiting(session: ReadSession, *, now: datetime) -> Sequence[Waiting]:
    """What may go by now and has not: in the quiet hours that is the urgent lane only."""
    lanes = rules.URGENT if rules.is_quiet(now.astimezone(BANGKOK).hour) else rules.ROUTINE
    oldest = func.min(func.coalesce(Delivery.ready_at, Delivery.next_try_at))
    query = (
        select(Delivery.channel, Delivery.lane, func.count(), oldest)
        .where(
            Delivery.status == DeliveryStatus.PENDING,
            Delivery.lane <= lanes,
            func.coalesce(Delivery.ready_at, Delivery.next_try_at) <= now,
        )
        .group_by(Delivery.channel, Delivery.lane)
    )
    return [
        Waiting(channel, lane, number, (now - since).total_seconds())
        for channel, lane, number, since in session.execute(query)
    ]
