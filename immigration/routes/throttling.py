"""The throttle at the edge: what is asked is counted by operation, the network that asks, and what it is about."""

import math
from datetime import timedelta
from typing import NoReturn

from foundation import throttle
from foundation.client_address import client_network
from foundation.clock import bangkok_date
from foundation.errors import Problem, TooManyRequests
from foundation.http import now
from foundation.services import autocommit, read_autocommit
from foundation.throttle import Counted, Limit
from immigration.registries.access import limits
from immigration.rules.access import Throttled


def count(operation: Throttled, subject: str = "") -> Counted:
    """Count one of an operation, before it is known what becomes of it."""
    with autocommit() as connection:
        return throttle.count(connection, _key(operation, subject), limit(operation), now=now())


def admit(operation: Throttled, subject: str = "") -> Counted:
    """Count one of an operation; raises TooManyRequests where it has to wait."""
    counted = count(operation, subject)
    if not counted.allowed:
        refuse(counted.wait)
    return counted


def waits(operation: Throttled, subject: str = "") -> bool:
    """Whether an operation has to wait; it is not counted."""
    with read_autocommit() as connection:
        return throttle.waiting(connection, _key(operation, subject), now=now()) is not None


def fail(operation: Throttled, problem: Problem) -> NoReturn:
    """Count what failed, and answer with its problem; beyond the limit with TooManyRequests."""
    counted = count(operation)
    if counted.allowed:
        raise problem
    refuse(counted.wait)


def clear(operation: Throttled, subject: str = "") -> None:
    """Forget what was counted: who asks was the right one."""
    with autocommit() as connection:
        throttle.clear(connection, _key(operation, subject))


def give_back(operation: Throttled, subject: str = "") -> None:
    """Count one less: what was counted beforehand did not fail."""
    with autocommit() as connection:
        throttle.give_back(connection, _key(operation, subject), now=now())


def refuse(wait: timedelta) -> NoReturn:
    """Raise TooManyRequests with the seconds to wait, at least one."""
    seconds = max(1, math.ceil(wait.total_seconds()))
    raise TooManyRequests(f"wait {seconds} seconds", retry_after=seconds)


def limit(operation: Throttled) -> Limit:
    """The limit in force for an operation."""
    return limits(bangkok_date(now()))[operation]


def _key(operation: Throttled, subject: str) -> bytes:
    return throttle.key_of(operation, client_network(), subject)
