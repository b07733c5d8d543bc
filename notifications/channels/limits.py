"""How fast a channel may send, and when it stops: the figures of `limits.toml`."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from notifications.rules import BreakerTerms

FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Bucket:
    """How many messages a channel may send: `per_minute`, and `burst` at once after a pause."""

    per_minute: int
    burst: int

    def refilled(self, left: float, seconds: float) -> float:
        """What may be sent at once, `seconds` after `left` could be."""
        return min(left + max(seconds, 0) * self.per_minute / 60, self.burst)


def read_bucket(row: dict[str, Any]) -> Bucket:
    """The bucket of a row. Raises ValueError where a minute's messages could exceed the provider's quota."""
    bucket = Bucket(row["per_minute"], row["burst"])
    if not 0 < bucket.per_minute + bucket.burst <= row["quota_per_minute"]:
        raise ValueError(f"{row['name']}: a minute may bring more than the quota of {row['quota_per_minute']}")
    return bucket


@lru_cache(maxsize=1)
def terms() -> BreakerTerms:
    """When a channel stops, and for how long."""
    row = _tables()["breaker"]
    return BreakerTerms(
        failures=row["failures"],
        first=timedelta(seconds=row["first"]),
        most=timedelta(seconds=row["most"]),
        fault=timedelta(seconds=row["fault"]),
        tries=row["tries"],
        many=row["many"],
        single_share=row["single_share"],
    )


@lru_cache(maxsize=1)
def buckets() -> dict[str, Bucket]:
    """The buckets of the channels that have one, by the channel's name."""
    return {row["name"]: read_bucket(row) for row in _tables()["channel"]}


def _tables() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))
