"""Whether the records of other offices are as fresh as they are expected to be."""

from datetime import datetime, timedelta
from enum import StrEnum


class FeedState(StrEnum):
    """How fresh a feed is."""

    FRESH = "fresh"
    LATE = "late"
    NEVER = "never"


def state(last: datetime | None, expected: timedelta, now: datetime) -> FeedState:
    """How fresh a feed is whose last import began at `last`."""
    if last is None:
        return FeedState.NEVER
    return FeedState.LATE if now - last > expected else FeedState.FRESH
