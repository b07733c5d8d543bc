"""When an officer's password is good enough, an account waits, and a session is over."""

from datetime import datetime, timedelta

LONGEST_PASSWORD = 256
"""Characters; more would only make the hash work for nothing."""


def obstacles_to_password(password: str, *, shortest: int) -> list[str]:
    """Why a password cannot be taken; empty = it can.

    Length is asked for, and no kinds of characters. Source: NIST SP 800-63B-4, 3.1.1.2.
    """
    faults = []
    if len(password) < shortest:
        faults.append(f"a password has at least {shortest} characters")
    if len(password) > LONGEST_PASSWORD:
        faults.append(f"a password has at most {LONGEST_PASSWORD} characters")
    return faults


def is_locked(locked_until: datetime | None, now: datetime) -> bool:
    """Whether an account still waits."""
    return locked_until is not None and now < locked_until


def is_over(*, seen_at: datetime, expires_at: datetime, idle: timedelta, now: datetime) -> bool:
    """Whether a session has ended: by its absolute end, or because nothing was asked for `idle`."""
    return now >= expires_at or now - seen_at >= idle
