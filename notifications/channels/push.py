"""What a push channel takes and gives back, with any provider."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from notifications.rules import Outcome


@dataclass(frozen=True)
class Envelope:
    """One message for one device, ready to be sent. `target_kind` is fid, token or webpush; lane 0 is urgent."""

    delivery_id: UUID
    notification_id: UUID
    kind: str
    lane: int
    target_kind: str
    target: str = field(repr=False)
    title: str = field(repr=False)
    body: str = field(repr=False)


@dataclass(frozen=True)
class Result:
    """What became of one try. `retry_after` is what the provider asked for; `alarm` means our set-up is at fault."""

    delivery_id: UUID
    outcome: Outcome
    provider_id: str | None = None
    error_code: str | None = None
    retry_after: timedelta | None = None
    alarm: bool = False


class PushChannel(Protocol):
    """A way to devices."""

    def send(self, envelopes: Sequence[Envelope]) -> list[Result]:
        """Try each message once; one result each, in the same order. Never raises for a message that fails."""
        ...

    def close(self) -> None:
        """Let go of threads and connections."""
        ...
