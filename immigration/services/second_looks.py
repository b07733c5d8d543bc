"""A second pair of eyes: on a random sample of what the records accepted, and on every decision against the records.

Neither the decision nor who looks at it can be chosen. An acceptance is in the sample where a keyed digest of its
report's number is below the rate in force, and the officer who looks is the one with the lowest keyed digest of look
and account: who has no key foresees neither, and who has it can draw both again.
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
from immigration.events import ReportDecided, SecondLookTaken
from immigration.models.access import Officer
from immigration.models.conflicts import ConflictOfInterest
from immigration.models.reports import Report
from immigration.models.second_looks import SecondLook
from immigration.registries.fairness import terms
from immigration.rules import reports as rules
from immigration.rules.codes import ApprovalKind, Outcome
from immigration.rules.fairness import LookKind, LookResult, is_drawn
from immigration.rules.offices import HEADQUARTERS
from immigration.rules.overrides import Override
from immigration.services import approvals, conflicts, sampling
from immigration.services.judging import SYSTEM
from immigration.services.scope import in_own_offices

LOOKING = (Role.OFFICER, Role.SUPERVISOR)
"""The roles that are drawn to look."""
BATCH = 200
"""How many looks are given to officers in one transaction."""


class LookTaken(Conflict):
    """This second look was taken before."""

    code = "second-look-taken"


def draw(session: Session, event: EventRecord) -> None:
    """Draw an automatic acceptance for a second look, or leave it: a subscriber of events, in the worker.

    The rate is the one that was in force at the acceptance, so that neither a later rate nor a late worker changes it.
    """
    if (event.kind, event.actor, event.data.get("outcome")) != (ReportDecided.kind, SYSTEM, Outcome.ACCEPTED):
        return
    mark = keyring().digest("second-look", event.subject)
    if not is_drawn(mark, terms(bangkok_date(event.at)).sample_most):
        return  # no rate would draw it: nearly always, and without asking the database
    per_mille = sampling.rate_of(session, event.data["office"], at=event.at)
    report_id = session.scalars(select(Report.id).where(Report.number == event.subject)).first()
    if report_id is None or not is_drawn(mark, per_mille):
        return
    drawn = insert(SecondLook).values(
        report_id=report_id,
        kind=LookKind.SAMPLE,
        office=event.data["office"],
        outcome=Outcome.ACCEPTED,
        decided_by=event.actor,
        decided_at=event.at,
        per_mille=per_mille,
        drawn_at=event.at,
    )
    session.execute(drawn.on_conflict_do_nothing(), execution_options=BULK)


def note_override(session: Session, report: Report, grounds: Sequence[Override], *, officer: Principal) -> None:
    """Have a decision that was just made looked at again because it goes against the records."""
    assert report.decided_at is not None
    if not grounds:
        return
    noted = insert(SecondLook).values(
        report_id=report.id,
        kind=LookKind.OVERRIDE,
        grounds=[*grounds],
        office=report.office,
        outcome=report.status,
        decided_by=officer.actor,
        decided_at=report.decided_at,
        drawn_at=report.decided_at,
    )
    session.execute(noted.on_conflict_do_nothing(), execution_options=BULK)


def assign(session: Session, *, now: datetime) -> int:
    """Draw an officer for each look that has none, or whose officer did not look in time or may not any more.

    How many were given to one. Several workers may do it at once: each takes looks that no other holds.
    """
    account, since = aliased(Officer), now - terms(bangkok_date(now)).second_look
    conflicted = select(ConflictOfInterest.id).where(
        ConflictOfInterest.officer_id == SecondLook.assigned_to,
        ConflictOfInterest.person_id == Report.person_id,
        ConflictOfInterest.ended_at.is_(None),
    )
    free = or_(
        SecondLook.assigned_to.is_(None),
        SecondLook.assigned_at < since,
        account.disabled_at.is_not(None),
        account.role.not_in(LOOKING),
        ~or_(any_(account.offices) == HEADQUARTERS, any_(account.offices) == SecondLook.office),
        conflicted.exists(),
    )
    waiting = (
        select(SecondLook, Report.person_id)
        .join(Report, Report.id == SecondLook.report_id)
        .outerjoin(account, account.id == SecondLook.assigned_to)
        .where(SecondLook.result.is_(None), free)
        .order_by(SecondLook.id)
        .limit(BATCH)
        .with_for_update(of=SecondLook, skip_locked=True)
    )
    given = 0
    for look, person_id in session.execute(waiting).all():
        given += _assign(session, look, person_id, now=now)
    return given


def _assign(session: Session, look: SecondLook, person_id: UUID, *, now: datetime) -> bool:
    passed = [*look.passed_by, *([look.assigned_to] if look.assigned_to else [])]
    able = [each for each in _able(session, look) if person_id not in conflicts.people_of(session, each)]
    fresh = [each for each in able if each not in passed]
    chosen = min(
        fresh or able, key=lambda each: keyring().digest("looks", str(look.reference), str(each)), default=None
    )
    look.passed_by = passed if fresh else []
    look.assigned_to, look.assigned_at = chosen, now if chosen else None
    return chosen is not None


def _able(session: ReadSession, look: SecondLook) -> Sequence[UUID]:
    """The accounts that may look: of the office, else of the headquarters, and never the officer who decided."""
    open_ones = select(Officer.id).where(
        Officer.disabled_at.is_(None),
        Officer.role.in_(LOOKING),
        Officer.name != look.decided_by.partition(":")[2],
    )
    of_office = session.scalars(open_ones.where(Officer.offices.contains([look.office]))).all()
    return of_office or session.scalars(open_ones.where(Officer.offices.contains([HEADQUARTERS]))).all()


def list_looks(
    session: ReadSession, *, reader: Principal, settled: bool = False, cursor: str | None = None, limit: int = 20
) -> Page[tuple[SecondLook, str]]:
    """A page of the second looks that wait, oldest first, or that were taken, newest first.

    Each with the number of its report. An officer sees their own, supervisors and auditors all of their offices. A
    cursor is a row id.
    """
    query = select(SecondLook, Report.number).join(Report, Report.id == SecondLook.report_id).where(_seen_by(reader))
    if settled:
        query = query.where(SecondLook.result.is_not(None)).order_by(SecondLook.id.desc())
        query = query.where(SecondLook.id < int(cursor)) if cursor else query
    else:
        query = query.where(SecondLook.result.is_(None)).order_by(SecondLook.id)
        query = query.where(SecondLook.id > int(cursor)) if cursor else query
    rows = session.execute(query.limit(limit + 1))
    return page([(look, number) for look, number in rows], limit, lambda entry: str(entry[0].id))


def _seen_by(reader: Principal) -> ColumnElement[bool]:
    own = or_(SecondLook.assigned_to == reader.id, SecondLook.settled_as == reader.actor)
    return own if reader.role == Role.OFFICER else or_(own, in_own_offices(SecondLook.office, reader))


def settle(
    session: Session, reference: UUID, result: LookResult, note: str, *, officer: Principal, now: datetime
) -> tuple[SecondLook, str]:
    """Confirm or flag a decision; a flagged one is asked to be reopened, which a further person approves.

    The same again gets the same answer. Raises NotFound for a look that was not drawn for the officer, LookTaken,
    HasConflict.
    """
    wanted = select(SecondLook).where(SecondLook.reference == reference).with_for_update()
    look = session.scalars(wanted).one_or_none()
    if look is None or officer.id != look.assigned_to:
        raise NotFound()
    report = session.scalars(select(Report).where(Report.id == look.report_id).with_for_update()).one()
    if look.result is not None:
        if (look.result, look.note, look.settled_as) == (result, note, officer.actor):
            return look, report.number
        raise LookTaken(f"it was {look.result}")
    conflicts.refuse(session, report.person_id, officer=officer)
    look.result, look.note, look.settled_as, look.settled_at = result, note, officer.actor, now
    event = SecondLookTaken(
        subject=report.number,
        person_id=report.person_id,
        result=result,
        look_kind=look.kind,
        decided_by=look.decided_by,
        offices=sorted(officer.offices),
    )
    events.record(session, event, actor=officer.actor, at=now)
    if result == LookResult.FLAGGED and _stands(look, report):
        kind, asked = ApprovalKind.REOPENING, {"note": note}
        approval = approvals.request(
            session, kind, asked, officer=officer, offices=[report.office], report=report, now=now
        )
        look.approval = approval.reference
    return look, report.number


def _stands(look: SecondLook, report: Report) -> bool:
    """Whether the report still stands on the decision, and can be reopened."""
    return (report.status, report.decided_at) == (look.outcome, look.decided_at) and rules.may("reopen", report.status)
