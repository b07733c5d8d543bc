"""How many reminders left when they were to go, and how many of the people who had to be told were, by week."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import text

from foundation.clock import BANGKOK
from foundation.db import ReadSession
from notifications import catalogue

WeekCounts = Mapping[tuple[str, str], int]
"""How many by the first day of the week and what became of them."""


class Timely(StrEnum):
    """Whether a reminder left in time."""

    IN_TIME = "in-time"
    LATE = "late"
    NOT_SENT = "not-sent"


# What its person did not want, or what was taken back before it went, had not to be sent. A message counts once, by the
# channel that took it first.
_REMINDERS = """
with reminders as (
  select n.id, date_trunc('week', n.created_at at time zone 'Asia/Bangkok')::date as week
  from notifications n
  where n.created_at >= :begins and n.created_at < :ends and starts_with(n.kind, :reminder)
    and n.status not in ('skipped', 'stale')
), sent as (
  select d.notification_id, min(d.sent_at - coalesce(d.ready_at, d.sent_at)) as late
  from deliveries d join reminders on reminders.id = d.notification_id where d.sent_at is not null group by 1
)
select week, case when late is null then 'not-sent' when late <= :within then 'in-time' else 'late' end as became,
  count(*) as messages
from reminders left join sent on sent.notification_id = reminders.id group by 1, 2
"""
_COVERAGE = """
select date_trunc('week', checked_at at time zone 'Asia/Bangkok')::date as week, sum(expected) as expected,
  coalesce(sum((select sum(value::int) from jsonb_each_text(causes))), 0) as gaps
from coverage_checks where checked_at >= :begins and checked_at < :ends group by 1
"""


def reminders(session: ReadSession, since: date, until: date, within: timedelta) -> WeekCounts:
    """Reminders of some days by week: left `within` so long of their time, later, or not at all."""
    values = _moments(since, until) | {"within": within, "reminder": catalogue.REMINDER}
    rows = session.execute(text(_REMINDERS), values)
    return {(row.week.isoformat(), Timely(row.became)): row.messages for row in rows}


def coverage(session: ReadSession, since: date, until: date) -> WeekCounts:
    """People who had to be told on some days, by week: told, or not, as the evening checks found."""
    found: dict[tuple[str, str], int] = {}
    for row in session.execute(text(_COVERAGE), _moments(since, until)):
        week = row.week.isoformat()
        found |= {(week, "told"): int(row.expected - row.gaps), (week, "not-told"): int(row.gaps)}
    return found


def _moments(since: date, until: date) -> dict[str, datetime]:
    begins, ends = (datetime.combine(day, time(), BANGKOK) for day in (since, until + timedelta(days=1)))
    return {"begins": begins, "ends": ends}
