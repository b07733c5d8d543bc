"""How long to wait after failures."""

from datetime import timedelta

import pytest

from foundation.back_off import back_off

FIRST, MOST = timedelta(minutes=1), timedelta(hours=1)


def test_waits_double_up_to_the_longest():
    waits = [back_off(tries, first=FIRST, most=MOST) / FIRST for tries in (1, 2, 3, 6, 7, 500)]
    assert waits == [1, 2, 4, 32, 60, 60]


@pytest.mark.parametrize("tries", [0, -1, -1000])
def test_without_a_failure_the_wait_is_the_first(tries):
    assert back_off(tries, first=FIRST, most=MOST) == FIRST


def test_the_longest_wait_holds_for_the_first_too():
    assert back_off(1, first=MOST, most=FIRST) == FIRST
