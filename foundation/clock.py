"""The only module that reads the time; everything else is given it.

Instants are aware datetimes in UTC; civil dates are those of Asia/Bangkok, where the law counts its days.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

BANGKOK = ZoneInfo("Asia/Bangkok")

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def shifted_clock(start: datetime, since: datetime | None = None) -> Clock:
    """A clock that read `start` at the real instant `since` (default: now) and has gone on from there."""
    offset: timedelta = start - (since or system_clock())
    return lambda: system_clock() + offset


def bangkok_date(instant: datetime) -> date:
    """The civil date in Bangkok at an aware instant."""
    return instant.astimezone(BANGKOK).date()


def bangkok_day(day: date) -> tuple[datetime, datetime]:
    """The instants at which a civil date in Bangkok begins, and the next one does."""
    begins = datetime.combine(day, time_of_day(), BANGKOK)
    return begins, begins + timedelta(days=1)


def rfc3339(instant: datetime) -> str:
    """An instant as the platform writes it on the wire: RFC 3339 with the offset of Bangkok, to the second."""
    return instant.astimezone(BANGKOK).isoformat(timespec="seconds")


def monotonic() -> float:
    """Seconds on a clock that never jumps, for measuring how long something took."""
    return time.monotonic()


def sleep_until(moment: float) -> None:
    """Wait until `monotonic()` reads `moment`; at once when it has passed."""
    if (left := moment - time.monotonic()) > 0:
        time.sleep(left)
