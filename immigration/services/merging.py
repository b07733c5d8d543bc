"""Joining people: two on record are one where a passport replaces the other's, and for no other reason."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import Session
from immigration.events import PeopleMerged, ReportContradicted
from immigration.models.reports import Report, holds
from immigration.rules import reports as rules
from immigration.rules.policies import Policy
from immigration.services import receipts, review, staging

_PERSONAL_TABLES = ("passports", "activation_codes", "token_families", "reports")


def merge_people(session: Session, *, policy: Policy, now: datetime, actor: str) -> None:
    """Make one person of people whose staged passports replace one another; the older passport's canonical."""
    while pairs := session.execute(text(staging.STAGED_CHAIN)).all():
        for duplicate, canonical in _survivors({row.newer: row.older for row in pairs}).items():
            _merge(session, duplicate, canonical, policy=policy, now=now, actor=actor)


def _survivors(older: dict[UUID, UUID]) -> dict[UUID, UUID]:
    """Follow each person to the oldest of the chain; a ring of replacements ends where it began."""
    found = {}
    for start in older:
        seen, person = {start}, older[start]
        while person in older and person not in seen:
            seen.add(person)
            person = older[person]
        if person in seen:
            person = min(seen)
        if person != start:
            found[start] = person
    return found


def _merge(session: Session, duplicate: UUID, canonical: UUID, *, policy: Policy, now: datetime, actor: str) -> None:
    both = {"duplicate": duplicate, "canonical": canonical, "today": bangkok_date(now)}
    session.execute(text(_LOCK_REPORTS), both)  # in the order in which a decision locks them
    session.execute(text(_LOCK_OBLIGATIONS), both)
    _leave_a_period_to_one(session, duplicate, canonical, policy=policy, now=now, actor=actor)
    for table in _PERSONAL_TABLES:
        session.execute(text(f"update {table} set person_id = :canonical where person_id = :duplicate"), both)  # noqa: S608
    session.execute(text(_MOVE_KEYS), both)
    session.execute(text("delete from idempotency_keys where person_id = :duplicate"), both)
    session.execute(text(_MOVE_CONTACT), both)
    session.execute(text("delete from obligations where person_id = :duplicate"), both)
    session.execute(text(_MARK), both)
    session.execute(text("delete from people where id = :duplicate"), both)
    events.record(session, PeopleMerged(str(canonical), canonical, str(duplicate)), actor=actor, at=now)


def _leave_a_period_to_one(
    session: Session, duplicate: UUID, canonical: UUID, *, policy: Policy, now: datetime, actor: str
) -> None:
    """Of two reports that hold one period one canonical: the accepted, of two accepted the later, else the first filed.

    The other is rejected as already reported, as it would have been at the door; or, where it was accepted, marked.
    Of two without an entry on record, the second may answer the period after the first.
    """
    holders: dict[str, Report] = {}
    wanted = select(Report).where(Report.person_id.in_([duplicate, canonical]), holds()).order_by(Report.id)
    for report in session.scalars(wanted).all():
        while (first := holders.get(report.period)) and _comes_after(session, first, report, policy):
            pass
        if first and report.status != "accepted":
            _give_way(session, report, canonical, policy=policy, now=now, actor=actor)
            continue
        if first:
            _give_way(session, first, canonical, policy=policy, now=now, actor=actor)
        holders[report.period] = report
    session.flush()


def _give_way(session: Session, report: Report, canonical: UUID, *, policy: Policy, now: datetime, actor: str) -> None:
    report.person_id = canonical  # who is notified
    if report.status != "accepted":
        review.give_way(session, report, policy=policy, actor=actor, now=now)
        return
    report.contradicted_at = now
    event = ReportContradicted(report.number, canonical, _next_due(session, report))
    events.record(session, event, actor=actor, at=now)


def _comes_after(session: Session, first: Report, second: Report, policy: Policy) -> bool:
    """Whether the second answers the next period without an entry; then it is given the name of that."""
    if first.status != "accepted" or not first.period.startswith(rules.NO_ENTRY):
        return False
    held = rules.Held(first.number, first.status, first.period, _next_due(session, first))
    second.period = rules.period_after(held, second.filed_on, policy)
    return bool(second.period != first.period)


def _next_due(session: Session, accepted: Report) -> date | None:
    receipt = receipts.find_valid_receipt(session, accepted)
    return receipt.next_due_on if receipt else None


_LOCK_REPORTS = "select 1 from reports where person_id in (:duplicate, :canonical) order by id for update"
_LOCK_OBLIGATIONS = (
    "select 1 from obligations where person_id in (:duplicate, :canonical) order by person_id for update"
)
_MARK = """update obligations set revision = revision + 1, changes_on = least(changes_on, :today)
where person_id = :canonical"""
_MOVE_KEYS = """update idempotency_keys k set person_id = :canonical where person_id = :duplicate
and not exists (select from idempotency_keys o where o.person_id = :canonical and o.key = k.key)"""
_MOVE_CONTACT = """update people s set email = coalesce(s.email, g.email), phone = coalesce(s.phone, g.phone)
from people g where s.id = :canonical and g.id = :duplicate"""
