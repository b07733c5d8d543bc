"""What officers do: the queue, a report beside its records, deciding, reopening, looking a resident up."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import load_only

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import Conflict, NotFound
from foundation.identity import Principal
from immigration.events import ReportDecided, ReportOpened, ReportReopened, ResidentLookedUp
from immigration.models.people import Passport, document_index
from immigration.models.reports import Decision, Report, holds
from immigration.registries.records import Case
from immigration.rules import due_dates, numbers
from immigration.rules import reports as rules
from immigration.rules.policies import Policy
from immigration.services import judging, obligations, receipts
from immigration.services.judging import FilingContext


class CannotDecide(Conflict):
    """The report cannot be decided so."""

    code = "cannot-decide"


class OwnDecision(Conflict):
    """An officer does not decide again what they decided before."""

    code = "own-decision"


class CannotReopen(Conflict):
    """The report cannot be reopened."""

    code = "cannot-reopen"


_SHOWN_IN_QUEUE = (
    load_only(
        Report.number, Report.status, Report.filed_at, Report.due_on, Report.office, Report.reasons, raiseload=True
    ),
    load_only(Passport.surname, Passport.given_names, Passport.nationality, raiseload=True),
)


def queue(
    session: ReadSession, *, status: str, office: str | None, after: int | None, limit: int, contradicted: bool = False
) -> list[tuple[Report, Passport]]:
    """Reports in a state, or those the records contradict, oldest first, each with its passport.

    `after` is the last row id of the page before.
    """
    found = select(Report, Passport).join(Passport, Passport.id == Report.passport_id).options(*_SHOWN_IN_QUEUE)
    found = found.where(Report.contradicted_at.is_not(None) if contradicted else Report.status == status)
    if office:
        found = found.where(Report.office == office)
    if after:
        found = found.where(Report.id > after)
    return [(report, passport) for report, passport in session.execute(found.order_by(Report.id).limit(limit))]


def open_report(
    session: Session, number: str, *, officer: Principal, context: FilingContext, now: datetime
) -> tuple[Report, Case]:
    """A report and the records it is judged by; that it was opened, and by whom, is recorded."""
    report = _get(session, number)
    case = context.records.case(session.connection(), report.person_id)
    if case is None:
        raise NotFound()
    events.record(session, ReportOpened(report.number, report.person_id), actor=officer.actor, at=now)
    return report, case


def decisions(session: ReadSession, report: Report) -> Sequence[Decision]:
    """Every decision about a report, oldest first."""
    return session.scalars(select(Decision).where(Decision.report_id == report.id).order_by(Decision.id)).all()


def decide(
    session: Session,
    number: str,
    *,
    outcome: str,
    reasons: list[str],
    note: str,
    next_due_on: date | None,
    officer: Principal,
    context: FilingContext,
    now: datetime,
) -> Report:
    """Accept, return or reject a report under review, or ask its author to come; and let the author know.

    Raises CannotDecide with the obstacles, OwnDecision, NotFound.
    """
    report = _get(session, number, lock=True)
    obstacles = rules.obstacles_to_deciding(report.status, outcome, reasons, note, report.filed_on, next_due_on)
    if obstacles:
        raise CannotDecide("; ".join(obstacles), obstacles=obstacles)
    earlier = exists().where(
        Decision.report_id == report.id, Decision.decided_by == officer.actor, Decision.outcome.in_(rules.FINAL)
    )
    if session.scalar(select(earlier)):
        raise OwnDecision("a colleague decides this report after it was reopened")
    settle(session, report, outcome, reasons, note, next_due_on, actor=officer.actor, context=context, now=now)
    return report


def settle(
    session: Session,
    report: Report,
    outcome: str,
    reasons: list[str],
    note: str,
    override: date | None,
    *,
    actor: str,
    context: FilingContext,
    now: datetime,
) -> None:
    """Write a decision with all that follows from it: state, receipt, obligation, event."""
    policy = context.law.on(bangkok_date(now))
    next_due_on = None
    if outcome == "accepted":
        next_due_on = override or _next_due(session, report, context, policy)
        receipts.issue(session, report, next_due_on, signer=context.signer, issuer=context.issuer, now=now)
    decided = _decide(session, report, outcome, reasons, note, next_due_on, policy, actor, now)
    decided.overridden = override is not None
    session.flush()
    obligations.recompute(
        session, [report.person_id], records=context.records, law=context.law, now=now, actor=actor, announce=False
    )


def give_way(session: Session, report: Report, *, policy: Policy, actor: str, now: datetime) -> None:
    """Reject a report because another of its author's holds its period: it came out that two people are one.

    What is owed is left to the caller.
    """
    _decide(session, report, "rejected", ["already-reported"], "", None, policy, actor, now)


def _decide(
    session: Session,
    report: Report,
    outcome: str,
    reasons: list[str],
    note: str,
    next_due_on: date | None,
    policy: Policy,
    actor: str,
    now: datetime,
) -> Decision:
    report.status, report.reasons, report.note = outcome, reasons, note
    report.decided_at, report.decided_by, report.policy_version = now, actor, policy.version
    decided = _decision(report, outcome, note, policy, actor, now)
    decided.next_due_on = next_due_on
    session.add(decided)
    event = ReportDecided(report.number, report.person_id, outcome, reasons, next_due_on, report.office)
    events.record(session, event, actor=actor, at=now)
    return decided


def _decision(report: Report, outcome: str, note: str, policy: Policy, actor: str, now: datetime) -> Decision:
    return Decision(
        report_id=report.id,
        outcome=outcome,
        reasons=report.reasons,
        note=note,
        policy_version=policy.version,
        decided_by=actor,
        decided_at=now,
    )


def _next_due(session: Session, report: Report, context: FilingContext, policy: Policy) -> date:
    """What the formula gives for a report, by the records as they were owed on the day it was filed.

    While the records cannot be read, by the obligation as last kept; where that has moved on, by the report itself.
    """
    if case := context.records.case(session.connection(), report.person_id):
        owed = due_dates.obligation(case.facts, report.filed_on, policy) if case.facts else case.kept
        if owed.basis == report.period and owed.window is not None:
            return judging.next_due_after(owed, report.filed_on, policy)
    policy = policy.in_province(policy.office_provinces.get(report.office))
    late_after = due_dates.late_after(report.due_on, report.period, policy) if report.due_on else None
    return due_dates.next_due(report.due_on, late_after, report.filed_on, "online", policy)


def reopen(
    session: Session, number: str, *, note: str, supervisor: Principal, context: FilingContext, now: datetime
) -> Report:
    """Put a decided report back under review; its receipt is void. Raises CannotReopen, NotFound."""
    report = _get(session, number, lock=True)
    if not rules.may("reopen", report.status):
        raise CannotReopen(f"the report is {report.status}")
    if report.status not in rules.HOLDING_STATES and _period_taken(session, report):
        raise CannotReopen("another report holds this period by now")
    receipt = receipts.void(session, report, now)
    report.status = "under-review"
    report.reasons = report.reasons or ["other"]
    policy = context.law.on(bangkok_date(now))
    session.add(_decision(report, "reopened", note, policy, supervisor.actor, now))
    events.record(session, ReportReopened(report.number, report.person_id, receipt), actor=supervisor.actor, at=now)
    session.flush()
    obligations.recompute(
        session,
        [report.person_id],
        records=context.records,
        law=context.law,
        now=now,
        actor=supervisor.actor,
        announce=False,
    )
    return report


def _period_taken(session: ReadSession, report: Report) -> bool:
    from_others = select(Report.id).where(
        Report.person_id == report.person_id, Report.period == report.period, Report.id != report.id
    )
    return session.scalars(from_others.where(holds())).first() is not None


def look_up(
    session: Session, *, issuing_state: str, document_number: str, purpose: str, officer: Principal, now: datetime
) -> Passport | None:
    """The passport an officer asks for, None if there is none; who asked and why is recorded either way."""
    wanted = select(Passport).where(Passport.document_index == document_index(issuing_state, document_number))
    found = session.scalars(wanted).one_or_none()
    person_id = found.person_id if found else None
    event = ResidentLookedUp(str(person_id or "nobody"), person_id, purpose)
    events.record(session, event, actor=officer.actor, at=now)
    return found


def _get(session: ReadSession, number: str, lock: bool = False) -> Report:
    wanted = select(Report).where(Report.number == numbers.normalise(number))
    found = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise NotFound()
    return found
