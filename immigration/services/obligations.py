"""Each person's obligation: explained step by step, and kept up to date with the records."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

import immigration.models.people  # noqa: F401 - obligations refer to its tables, whose types are asked for below
from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session, column_definitions
from foundation.errors import NotFound
from immigration.events import DueDateChanged, ReportContradicted
from immigration.models.obligations import KEPT_COLUMNS, WINDOW_COLUMNS
from immigration.models.obligations import Obligation as Kept
from immigration.models.reports import HOLDING, Report, holds
from immigration.registries.law import Law
from immigration.registries.records import Case, Records
from immigration.rules import due_dates, readings
from immigration.rules.due_dates import Obligation
from immigration.rules.facts import Facts
from immigration.rules.policies import Policy
from immigration.services.judging import FilingContext

BATCH = 2000


@dataclass(frozen=True, slots=True)
class ObligationToday:
    """What a person owes on a day, and from when they can file by some accepted reading of the rules."""

    owed: Obligation
    today: date
    can_file_from: date | None


def get_obligation(
    connection: Connection, person_id: UUID, *, records: Records, law: Law, now: datetime
) -> ObligationToday:
    """A person's obligation by the records as they stand.

    While the records cannot be read it is the obligation as last kept, and its explanation says so. Raises NotFound.
    """
    case = records.case(connection, person_id)
    if case is None:
        raise NotFound()
    return obligation_of(case, law=law, now=now)


def obligation_of(case: Case, *, law: Law, now: datetime) -> ObligationToday:
    """The obligation of a case that was read already; see get_obligation."""
    today = bangkok_date(now)
    if case.facts is None:
        return ObligationToday(case.kept, today, case.kept.window.opens_on if case.kept.window else None)
    policy = law.on(today)
    owed = due_dates.obligation(case.facts, today, policy)
    earliest = readings.can_file_from(owed, case.facts, case.held, today, policy)
    return ObligationToday(readings.explain_other(owed, earliest, today, policy), today, earliest)


def recompute(
    session: Session,
    person_ids: Iterable[UUID],
    *,
    records: Records,
    law: Law,
    now: datetime,
    actor: str,
    announce: bool = True,
    concluding: bool = False,
) -> int:
    """Bring the kept obligations of people whose records changed up to date; returns how many people there were.

    `announce` says whether a changed due date is an event of its own, or follows from a decision that is notified
    anyway. Each row is locked first, so that a filing on older facts is refused by its revision and tries again.
    `concluding` takes the mark off that the records changed: what else follows from that is done with it, which is the
    part of `refreshing.refresh`.
    """
    ordered = sorted(set(person_ids))
    for start in range(0, len(ordered), BATCH):
        ids = ordered[start : start + BATCH]
        locked = select(Kept.person_id, Kept.due_on).where(Kept.person_id.in_(ids)).order_by(Kept.person_id)
        due_before = {person: due_on for person, due_on in session.execute(locked.with_for_update())}
        cases = records.cases(session.connection(), ids)
        before = due_before if announce else {}
        keep(session, cases, due_before=before, law=law, now=now, actor=actor, concluding=concluding)
    return len(ordered)


def keep(
    session: Session,
    cases: Iterable[Case],
    *,
    due_before: Mapping[UUID, date | None],
    law: Law,
    now: datetime,
    actor: str,
    concluding: bool = False,
) -> None:
    """Write what the facts of cases, whose rows are locked, make people owe, and which reports they contradict.

    A due date that differs from the one in `due_before` is an event. `concluding` is as in `recompute`.
    """
    today = bangkok_date(now)
    policy = law.on(today)
    updates: list[dict[str, Any]] = []
    changes: list[events.Event] = []
    for case_ in cases:
        facts = case_.facts or Facts()
        changes += _update_contradictions(session, case_, facts, today, now)
        owed = columns(facts, today, policy)
        updates.append({"person_id": case_.person_id, **owed, "changes_on": changes_on(facts, today)})
        changes += _due_date_changes(due_before.get(case_.person_id), updates[-1])
    marked_until = None if concluding else today
    session.execute(_UPDATE, {"rows": json.dumps(updates, default=str), "marked_until": marked_until})
    if changes:
        session.execute(insert(events.EventRecord), [events.row(e, actor=actor, at=now) for e in changes])


def lock_case(session: Session, person_id: UUID, *, records: Records) -> Case:
    """A person's case, whose kept obligation nobody else can change until the transaction ends. Raises NotFound."""
    session.execute(select(Kept.person_id).where(Kept.person_id == person_id).with_for_update())
    case_ = records.case(session.connection(), person_id)
    if case_ is None:
        raise NotFound()
    return case_


def follow(session: Session, person_id: UUID, *, context: FilingContext, actor: str, now: datetime) -> None:
    """Bring one person's kept obligation in step with a change of a report, which is notified in its own right."""
    session.flush()
    recompute(session, [person_id], records=context.records, law=context.law, now=now, actor=actor, announce=False)


def _due_date_changes(before: date | None, values: dict[str, Any]) -> list[DueDateChanged]:
    """The event of a due date that moved; a first one is no change."""
    if before is None or values["due_on"] == before:
        return []
    person_id = values["person_id"]
    return [
        DueDateChanged(
            subject=str(person_id),
            person_id=person_id,
            due_on=values["due_on"],
            previous_due_on=before,
            basis=values["basis"],
        )
    ]


# Thousands of people in one statement: the new values come as one JSON text, which PostgreSQL turns into typed rows. A
# mark that the records changed, a day up to `:marked_until`, stays.
_MARK_OR_NEXT = "case when o.changes_on <= cast(:marked_until as date) then o.changes_on else n.changes_on end"
_SET = [f"{name} = {_MARK_OR_NEXT if name == 'changes_on' else f'n.{name}'}" for name in KEPT_COLUMNS]
_UPDATE = text(f"""
update obligations o set revision = revision + 1, {", ".join(_SET)}
from jsonb_to_recordset(cast(:rows as jsonb)) as n ({column_definitions(Kept, ("person_id", *KEPT_COLUMNS))})
where o.person_id = n.person_id
""")  # noqa: S608 - names come from the model


_OF_OBLIGATION = tuple(member.name for member in fields(Obligation) if member.name in KEPT_COLUMNS)


def columns(facts: Facts, today: date, policy: Policy) -> dict[str, Any]:
    """The obligation that facts make on a day, as the columns of its kept row, but for `changes_on`."""
    owed = due_dates.obligation(facts, today, policy, explain=False)
    return {
        **{name: getattr(owed.window, name, None) for name in WINDOW_COLUMNS},
        **{name: getattr(owed, name) for name in _OF_OBLIGATION},
        "policy_version": policy.version,
    }


def changes_on(facts: Facts, today: date) -> date | None:
    """The first future day on which a row already on record takes effect."""
    days = [m.on for m in facts.movements] + [p.on for p in facts.permissions] + [r.on for r in facts.reports]
    days += [r.from_on for r in facts.residences]
    return min((day for day in days if day > today), default=None)


def _update_contradictions(
    session: Session, case_: Case, facts: Facts, today: date, now: datetime
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
    contradicted = []
    for report in (r for r in ours if r.number in denied - marked):
        session.execute(update(Report).where(Report.number == report.number).values(contradicted_at=now))
        contradicted.append(
            ReportContradicted(subject=report.number, person_id=case_.person_id, due_on=report.next_due_on)
        )
    for number in (r.number for r in ours if r.number in marked - denied):
        session.execute(_CONFIRM, {"number": number})  # only now: a report that was just marked has freed its period
    return contradicted


# A contradiction is taken back only where no other report holds the period by then: the unique index would refuse it.
_CONFIRM = text(f"""
update reports r set contradicted_at = null where r.number = :number and not exists (
  select from reports o where o.person_id = r.person_id and o.period = r.period and o.id <> r.id and {HOLDING}
)
""")  # noqa: S608 - our own words


def due_steps(
    today: date, *, law: Law, begun: date | None = None, with_answered: bool = False, of: type[Kept] = Kept
) -> Select[Any]:
    """Who is to be reminded today, of which step: (person_id, basis, step, due_on, params).

    Planned from state alone, without those who filed, left or restarted. The step that stands is the latest begun.
    `begun` leaves only those of whom some step began on that day, who are few and found by indexes. `with_answered`
    adds those who filed: to find out takes most of the time, and a list that is planned from later asks again. `of` are
    the obligations that count, where they are not those that were kept.
    """
    steps = law.reminder_steps()
    begun_by = {s["name"]: getattr(of, s["anchor"]) <= today - timedelta(days=s["offset"]) for s in steps}
    step = case(*((has_begun, literal(name)) for name, has_begun in reversed(begun_by.items())))
    members = [part for name in (*WINDOW_COLUMNS, "regime") for part in (name, getattr(of, name))]
    optional = step.in_([s["name"] for s in steps if s.get("optional")])
    params = func.jsonb_build_object(*members, "optional", optional, type_=JSONB)
    due = select(
        of.person_id,
        of.basis.label("basis"),
        step.label("step"),
        of.due_on.label("due_on"),
        params.label("params"),
    ).where(
        of.expected,
        of.opens_on <= today,
        of.late_after >= today - timedelta(days=law.reminders_stop_after()),
        or_(of.permitted_until.is_(None), of.permitted_until >= today),
        true() if with_answered else ~_is_answered(of),
    )
    if begun is None:
        return due
    return due.where(or_(*(getattr(of, s["anchor"]) == begun - timedelta(days=s["offset"]) for s in steps)))


def owed_basis(session: ReadSession, person_id: UUID) -> str | None:
    """The basis of the due date that a person owes a report for, as last computed; None where none is owed."""
    owed = select(Kept.basis).where(Kept.person_id == person_id, Kept.expected, ~_is_answered(Kept))
    return session.scalar(owed)


def _is_answered(of: type[Kept]) -> ColumnElement[bool]:
    """Whether a report holds the period of an obligation."""
    answers = (Report.person_id == of.person_id, Report.period == of.basis, holds())
    return exists().where(*answers)
