"""When an officer's session is over, when a password alone opens one, and who may change which account."""

import hashlib
import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from immigration.rules.offices import HEADQUARTERS

LONGEST_NAME = 64


class AccountObstacle(StrEnum):
    """Why an administrator cannot do something with an account."""

    OWN_ACCOUNT = "own-account"
    LAST_ADMINISTRATOR = "last-administrator"
    BEYOND_OFFICES = "beyond-offices"
    CLOSED = "closed"


def is_over(*, seen_at: datetime, expires_at: datetime, idle: timedelta, now: datetime) -> bool:
    """Whether a session has ended: by its absolute end, or because nothing was asked for `idle`."""
    return now >= expires_at or now - seen_at >= idle


def is_password_enough(*, has_factor: bool, required: bool) -> bool:
    """Whether an account may be signed in to without a second factor: it has none, and none is required."""
    return not (has_factor or required)


def is_name(name: str) -> bool:
    """Whether an account can have this name: what is read is what is there, and it cannot look like a role."""
    seen = name.isprintable() and name == name.strip() == unicodedata.normalize("NFC", name)
    return seen and 0 < len(name) <= LONGEST_NAME and ":" not in name


def version(role: str, offices: Collection[str], disabled_at: datetime | None) -> str:
    """What changes whenever role, offices or end of an account change: two changes from one state cannot both count."""
    state = "\n".join([role, *sorted(offices), disabled_at.isoformat() if disabled_at else ""])
    return hashlib.sha256(state.encode()).hexdigest()[:16]


def administers(own: Collection[str], offices: Collection[str]) -> bool:
    """Whether an administrator of these offices is over an account of those, or may give it them: all are theirs."""
    return HEADQUARTERS in own or set(offices) <= set(own)


def obstacles(*, own: bool, last: bool) -> list[AccountObstacle]:
    """Why an account's access cannot be changed or ended; nobody does it to themself, and one administrator stays."""
    return [AccountObstacle.OWN_ACCOUNT] * own + [AccountObstacle.LAST_ADMINISTRATOR] * last
