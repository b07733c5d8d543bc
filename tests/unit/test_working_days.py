"""How long something is at an office, in the days on which it works."""

from datetime import date

import pytest

from immigration.registries.law import law
from immigration.rules.working_days import MOST, lying_since, working_days_since

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("since", "today", "days"),
    [
        ("2026-11-23", "2026-11-23", 0),
        ("2026-11-20", "2026-11-23", 1),
        ("2026-11-20", "2026-11-22", 0),
        ("2026-12-04", "2026-12-08", 1),  # 7 December stands for the holiday of the 5th, a Saturday
        ("2026-11-23", "2026-11-20", 0),
        ("2020-01-01", "2026-11-23", MOST),
    ],
)
def test_days_on_which_the_office_is_closed_do_not_count(since, today, days):
    policy = law().on(MONDAY)
    assert working_days_since(date.fromisoformat(since), date.fromisoformat(today), policy) == days


@pytest.mark.parametrize("days", range(1, 12))
@pytest.mark.parametrize("today", [FRIDAY, date(2026, 11, 22), MONDAY, date(2026, 12, 8)])
def test_what_came_by_a_day_lies_for_so_many_and_what_came_later_does_not(days, today):
    policy = law().on(MONDAY)
    last = lying_since(days, today, policy)
    assert working_days_since(last, today, policy) >= days
    assert working_days_since(last.fromordinal(last.toordinal() + 1), today, policy) < days
