"""A second pair of eyes: on a random sample of what the records accepted, and on every decision against the records.

Neither the decision nor who reviews it can be chosen. An acceptance is in the sample where a keyed digest of its
report's number is below the rate in force, and the officer who reviews is the one with the lowest keyed digest of
review and account: who has no key foresees neither, and who has it can draw both again.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, any_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import BULK, ReadSession, Session
from foundation.errors import Conflict, NotFound
from foundation.events import EventRecord
from foundation.identity import Principal, Role
from foundation.paging import Page, page
from foundation.sealing import keyring
from immigration.events import ReportDecided, SecondReviewDone
from immigration.models.access import Officer
from immigration.models.conflicts import ConflictOfInterest
from immigration.models.reports import Report
from immigration.models.second_reviews import SecondReview
from immigration.registries.fairness import terms
from immigration.rules import reports as rules
from immigration.rules.codes import ApprovalKind, Outcome
from immigration.rules.fairness import ReviewKind, ReviewResult, is_drawn
from immigration.rules.offices import HEADQUARTERS
from immigration.rules.overrides import Override
from immigration.services import approvals, conflicts, sampling
from immigration.services.judging import SYSTEM
from immigration.services.scope import in_own_offices

REVIEWING = (Role.OFFICER, Role.SUPERVISOR)
"""The roles that are drawn to review."""
BATCH = 200
"""How many reviews are given to officers in one transaction."""


class ReviewDone(Conflict):
    """This second review was done before."""

    code = "second-review-done"


def draw(session: Session, event: EventRecord) -> None:
    """Draw an automatic acceptance for a second review, or leave it: a subscriber of events, in the worker.

    The rate is the one that was in force at the acceptance, so that neither a later rate nor a late worker changes it.
    """
    if (event.kind, event.actor, event.data.get("outcome")) != (ReportDecided.kind, SYSTEM, Outcome.ACCEPTED):
        return
    mark = keyring().digest("second-review", event.subject)
    if not is_drawn(mark, terms(bangkok_date(event.at)).sample_most):
        return  # no rate would draw it: nearly always, and without asking the database
    per_mille = sampling.rate_of(session, event.data["office"], at=event.at)
    report_id = session.scalars(select(Report.id).where(Report.number == event.subject)).first()
    if report_id is None or not is_drawn(mark, per_mille):
        return
    drawn = insert(SecondReview).values(
        report_id=report_id,
        kind=ReviewKind.SAMPLE,
        office=event.data["office"],
        outcome=Outcome.ACCEPTED,
        decided_by=event.actor,
        decided_at=event.at,
        per_mille=per_mille,
        drawn_at=event.at,
    )
    session.execute(drawn.on_conflict_do_nothing(), execution_options=BULK)


def note_override(session: Session, report: Report, grounds: Sequence[Override], *, officer: Principal) -> None:
    """Have a decision that was just made reviewed because it goes against the records."""
    assert report.decided_at is not None
    if not grounds:
        return
    noted = insert(SecondReview).values(
        report_id=report.id,
        kind=ReviewKind.OVERRIDE,
        grounds=[*grounds],
        office=report.office,
        outcome=report.status,
        decided_by=officer.actor,
        decided_at=report.decided_at,
        drawn_at=report.decided_at,
    )
    session.execute(noted.on_conflict_do_nothing(), execution_options=BULK)


def assign(session: Session, *, now: datetime) -> int:
    """Draw an officer for each review that has none, or whose officer did not do it in time or may not any more.

    How many were given to one. Several workers may do it at once: each takes reviews that no other holds.
    """
    account, since = aliased(Officer), now - terms(bangkok_date(now)).second_review
    conflicted = select(ConflictOfInterest.id).where(
        ConflictOfInterest.officer_id == SecondReview.assigned_to,
        ConflictOfInterest.person_id == Report.person_id,
        ConflictOfInterest.ended_at.is_(None),
    )
    free = or_(
        SecondReview.assigned_to.is_(None),
        SecondReview.assigned_at < since,
        account.disabled_at.is_not(None),
        account.role.not_in(REVIEWING),
        ~or_(any_(account.offices) == HEADQUARTERS, any_(account.offices) == SecondReview.office),
        conflicted.exists(),
    )
    waiting = (
        select(SecondReview, Report.person_id)
        .join(Report, Report.id == SecondReview.report_id)
        .outerjoin(account, account.id == SecondReview.assigned_to)
        .where(SecondReview.result.is_(None), free)
        .order_by(SecondReview.id)
        .limit(BATCH)
        .with_for_update(of=SecondReview, skip_locked=True)
    )
    given = 0
    for review, person_id in session.execute(waiting).all():
        given += _assign(session, review, person_id, now=now)
    return given


def _assign(session: Session, review: SecondReview, person_id: UUID, *, now: datetime) -> bool:
    passed = [*review.passed_by, *([review.assigned_to] if review.assigned_to else [])]
    able = [each for each in _able(session, review) if person_id not in conflicts.people_of(session, each)]
    fresh = [each for each in able if each not in passed]
    chosen = min(
        fresh or able, key=lambda each: keyring().digest("reviewers", str(review.reference), str(each)), default=None
    )
    review.passed_by = passed if fresh else []
    review.assigned_to, review.assigned_at = chosen, now if chosen else None
    return chosen is not None


def _able(session: ReadSession, review: SecondReview) -> Sequence[UUID]:
    """The accounts that may review: of the office, else of the headquarters, and never the officer who decided."""
    open_ones = select(Officer.id).where(
        Officer.disabled_at.is_(None),
        Officer.role.in_(REVIEWING),
        Officer.name != review.decided_by.partition(":")[2],
    )
    of_office = session.scalars(open_ones.where(Officer.offices.contains([review.office]))).all()
    return of_office or session.scalars(open_ones.where(Officer.offices.contains([HEADQUARTERS]))).all()


def list_reviews(
    session: ReadSession, *, reader: Principal, settled: bool = False, cursor: str | None = None, limit: int = 20
) -> Page[tuple[SecondReview, str]]:
    """A page of the second reviews that wait, oldest first, or that were done, newest first.

    Each with the number of its report. An officer sees their own, supervisors and auditors all of their offices. A
    cursor is a row id.
    """
    query = (
        select(SecondReview, Report.number).join(Report, Report.id == SecondReview.report_id).where(_seen_by(reader))
    )
    if settled:
        query = query.where(SecondReview.result.is_not(None)).order_by(SecondReview.id.desc())
        query = query.where(SecondReview.id < int(cursor)) if cursor else query
    else:
        query = query.where(SecondReview.result.is_(None)).order_by(SecondReview.id)
        query = query.where(SecondReview.id > int(cursor)) if cursor else query
    rows = session.execute(query.limit(limit + 1))
    return page([(review, number) for review, number in rows], limit, lambda entry: str(entry[0].id))


def _seen_by(reader: Principal) -> ColumnElement[bool]:
    own = or_(SecondReview.assigned_to == reader.id, SecondReview.settled_as == reader.actor)
    return own if reader.role == Role.OFFICER else or_(own, in_own_offices(SecondReview.office, reader))


def settle(
    session: Session, reference: UUID, result: ReviewResult, note: str, *, officer: Principal, now: datetime
) -> tuple[SecondReview, str]:
    """Confirm or flag a decision; a flagged one is asked to be reopened, which a further person approves.

    The same again gets the same answer. Raises NotFound for a review that was not drawn for the officer, ReviewDone,
    HasConflict.
    """
    wanted = select(SecondReview).where(SecondReview.reference == reference).with_for_update()
    review = session.scalars(wanted).one_or_none()
    if review is None or officer.id != review.assigned_to:
        raise NotFound()
    report = session.scalars(select(Report).where(Report.id == review.report_id).with_for_update()).one()
    if review.result is not None:
        if (review.result, review.note, review.settled_as) == (result, note, officer.actor):
            return review, report.number
        raise ReviewDone(f"it was {review.result}")
    conflicts.refuse(session, report.person_id, officer=officer)
    review.result, review.note, review.settled_as, review.settled_at = result, note, officer.actor, now
    event = SecondReviewDone(
        subject=report.number,
        person_id=report.person_id,
        result=result,
        review_kind=review.kind,
        decided_by=review.decided_by,
        offices=sorted(officer.offices),
    )
    events.record(session, event, actor=officer.actor, at=now)
    if result == ReviewResult.FLAGGED and _stands(review, report):
        kind, asked = ApprovalKind.REOPENING, {"note": note}
        approval = approvals.request(
            session, kind, asked, officer=officer, offices=[report.office], report=report, now=now
        )
        review.approval = approval.reference
    return review, report.number


def _stands(review: SecondReview, report: Report) -> bool:
    """Whether the report still stands on the decision, and can be reopened."""
    return (report.status, report.decided_at) == (review.outcome, review.decided_at) and rules.may(
        "reopen", report.status
    )
