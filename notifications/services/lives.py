"""The life of a message: what was done with it and what became of it, in the order in which that happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from notifications.channels.registry import CHANNELS
from notifications.models import Notification
from notifications.rules import DeliveryStatus, Failure, Platform, Stage, failure

_RANKS = {kind.name: kind.rank for kind in CHANNELS}


@dataclass(frozen=True)
class Arrival:
    """What became of a message on one device, or by a channel that writes to the person (`device_id` is `@mail`).

    `platform` is None where there is no device, or it is no longer known.
    """

    device_id: str
    channel: str
    platform: Platform | None
    status: DeliveryStatus
    error: str | None
    ready_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    failed_at: datetime | None


@dataclass(frozen=True)
class Happened:
    """One thing that happened to a message; `why` only where it failed."""

    at: datetime
    stage: Stage
    channel: str | None = None
    why: Failure | None = None


def life(message: Notification, tried: Sequence[Arrival]) -> list[Happened]:
    """All that happened to a message, oldest first."""
    found = [Happened(message.created_at, Stage.PLANNED), *_replaced(tried)]
    for each in tried:
        found += _of_delivery(each)
    if message.read_at and not any(each.opened_at for each in tried):
        found.append(Happened(message.read_at, Stage.OPENED))
    return sorted(found, key=lambda happened: happened.at)


def _of_delivery(tried: Arrival) -> Iterator[Happened]:
    moments = (
        (tried.sent_at, Stage.SENT),
        (tried.delivered_at, Stage.DELIVERED),
        (tried.opened_at, Stage.OPENED),
    )
    for at, stage in moments:
        if at:
            yield Happened(at, stage, tried.channel)
    if tried.failed_at and not tried.sent_at:
        yield Happened(tried.failed_at, Stage.FAILED, tried.channel, failure(tried.error))


def _replaced(tried: Sequence[Arrival]) -> Iterator[Happened]:
    """Where another channel followed, because what was tried before was not delivered or not opened."""
    first: dict[int, tuple[datetime, str]] = {}
    for each in tried:
        if each.ready_at:
            rank = _RANKS.get(each.channel, 0)
            first[rank] = min(first.get(rank, (each.ready_at, each.channel)), (each.ready_at, each.channel))
    ranks = sorted(first)
    for before, rank in pairwise(ranks):
        at, channel = first[rank]
        if at > first[before][0]:
            yield Happened(at, Stage.REPLACED, channel)
