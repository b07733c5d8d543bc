"""How long to wait after an error, and what a provider's answer means for us."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from foundation.back_off import back_off

URGENT, ROUTINE = 0, 1
"""The lanes: decisions and security, at any hour, before what waits for the day."""

FROM_HOUR, SPREAD = 9, timedelta(minutes=90)
"""Reminders go out from 09:00 in Bangkok, spread until 10:30; where a person chose an hour, in its first half."""
SPREAD_OF_CHOSEN_HOUR = timedelta(minutes=30)

QUIET_FROM, QUIET_UNTIL = 20, 8
"""Hours of the day in Bangkok between which nothing routine is sent."""
HOURS = range(QUIET_UNTIL, QUIET_FROM)
"""The hours that a person may choose."""

MAX_DEVICES = 10
"""Live devices of one person; the one unused for longest makes room."""

SECRET_ID = 22
"""Letters of a device's id from which on nobody guesses it (128 bits in base64; a UUID has 36): who names the same one
for the same push address is on the same phone."""

LEASE = timedelta(minutes=3)
"""How long a claimed delivery is another worker's not to touch; a batch must be over by then."""

GIVE_UP_AFTER = timedelta(hours=72)

STALE_AFTER = timedelta(days=30)
"""A device that was not seen for so long may be out of use: its messages go by the next channel as well.

Source: Firebase documentation, Best practices for registration token management.
"""

FALL_BACK = timedelta(hours=24)
"""A message that nobody has opened for so long goes by the next channel too."""

FALL_BACK_AFTER = {
    "reminder.one-day": timedelta(hours=6),
    "reminder.due-day": timedelta(hours=3),
    "reminder.last-day-of-grace": timedelta(hours=3),
}
"""Shorter where the day would be over by then."""

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
    """What became of a message; `stale` is a reminder that was taken back, `skipped` one not wanted."""

    PENDING = "pending"
    SENT = "sent"
    STALE = "stale"
    SKIPPED = "skipped"
    UNREACHABLE = "unreachable"


class DeliveryStatus(StrEnum):
    """What became of a message on one device."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Reason(StrEnum):
    """Why a reminder was not sent, or not any more."""

    OPTED_OUT = "opted-out"
    NOT_OWED = "not-owed"
    NEXT_STEP = "next-step"


class Stage(StrEnum):
    """What can happen to a message; `replaced` by the channel that follows."""

    PLANNED = "planned"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    FAILED = "failed"
    REPLACED = "replaced"


class Failure(StrEnum):
    """Why a message failed, as its person is told."""

    DEVICE_GONE = "device-gone"
    REFUSED = "refused"
    PROVIDER_AWAY = "provider-away"
    OUR_FAULT = "our-fault"


class GapCause(StrEnum):
    """Why a person was not told what they must have been told by now."""

    NOT_AS_RECORDED = "not-as-recorded"
    NOT_PLANNED = "not-planned"
    WRONG_DATE = "wrong-date"
    TAKEN_BACK = "taken-back"
    NOT_ADDRESSED = "not-addressed"
    NO_CHANNEL = "no-channel"
    NO_DELIVERY = "no-delivery"
    NOT_SENT = "not-sent"
    NOT_DELIVERED = "not-delivered"


class Outcome(StrEnum):
    """What became of one try; `mismatch` until it is clear whether the device or our set-up is the wrong one."""

    SENT = "sent"
    RETRY = "retry"
    DROP_DEVICE = "drop-device"
    FAILED = "failed"
    MISMATCH = "mismatch"


class Mismatches(StrEnum):
    """What devices mean that the provider says belong to another sender."""

    SINGLE = "single"
    MANY = "many"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Verdict:
    """What an error means for the delivery, and whether an operator has to check our own set-up."""

    outcome: Outcome
    alarm: bool = False


@dataclass(frozen=True, kw_only=True)
class BreakerTerms:
    """When a channel stops because nothing goes through, and for how long; see `channels/limits.toml`."""

    failures: int
    first: timedelta
    most: timedelta
    fault: timedelta
    tries: int
    many: int
    single_share: float


_VERDICTS = {
    "UNREGISTERED": Verdict(Outcome.DROP_DEVICE),
    "SENDER_ID_MISMATCH": Verdict(Outcome.MISMATCH, alarm=True),
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
DEVICE_GONE = frozenset({"UNREGISTERED", "SENDER_ID_MISMATCH"})
"""Said of a device that gets nothing from us any more."""
_FAULTS_OF_OURS = frozenset({"THIRD_PARTY_AUTH_ERROR", "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND"})
"""Said of a wrong credential, key or project: no message goes through until an operator has put it right."""
_TARGET_WORDS = ("registration token", "message.token", "message.fid", "installation id")


def is_quiet(hour: int) -> bool:
    """Whether nothing routine is sent in this hour of the day in Bangkok."""
    return hour not in HOURS


def end_of_quiet(now: datetime) -> datetime:
    """When what is not urgent may go: `now`, a time in Bangkok, or the end of the quiet hours that it falls into."""
    if not is_quiet(now.hour):
        return now
    morning = now.replace(hour=QUIET_UNTIL, minute=0, second=0, microsecond=0)
    return morning if now.hour < QUIET_UNTIL else morning + timedelta(days=1)


def classify(code: str, message: str = "") -> Verdict:
    """What a provider's error code means.

    A wrong credential is a fault of our set-up and would hit every device at once, so no device is dropped for it. A
    wrong sender id is one where many devices have it, see `judge_mismatches`. INVALID_ARGUMENT is also said of any
    other malformed field: only a message that names the target drops the device. A code not known here is tried again,
    with an alarm.
    """
    if code == "INVALID_ARGUMENT" and any(words in message.lower() for words in _TARGET_WORDS):
        return Verdict(Outcome.DROP_DEVICE)
    return _VERDICTS.get(code, _OUR_OWN_FAULT)


def failure(code: str | None) -> Failure:
    """Why a message failed, by the last error code of its provider."""
    if code in DEVICE_GONE:
        return Failure.DEVICE_GONE
    if is_fault_of_ours(code) or code == "UNPRINTABLE":
        return Failure.OUR_FAULT
    known = _VERDICTS.get(code or "")
    is_away = (known and known.outcome is Outcome.RETRY) or (code or "").startswith("MAIL_SERVER_DOWN")
    return Failure.PROVIDER_AWAY if is_away else Failure.REFUSED


def is_fault_of_ours(code: str | None) -> bool:
    """Whether an error says that our set-up is wrong, so that nothing goes through."""
    return code in _FAULTS_OF_OURS


def judge_mismatches(terms: BreakerTerms, *, mismatched: int, sent: int) -> Mismatches:
    """What it means that so many devices belong to another sender while `sent` others took their message.

    A few beside many that worked are devices of another project. Many where nothing worked mean that our own sender is
    the wrong one. Else it is not known, and they are tried again.
    """
    if sent and mismatched <= max(1, sent * terms.single_share):
        return Mismatches.SINGLE
    return Mismatches.MANY if mismatched >= terms.many else Mismatches.UNDECIDED


def stop_for(terms: BreakerTerms, *, failures: int, fault: bool, asked: timedelta | None) -> timedelta:
    """How long a channel sends nothing after `failures` answers in a row of which nothing went through; 0: it goes on.

    `fault` is one of our set-up, `asked` what the provider asked for.
    """
    waits = [terms.fault if fault else timedelta(0), min(asked or timedelta(0), _LONGEST_RETRY_AFTER)]
    if failures >= terms.failures:
        waits.append(back_off(failures - terms.failures + 1, first=terms.first, most=terms.most))
    return max(waits)


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
