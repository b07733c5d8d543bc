"""Challenges that authenticators sign: made without storing anything, for one purpose and person, answered once.

A challenge is 16 random bytes, the second it ends, and a MAC of both with the purpose and whom it is for. So asking for
challenges fills no table, and only one that was answered is noted, until it ends.
"""

import hashlib
import hmac
import os
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from foundation.db import Session, execute_bulk
from foundation.sealing import keyring
from immigration.models.passkeys import UsedChallenge

LASTS = timedelta(minutes=5)
_RANDOM, _TIME, _MAC = 16, 8, 32


def make(purpose: str, subject: str, *, now: datetime) -> bytes:
    """A fresh challenge."""
    head = os.urandom(_RANDOM) + int((now + LASTS).timestamp()).to_bytes(_TIME, "big")
    return head + _mac(head, purpose, subject)


def take(session: Session, challenge: bytes, purpose: str, subject: str, *, now: datetime) -> bool:
    """Whether a challenge is ours, for this purpose and subject, not over, and not answered before."""
    head, mac = challenge[: _RANDOM + _TIME], challenge[_RANDOM + _TIME :]
    if len(challenge) != _RANDOM + _TIME + _MAC or not hmac.compare_digest(mac, _mac(head, purpose, subject)):
        return False
    ends_at = datetime.fromtimestamp(int.from_bytes(head[_RANDOM:], "big"), UTC)
    if now >= ends_at:
        return False
    used = insert(UsedChallenge).values(digest=hashlib.sha256(challenge).digest(), expires_at=ends_at)
    return execute_bulk(session, used.on_conflict_do_nothing()) == 1


def forget_expired(session: Session, *, now: datetime) -> int:
    """Remove challenges that are over; how many there were."""
    return execute_bulk(session, delete(UsedChallenge).where(UsedChallenge.expires_at <= now))


def _mac(head: bytes, purpose: str, subject: str) -> bytes:
    return keyring().digest("passkey-challenge", head.hex(), purpose, subject)
