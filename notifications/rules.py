"""How long to wait after an error, and what a provider's answer means for us."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from foundation.back_off import back_off

URGENT, ROUTINE = 0, 1
"""The lanes: decisions and security before reminders."""

MAX_DEVICES = 10
"""Live devices of one person; the one unused for longest makes room."""

LEASE = timedelta(minutes=3)
"""How long a claimed delivery is another worker's not to touch; a batch must be over by then."""

GIVE_UP_AFTER = timedelta(hours=72)

_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)
_LONGEST_RETRY_AFTER = timedelta(hours=6)


class Platform(StrEnum):
    """What a device is."""

    ANDROID = "android"
    IOS = "ios"
    WEB = "web"


class TargetKind(StrEnum):
    """Which kind of push address a device has: Firebase's installation id, its token, or a web push subscription."""

    FID = "fid"
    TOKEN = "token"  # noqa: S105 - the name of a kind
    WEBPUSH = "webpush"


class NotificationStatus(StrEnum):
    """What became of a message; `stale` is a reminder that was taken back before any device had it."""

    PENDING = "pending"
    SENT = "sent"
    STALE = "stale"
    UNREACHABLE = "unreachable"


class DeliveryStatus(StrEnum):
    """What became of a message on one device."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Outcome(StrEnum):
    """What became of one try."""

    SENT = "sent"
    RETRY = "retry"
    DROP_DEVICE = "drop-device"
    FAILED = "failed"


@dataclass(frozen=True)
class Verdict:
    """What an error means for the delivery, and whether an operator has to check our own set-up."""

    outcome: Outcome
    alarm: bool = False


_VERDICTS = {
    "UNREGISTERED": Verdict(Outcome.DROP_DEVICE),
    "SENDER_ID_MISMATCH": Verdict(Outcome.FAILED, alarm=True),
    "INVALID_ARGUMENT": Verdict(Outcome.FAILED, alarm=True),
    "UNSUPPORTED": Verdict(Outcome.FAILED),
    "UNPRINTABLE": Verdict(Outcome.FAILED, alarm=True),
    "QUOTA_EXCEEDED": Verdict(Outcome.RETRY),
    "RESOURCE_EXHAUSTED": Verdict(Outcome.RETRY),
    "UNAVAILABLE": Verdict(Outcome.RETRY),
    "INTERNAL": Verdict(Outcome.RETRY),
    "DEADLINE_EXCEEDED": Verdict(Outcome.RETRY),
    "UNKNOWN": Verdict(Outcome.RETRY),
    "ABORTED": Verdict(Outcome.RETRY),
    "CANCELLED": Verdict(Outcome.RETRY),
}
_OUR_OWN_FAULT = Verdict(Outcome.RETRY, alarm=True)
_TARGET_WORDS = ("registration token", "message.token", "message.fid", "installation id")


def classify(code: str, message: str = "") -> Verdict:
    """What a provider's error code means.

    A wrong sender id or credential is a fault of our set-up and would hit every device at once, so no device is
    dropped for it. INVALID_ARGUMENT is also said of any other malformed field: only a message that names the target
    drops the device. A code not known here is tried again, with an alarm.
    """
    if code == "INVALID_ARGUMENT" and any(words in message.lower() for words in _TARGET_WORDS):
        return Verdict(Outcome.DROP_DEVICE)
    return _VERDICTS.get(code, _OUR_OWN_FAULT)


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """What a Retry-After header asks for: seconds or an HTTP date (RFC 9110 section 10.2.3); None if unreadable."""
    if not header:
        return None
    if header.strip().isdecimal():
        seconds = min(int(header.strip()[:9]), int(_LONGEST_RETRY_AFTER.total_seconds()))
        return timedelta(seconds=seconds)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta(0)), _LONGEST_RETRY_AFTER)


def wait(tries: int, asked: timedelta | None, jitter: float) -> timedelta:
    """How long to wait after the `tries`-th failed try: 30 s doubling to an hour, or longer where the provider asked.

    `jitter` from 0 to 1 adds up to a half, so that what failed together does not come back together.
    """
    own = back_off(tries, first=_FIRST_WAIT, most=_LONGEST_WAIT)
    return max(own, min(asked or timedelta(0), _LONGEST_RETRY_AFTER)) * (1 + jitter / 2)


def next_try(*, tries: int, since: datetime, now: datetime, asked: timedelta | None, jitter: float) -> datetime | None:
    """When to try again; None once 72 hours since the first chance have passed. The last try falls on their end."""
    end = since + GIVE_UP_AFTER
    return None if now >= end else min(now + wait(tries, asked, jitter), end)
