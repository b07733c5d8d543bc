"""Each person's obligation: shown with its working, and kept in step with the records."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from sqlalchemy import Select, case, func, insert, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import Database
from foundation.errors import NotFound
from immigration.events import DueDateChanged, ReportContradicted
from immigration.models.obligations import Obligation as Kept
from immigration.models.reports import HOLDING, Report, holds
from immigration.registries.law import Law
from immigration.registries.records import Case, Records
from immigration.rules import due_dates
from immigration.rules.due_dates import Obligation
from immigration.rules.facts import Facts
from immigration.rules.policies import Policy

BATCH = 2000
_WINDOW = ("due_on", "opens_on", "online_closes_on", "grace_ends_on", "late_after")


def show(
    at: Session | Connection, person_id: UUID, *, records: Records, law: Law, now: datetime
) -> tuple[Obligation, date]:
    """A person's obligation by the records as they stand, and the day it was looked at; NotFound for nobody.

    While the records cannot be read, the obligation as last kept is shown, and says so in its explanation.
    """
    found = records.case(at, person_id)
    if found is None:
        raise NotFound()
    return of(found, law=law, now=now)


def of(found: Case, *, law: Law, now: datetime) -> tuple[Obligation, date]:
    """The obligation of a case that was read already, and the day it was looked at; see show."""
    today = bangkok_date(now)
    if found.facts is None:
        return found.kept, today
    return due_dates.obligation(found.facts, today, law.on(today)), today


def recompute(
    session: Session,
    person_ids: Iterable[UUID],
    *,
    records: Records,
    law: Law,
    now: datetime,
    actor: str,
    announce: bool = True,
) -> int:
    """Bring the kept obligations of people whose records changed in step; how many were looked at.

    `announce` says whether a changed due date is an event of its own, or follows from a decision that is told anyway.

    Each row is locked first, so that a filing on older facts is refused by its revision and tries again.
    """
    today = bangkok_date(now)
    ordered = sorted(set(person_ids))
    for start in range(0, len(ordered), BATCH):
        ids = ordered[start : start + BATCH]
        locked = select(Kept.person_id, Kept.due_on).where(Kept.person_id.in_(ids)).order_by(Kept.person_id)
        due_before = {person: due_on for person, due_on in session.execute(locked.with_for_update())}
        updates: list[dict[str, Any]] = []
        told: list[events.Event] = []
        for found in records.cases(session, ids):
            facts = found.facts or Facts()
            told += _settle_contradictions(session, found, facts, today, now)
            updates.append(_anew(found.person_id, facts, today, law.on(today)))
            if announce:
                told += _changed(due_before[found.person_id], updates[-1])
        session.execute(_UPDATE, {"rows": json.dumps(updates, default=str)})
        if told:
            session.execute(insert(events.EventRecord), [events.row(e, actor=actor, at=now) for e in told])
    return len(ordered)


def _anew(person_id: UUID, facts: Facts, today: date, policy: Policy) -> dict[str, Any]:
    owed = columns(due_dates.obligation(facts, today, policy, explain=False), policy)
    return {"id": person_id, "changes_on": changes_on(facts, today), **owed}


def _changed(before: date | None, values: dict[str, Any]) -> list[DueDateChanged]:
    """The event of a due date that moved; a first one is no change."""
    if before is None or values["due_on"] == before:
        return []
    return [DueDateChanged(str(values["id"]), values["id"], values["due_on"], before, values["basis"])]


_COLUMNS = {
    "regime": "text",
    "visa_class": "text",
    "entered_on": "date",
    "permitted_until": "date",
    "basis": "text",
    **dict.fromkeys(_WINDOW, "date"),
    "expected": "boolean",
    "changes_on": "date",
    "policy_version": "text",
}
_UPDATE = text(f"""
update obligations o set revision = revision + 1, {", ".join(f"{name} = n.{name}" for name in _COLUMNS)}
from jsonb_to_recordset(cast(:rows as jsonb)) as n (id uuid, {", ".join(f"{n} {t}" for n, t in _COLUMNS.items())})
where o.person_id = n.id
""")  # noqa: S608 - names come from above


def columns(owed: Obligation, policy: Policy) -> dict[str, Any]:
    """An obligation as the columns of its kept row, but for `changes_on`."""
    window = {name: getattr(owed.window, name) if owed.window else None for name in _WINDOW}
    return window | {
        "regime": owed.regime,
        "visa_class": owed.visa_class,
        "entered_on": owed.entered_on,
        "permitted_until": owed.permitted_until,
        "basis": owed.basis,
        "expected": owed.expected,
        "policy_version": policy.version,
    }


def changes_on(facts: Facts, today: date) -> date | None:
    """The first future day on which a row already on record takes effect."""
    days = [m.on for m in facts.movements] + [p.on for p in facts.permissions] + [r.on for r in facts.reports]
    return min((day for day in days if day > today), default=None)


def _settle_contradictions(
    session: Session, found: Case, facts: Facts, today: date, now: datetime
) -> list[ReportContradicted]:
    """Mark accepted reports of ours whose stay the records now deny, unmark those they confirm again."""
    ours = [r for r in facts.reports if r.ours]
    if not ours:
        return []
    marked = set(
        session.scalars(
            select(Report.number).where(
                Report.number.in_([r.number for r in ours]), Report.contradicted_at.is_not(None)
            )
        )
    )
    denied = {r.number for r in ours if due_dates.is_contradicted(r, facts, today)}
    told = []
    for report in (r for r in ours if r.number in denied - marked):
        session.execute(update(Report).where(Report.number == report.number).values(contradicted_at=now))
        told.append(ReportContradicted(report.number, found.person_id, report.next_due_on))
    for number in (r.number for r in ours if r.number in marked - denied):
        session.execute(_CONFIRM, {"number": number})  # only now: a report that was just marked has freed its period
    return told


_CONFIRM = text(f"""
update reports r set contradicted_at = null where r.number = :number and not exists (
  select from reports o where o.person_id = r.person_id and o.period = r.period and o.id <> r.id and {HOLDING}
)
""")  # noqa: S608 - our own words


def refresh(database: Database, *, records: Records, law: Law, now: datetime, actor: str) -> int:
    """Recompute every kept obligation that is out of date, a batch in a transaction; how many there were."""
    total, after = 0, UUID(int=0)
    while True:
        with database.transaction() as session:
            people = needing_refresh(session, law=law, now=now, after=after)
            recompute(session, people, records=records, law=law, now=now, actor=actor)
        total += len(people)
        if len(people) < BATCH:
            return total
        after = people[-1]


def needing_refresh(session: Session, *, law: Law, now: datetime, after: UUID) -> Sequence[UUID]:
    """Up to BATCH people, in order, whose kept obligation is out of date.

    A recorded row takes effect by today, the records were changed by an import, or the rules changed.
    """
    today = bangkok_date(now)
    version = law.on(today).version
    stale = or_(Kept.changes_on <= today, Kept.policy_version.is_distinct_from(version))
    return session.scalars(
        select(Kept.person_id).where(stale, Kept.person_id > after).order_by(Kept.person_id).limit(BATCH)
    ).all()


def due_steps(today: date, *, law: Law, begun: date | None = None) -> Select[Any]:
    """Who is to be reminded today, of which step: (person_id, basis, step, due_on, params).

    Planned from state alone: whoever filed, left or restarted is not in it. The step that stands is the latest begun.
    `begun` leaves only those of whom some step began on that day, who are few and found by indexes.
    """
    steps = law.reminder_steps()
    begins = [(s["name"], getattr(Kept, s["anchor"]) + s["offset"]) for s in steps]
    step = case(*[(begin <= today, literal(name)) for name, begin in reversed(begins)])
    filed = (
        select(literal(1))
        .select_from(Report)
        .where(
            Report.person_id == Kept.person_id,
            Report.period == Kept.basis,
            holds(),
        )
    )
    params = func.jsonb_build_object(
        "opens_on", Kept.opens_on, "due_on", Kept.due_on, "online_closes_on", Kept.online_closes_on,
        "grace_ends_on", Kept.grace_ends_on, "late_after", Kept.late_after, "regime", Kept.regime, type_=JSONB,
    )  # fmt: skip
    due = select(
        Kept.person_id,
        Kept.basis.label("basis"),
        step.label("step"),
        Kept.due_on.label("due_on"),
        params.label("params"),
    ).where(
        Kept.expected,
        Kept.opens_on <= today,
        Kept.late_after >= today - timedelta(days=law.reminders_stop_after()),
        or_(Kept.permitted_until.is_(None), Kept.permitted_until >= today),
        ~filed.exists(),
    )
    if begun is None:
        return due
    return due.where(or_(*(getattr(Kept, s["anchor"]) == begun - timedelta(days=s["offset"]) for s in steps)))
