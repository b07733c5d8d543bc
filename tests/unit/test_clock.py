"""Civil dates change at midnight in Bangkok, whatever the day, and a set clock goes on from where it was set."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.clock import bangkok_date, monotonic, rfc3339, shifted_clock, sleep_until, system_clock

INSTANT = timedelta(microseconds=1)
FIRST, LAST = date(2023, 12, 31), date(2040, 12, 31)
MIDNIGHTS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
"""The last instants of these days lead into every day from 1 January 2024 to the end of 2040, and one more."""


def test_every_day_of_2024_to_2040_begins_at_17_hours_utc() -> None:
    assert {date(year, 2, 29) for year in range(2024, 2041, 4)} <= set(MIDNIGHTS)
    for day in [*MIDNIGHTS, date(2100, 2, 28)]:
        midnight = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
        assert bangkok_date(midnight - INSTANT) == day
        assert bangkok_date(midnight) == day + timedelta(days=1)


@given(st.integers(0, 2**32), st.integers(-12 * 60, 14 * 60))
def test_the_day_does_not_depend_on_the_zone_an_instant_is_written_in(seconds: int, offset: int) -> None:
    instant = datetime.fromtimestamp(seconds, UTC)
    assert bangkok_date(instant.astimezone(timezone(timedelta(minutes=offset)))) == bangkok_date(instant)


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (datetime(2026, 11, 23, 16, 59, 59, 999999, tzinfo=UTC), "2026-11-23T23:59:59+07:00"),
        (datetime(2026, 12, 31, 17, tzinfo=UTC), "2027-01-01T00:00:00+07:00"),
        (datetime(2028, 2, 28, 17, tzinfo=UTC), "2028-02-29T00:00:00+07:00"),
    ],
)
def test_instants_are_written_with_the_offset_of_bangkok(instant: datetime, written: str) -> None:
    assert rfc3339(instant) == written
    assert datetime.fromisoformat(written) == instant.replace(microsecond=0)


def test_a_set_clock_starts_where_it_was_set_and_goes_on() -> None:
    start = datetime(2031, 5, 1, 16, 59, 59, tzinfo=UTC)
    clock = shifted_clock(start)
    first = clock()
    assert timedelta(0) <= first - start < timedelta(seconds=5)
    while clock() == first:
        sleep_until(monotonic() + 0.001)
    assert clock() > first
    assert clock().utcoffset() == timedelta(0)


def test_clocks_set_by_the_same_moment_agree_in_every_process() -> None:
    start, since = datetime(2031, 5, 1, tzinfo=UTC), system_clock() - timedelta(hours=3)
    now = shifted_clock(start, since)()
    assert timedelta(0) <= now - (start + timedelta(hours=3)) < timedelta(seconds=5)


def test_the_system_clock_is_aware_and_in_utc() -> None:
    assert system_clock().utcoffset() == timedelta(0)


def test_a_moment_that_has_passed_is_not_waited_for() -> None:
    before = monotonic()
    sleep_until(before - 10)
    assert monotonic() - before < 1
