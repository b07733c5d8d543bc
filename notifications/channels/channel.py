"""What a channel takes and gives back, with any provider."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol, runtime_checkable
from uuid import UUID

from foundation.config import Settings
from foundation.mail import Enclosure
from notifications.rules import Outcome


@dataclass(frozen=True)
class Envelope:
    """One message for one target, ready to be sent. `target_kind` is a kind of device or a channel; lane 0 is urgent.

    `optional` is true where the person may switch such messages off. `written_at` is when the message came about,
    which is the same however often it is sent.
    """

    delivery_id: UUID
    notification_id: UUID
    kind: str
    lane: int
    target_kind: str
    target: str = field(repr=False)
    title: str = field(repr=False)
    body: str = field(repr=False)
    language: str = "en"
    attempt: int = 1
    """Which try of the delivery it is."""
    written_at: datetime | None = None
    also: tuple[str, ...] = field(default=(), repr=False)
    """Further targets of the same person, for what warns of a stranger: one of them may be the stranger's."""
    optional: bool = False
    due_on: date | None = None
    """The due date that it speaks of, if it does."""
    platform: str | None = None
    """What the device is, where one is meant."""
    initial: str = ""
    """The first letter of the name of whom it is for, where their phone may have to tell several people apart."""
    english: str = field(default="", repr=False)
    """What it says in English, where that stands beside the person's language and the channel has room for it."""
    enclosure: Enclosure | None = None
    """A document that goes with it, where the channel writes to the person."""


@dataclass(frozen=True)
class Result:
    """What became of one try. `retry_after` is what the provider asked for; `alarm` means our set-up is at fault.

    `of_target`: it says something of this target only, and nothing of whether the channel works.
    """

    delivery_id: UUID
    outcome: Outcome
    provider_id: str | None = None
    error_code: str | None = None
    retry_after: timedelta | None = None
    alarm: bool = False
    of_target: bool = False


class Channel(Protocol):
    """A way to people."""

    def send(self, envelopes: Sequence[Envelope]) -> list[Result]:
        """Try each message once; one result each, in the same order. Never raises for a message that fails."""
        ...

    def close(self) -> None:
        """Let go of threads and connections."""
        ...


@runtime_checkable
class StreamingChannel(Channel, Protocol):
    """A channel that goes on sending while its caller claims and settles."""

    def start(self, envelopes: Sequence[Envelope], done: Callable[[Result], None]) -> None:
        """Begin to try each message once; `done` gets each result as it comes, from any thread."""
        ...


def start(channel: Channel, envelopes: Sequence[Envelope], done: Callable[[Result], None]) -> None:
    """Begin to send by any channel; one that does not stream has sent everything when this returns."""
    if isinstance(channel, StreamingChannel):
        channel.start(envelopes, done)
        return
    for result in channel.send(envelopes):
        done(result)


@dataclass(frozen=True, kw_only=True)
class ChannelKind:
    """A channel as the outbox knows it: how messages are addressed to it, and when.

    A message goes to the channels of the lowest `rank` that reach its person; those of the next rank follow where it
    was not delivered or not opened. `targets` are the kinds of devices that the channel serves. One without them
    writes to the person, whose address the application factory knows how to find.
    """

    name: str
    rank: int
    open: Callable[[Settings], Channel]
    targets: frozenset[str] = frozenset()
    initials: bool = False
    """Whether each message names whom it is for; else only one to a browser or to a phone of several people does."""
    batch: int = 200
    """Messages that a worker claims together; they must be over within `rules.LEASE`, however slow the provider."""

    @property
    def to_person(self) -> bool:
        """Whether the channel writes to the person instead of a device."""
        return not self.targets

    @property
    def address(self) -> str:
        """What stands for the device of a delivery where the channel writes to the person; no device has such an id."""
        return f"@{self.name}"
