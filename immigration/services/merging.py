"""Joining people: two on record are one where a passport replaces the other's, and for no other reason."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import aliased

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import Session, execute_bulk
from immigration.events import PeopleMerged, ReportContradicted
from immigration.models.access import ActivationCode, TokenFamily
from immigration.models.obligations import Obligation
from immigration.models.people import Passport, Person
from immigration.models.reports import IdempotencyKey, Report, holds
from immigration.rules import reports as rules
from immigration.rules.policies import Policy
from immigration.services import receipts, review, staging

_OWNED = (Passport, ActivationCode, TokenFamily, Report)
"""What belongs to a person and moves as it is."""


def merge_people(session: Session, *, policy: Policy, now: datetime, actor: str) -> None:
    """Make one person of people whose staged passports replace one another; the older passport's person stays."""
    while older := staging.staged_chains(session):
        for duplicate, canonical in _survivors(older).items():
            _merge(session, duplicate, canonical, policy=policy, now=now, actor=actor)


def _survivors(older: dict[UUID, UUID]) -> dict[UUID, UUID]:
    """Follow each person to the oldest of the chain; a ring of replacements ends where it began."""
    survivors = {}
    for start in older:
        seen, person = {start}, older[start]
        while person in older and person not in seen:
            seen.add(person)
            person = older[person]
        if person in seen:
            person = min(seen)
        if person != start:
            survivors[start] = person
    return survivors


def _merge(session: Session, duplicate: UUID, canonical: UUID, *, policy: Policy, now: datetime, actor: str) -> None:
    both = [duplicate, canonical]
    # Locked in the order in which a decision locks them: reports first, then what is owed.
    session.execute(select(Report.id).where(Report.person_id.in_(both)).order_by(Report.id).with_for_update())
    owed = select(Obligation.person_id).where(Obligation.person_id.in_(both)).order_by(Obligation.person_id)
    session.execute(owed.with_for_update())
    _leave_a_period_to_one(session, duplicate, canonical, policy=policy, now=now, actor=actor)
    for table in _OWNED:
        session.execute(update(table).where(table.person_id == duplicate).values(person_id=canonical))
    _move_idempotency_keys(session, duplicate, canonical)
    _move_contact(session, duplicate, canonical)
    session.execute(delete(Obligation).where(Obligation.person_id == duplicate))
    out_of_date = {
        "revision": Obligation.revision + 1,
        "changes_on": func.least(Obligation.changes_on, bangkok_date(now)),
    }
    session.execute(update(Obligation).where(Obligation.person_id == canonical).values(out_of_date))
    session.execute(delete(Person).where(Person.id == duplicate))
    event = PeopleMerged(subject=str(canonical), person_id=canonical, absorbed=str(duplicate))
    events.record(session, event, actor=actor, at=now)


def _move_idempotency_keys(session: Session, duplicate: UUID, canonical: UUID) -> None:
    """Answers of filings follow; where both used one key, the canonical person's answer stays."""
    own = aliased(IdempotencyKey)
    taken = exists().where(own.person_id == canonical, own.key == IdempotencyKey.key)
    duplicates = IdempotencyKey.person_id == duplicate
    execute_bulk(session, update(IdempotencyKey).where(duplicates, ~taken).values(person_id=canonical))
    session.execute(delete(IdempotencyKey).where(duplicates))


def _move_contact(session: Session, duplicate: UUID, canonical: UUID) -> None:
    """Contact that only the duplicate gave is kept."""
    kept, other = (session.get_one(Person, each, with_for_update=True) for each in (canonical, duplicate))
    kept.email, kept.phone = kept.email or other.email, kept.phone or other.phone


def _leave_a_period_to_one(
    session: Session, duplicate: UUID, canonical: UUID, *, policy: Policy, now: datetime, actor: str
) -> None:
    """Of two reports that hold one period one keeps it: the accepted, of two accepted the later, else the first filed.

    The other is rejected as already reported, as it would have been when it was filed; or, where it was accepted,
    marked as contradicted.
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
    event = ReportContradicted(subject=report.number, person_id=canonical, due_on=_next_due(session, report))
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
