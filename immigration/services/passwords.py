"""Passwords: hashed with Argon2id, a few at a time, and refused where they are weak."""

import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from foundation.clock import bangkok_date
from foundation.errors import Unavailable, Unprocessable
from immigration.registries.access import terms
from immigration.registries.passwords import common_passwords
from immigration.rules import passwords as rules

_HASHER = PasswordHasher()  # Argon2id, RFC 9106, second recommended option: 64 MiB, 3 passes
_HASHING_TIMEOUT = 5.0  # seconds


class WeakPassword(Unprocessable):
    """The password cannot be taken."""

    code = "weak-password"


class Slots:
    """So many hashes at a time in one process, and so many that wait: hashing bounds memory, and threads stay free.

    Of one network only a part may be at it, so that a flood from one leaves room for the others.
    """

    def __init__(self, *, at_once: int, waiting: int, each: int) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._most, self._each = at_once + waiting, each
        self._lock = threading.Lock()
        self._inside: Counter[str] = Counter()

    @contextmanager
    def take(self, network: str) -> Iterator[None]:
        """Wait for a slot; raises Unavailable where too many wait, or this network has its part."""
        with self._lock:
            if self._inside.total() >= self._most or self._inside[network] >= self._each:
                raise Unavailable("too many sign-ins at once")
            self._inside[network] += 1
        try:
            if not self._free.acquire(timeout=_HASHING_TIMEOUT):
                raise Unavailable("too many sign-ins at once")
            try:
                yield
            finally:
                self._free.release()
        finally:
            with self._lock:
                self._inside[network] -= 1
                self._inside += Counter()  # forgets networks that have none


_SLOTS = Slots(at_once=2, waiting=4, each=3)


def hashed(password: str, *, name: str, now: datetime) -> str:
    """What is kept of a password. Raises WeakPassword."""
    check(password, name=name, now=now)
    return _HASHER.hash(password)


def check(password: str, *, name: str, now: datetime) -> None:
    """Raise WeakPassword where an account cannot have this password."""
    shortest = terms(bangkok_date(now)).password_length
    if found := rules.obstacles(password, name=name, shortest=shortest, common=common_passwords()):
        raise WeakPassword("; ".join(found.values()), obstacles=list(found))


def replaced(password_hash: str, current: str, password: str, *, network: str) -> str | None:
    """What is kept of the next password; None where `current` is not the present one. Raises Unavailable."""
    with _SLOTS.take(network):
        try:
            _HASHER.verify(password_hash, current)
        except (Argon2Error, InvalidHashError):
            return None
        return _HASHER.hash(password)


def matches(password_hash: str, password: str, *, network: str) -> bool:
    """Whether it is the password; tens of milliseconds of work on purpose, so not inside a transaction.

    Raises Unavailable where too many are being checked.
    """
    with _SLOTS.take(network):
        try:
            return _HASHER.verify(password_hash, password)
        except (Argon2Error, InvalidHashError):
            return False


def hash_of_no_password() -> str:
    """A hash that no password has, on which a wrong name costs as much time as a wrong password.

    It is made by the first thread that asks, while the others wait: each hash takes 64 MiB.
    """
    with _MADE_ONCE:
        return _hash_of_no_password()


_MADE_ONCE = threading.Lock()


@lru_cache(maxsize=1)
def _hash_of_no_password() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))
