"""When a sign-in counts as verified, and when it has to wait."""

from datetime import datetime, timedelta

from immigration.rules.codes import Assurance


def is_verified(
    *, began: datetime, verified: datetime | None, has_passkey: bool, within: timedelta, now: datetime
) -> bool:
    """Whether the person was verified lately: by a passkey, or, of those who have none, by having just come in."""
    moments = [verified] if has_passkey else [verified, began]
    return any(moment is not None and now - moment <= within for moment in moments)


def is_recovery(*, assurance: str, began: datetime, last_passkey: datetime) -> bool:
    """Whether a sign-in began with a code from a counter after the last passkey was registered, which may be lost.

    An officer saw the person and the passport then; a code by mail is no such proof.
    """
    return assurance == Assurance.COUNTER and began > last_passkey


def is_held(held_until: datetime, now: datetime) -> bool:
    """Whether a recovery by mail still has to wait."""
    return now < held_until
