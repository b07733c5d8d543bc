"""Counts for the figures, over all people at once: a few statements that group by key, whatever the number of people.

They are raw. `services/figures.py` hides what is small before anything is stored.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ARRAY, Row, Text, bindparam, text

from foundation import answer_counts
from foundation.clock import BANGKOK
from foundation.db import ReadSession
from immigration.registries import offices
from immigration.rules.figures import AHEAD, EVERYWHERE, SPANS, STEP, Period
from immigration.rules.offices import HEADQUARTERS
from immigration.rules.reports import HOLDING_STATES

Counts = Mapping[tuple[str, str], int]
"""How many by row (an office, a nationality, or a day) and item."""
WAIT_SHARES = {"p50": 0.5, "p95": 0.95}


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a share of the decisions took at most, in seconds; `counted` says of how many decisions."""

    office: str
    item: str
    seconds: int
    counted: int


@dataclass(frozen=True, slots=True)
class Decided:
    """First decisions by decider, of each office and of each week; waits; and reports that waited for the records."""

    by_office: Counts
    by_week: Counts
    waits: list[Wait]
    outages: dict[str, int]


# The office of a person is that of their last report, here or at a counter, else of the residence that began last; one
# that no office serves is a matter of the headquarters. Every table is read once, and joined by its key.
_PEOPLE = """
with owing as materialized (
  select person_id, due_on from obligations
  where expected and ((due_on >= :today and due_on < :today + :ahead)
    or (due_on between :since and :until and late_after < :today))
), held as materialized (
  select p.id, p.person_id, p.nationality, p.expires_on from passports p join owing using (person_id)
), filed as (
  select distinct on (person_id) person_id, office from (
    select r.person_id, r.filed_on, r.office from reports r join owing using (person_id)
    union all
    select h.person_id, o.filed_on, o.office from office_reports o join held h on h.id = o.passport_id
  ) each order by person_id, filed_on desc, office
), lived as (
  select distinct on (h.person_id) h.person_id, left(r.subdistrict_code, 2) as province
  from residences r join held h on h.id = r.passport_id
  where r.from_on <= :today and (r.until_on is null or r.until_on >= :today)
  order by h.person_id, r.from_on desc, r.id desc
), of_nation as (
  select distinct on (person_id) person_id, nationality from held order by person_id, expires_on desc, id desc
), serving as (
  select * from unnest(:provinces, :offices) as s (province, office)
), placed as (
  select case when due_on >= :today then (due_on - :today) / :step end as bar,
    coalesce(filed.office, serving.office, :headquarters) as office, coalesce(nationality, '') as nationality
  from owing
    left join filed using (person_id) left join lived using (person_id)
    left join serving using (province) left join of_nation using (person_id)
)
select bar, office, null as nationality, count(*) as people from placed group by bar, office
union all
select null, null, nationality, count(*) from placed where bar is null group by nationality
"""
_REPORTED = """
select office, nationality, count(*) as reports from (
  select r.office, p.nationality from reports r join passports p on p.id = r.passport_id
  where r.filed_on between :since - 30 and :today and r.due_on between :since and :until
    and r.status = any(:holding) and r.contradicted_at is null
  union all
  select o.office, p.nationality from office_reports o join passports p on p.id = o.passport_id
  where o.filed_on between :since and :until
) made group by grouping sets ((office), (nationality))
"""
_CHANNELS = """
select office, channel, count(*) as reports from (
  select office, 'app' as channel from reports where filed_on between :since and :until
  union all
  select office, channel from office_reports where filed_on between :since and :until
) made group by office, channel
"""
# The first decision of each report, by the records or an officer; what an import closed was decided by nobody here. The
# records decide at once, or later where they could not be read when the report came in.
_DECISIONS = """
with first as (
  select r.office, case d.decided_by when 'system' then 'records' else 'officers' end as decider, r.filed_on,
    date_trunc('week', d.decided_at at time zone 'Asia/Bangkok')::date as week,
    extract(epoch from d.decided_at - r.filed_at) as seconds
  from decisions d join reports r on r.id = d.report_id
  where d.decided_at >= :begins and d.decided_at < :ends and d.decided_by <> 'import'
    and not exists (select from decisions e where e.report_id = d.report_id and e.id < d.id)
)
select office, decider, week, count(*) as reports,
  percentile_disc(:p50) within group (order by seconds) as p50,
  percentile_disc(:p95) within group (order by seconds) as p95,
  count(*) filter (where decider = 'records' and seconds > 0) as waited,
  count(distinct filed_on) filter (where decider = 'records' and seconds > 0) as days
from first group by grouping sets ((office, decider), (office), (decider), (week, decider), ())
"""
_CHANGES = """
select
  (select count(*) from decisions
    where outcome = 'reopened' and decided_at >= :begins and decided_at < :ends
  ) as reopened,
  (select count(*) from decisions d
    where outcome = 'reopened' and decided_at >= :begins and decided_at < :ends and
      (select outcome from decisions b where b.report_id = d.report_id and b.id < d.id order by id desc limit 1)
      <> (select outcome from decisions a where a.report_id = d.report_id and a.id > d.id order by id limit 1)
  ) as overturned,
  (select count(*) from reports where contradicted_at >= :begins and contradicted_at < :ends) as contradicted
"""


def people(session: ReadSession, today: date, over: Period) -> tuple[Counts, Counts, Counts]:
    """People whose report is due soon, by office and bar; who did not report in time, by office and by nationality."""
    serving = [(province, each.code) for each in offices.all_offices() for province in each.provinces]
    values = {
        "ahead": AHEAD,
        "step": STEP,
        "provinces": [province for province, _ in serving],
        "offices": [code for _, code in serving],
        "headquarters": HEADQUARTERS,
    }
    lists = (bindparam("provinces", type_=ARRAY(Text)), bindparam("offices", type_=ARRAY(Text)))
    due: Counter[tuple[str, str]] = Counter()
    missed: Counter[tuple[str, str]] = Counter()
    nations: Counter[tuple[str, str]] = Counter()
    for row in session.execute(text(_PEOPLE).bindparams(*lists), values | _days(today, over)):
        if row.bar is not None:
            due[row.office, str(row.bar)] += row.people
        elif row.office:
            missed[row.office, "missed"] += row.people
        else:
            nations[row.nationality, "missed"] += row.people
    return due, missed, nations


def spans(bars: Counts) -> Counts:
    """The bars of the forecast put together to its three spans."""
    found: Counter[tuple[str, str]] = Counter()
    for (office, bar), number in bars.items():
        found[office, next(name for name, within in SPANS.items() if int(bar) in within)] += number
    return found


def reported(session: ReadSession, today: date, over: Period) -> tuple[Counts, Counts]:
    """Reports that were due in some days and made, here or at an office: by office and by nationality.

    A report at an office does not say which date it answers, so that it counts by the day on which it was made.
    """
    values = _days(today, over) | {"holding": sorted(HOLDING_STATES)}
    by_office: dict[tuple[str, str], int] = {}
    by_nation: dict[tuple[str, str], int] = {}
    for row in session.execute(text(_REPORTED).bindparams(bindparam("holding", type_=ARRAY(Text))), values):
        target = by_office if row.office is not None else by_nation
        target[row.office or row.nationality, "reported"] = row.reports
    return by_office, by_nation


def channels(session: ReadSession, over: Period) -> Counts:
    """Reports that were made, by office and channel."""
    values = {"since": over.since, "until": over.until}
    return {(row.office, row.channel): row.reports for row in session.execute(text(_CHANNELS), values)}


def decisions(session: ReadSession, over: Period) -> Decided:
    """First decisions, how long they took, and how many reports waited for the records."""
    by_office: dict[tuple[str, str], int] = {}
    by_week: dict[tuple[str, str], int] = {}
    waits: list[Wait] = []
    outages = {"waited": 0, "days": 0}
    for row in session.execute(text(_DECISIONS), _moments(over) | WAIT_SHARES):
        if row.week:
            by_week[row.week.isoformat(), row.decider] = row.reports
        elif row.decider != "records":
            waits += [_wait(row, name) for name in WAIT_SHARES]
        if row.office and row.decider:
            by_office[row.office, row.decider] = row.reports
        if not (row.office or row.decider):
            outages = {"waited": row.waited, "days": row.days}
    return Decided(by_office, by_week, waits, outages)


def _wait(row: Row[Any], name: str) -> Wait:
    return Wait(row.office or EVERYWHERE, f"{row.decider or 'all'}-{name}", int(getattr(row, name) or 0), row.reports)


def errors(session: ReadSession, over: Period) -> dict[str, int]:
    """Requests that were answered, and those that this service failed."""
    answers, failed = answer_counts.total(session, *_moments(over).values())
    return {"answers": answers, "errors": failed}


def changes(session: ReadSession, over: Period) -> dict[str, int]:
    """Decisions that did not stand."""
    return dict(session.execute(text(_CHANGES), _moments(over)).mappings().one())


def _days(today: date, over: Period) -> dict[str, Any]:
    return {"today": today, "since": over.since, "until": over.until}


def _moments(over: Period) -> dict[str, datetime]:
    """When the days begin and end in Bangkok."""
    begins, ends = (datetime.combine(day, time(), BANGKOK) for day in (over.since, over.until + timedelta(days=1)))
    return {"begins": begins, "ends": ends}
