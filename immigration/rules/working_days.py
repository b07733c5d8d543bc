"""How long something lies at an office, in the days on which the office works."""

from datetime import date, timedelta

from immigration.rules.policies import Policy

MOST = 99
"""Where counting ends: whatever lies for longer is as late."""


def working_days_since(since: date, today: date, policy: Policy) -> int:
    """How many working days came after a day, the present one included; MOST where there are more."""
    count, day = 0, since
    while day < today and count < MOST:
        day += timedelta(days=1)
        count += policy.is_working_day(day)
    return count


def lying_since(days: int, today: date, policy: Policy) -> date:
    """The last day since which so many working days came by today: what lay by then lies as long."""
    day = today
    for _ in range(days):
        day = policy.working_day_before(day) - timedelta(days=1)
    return day
