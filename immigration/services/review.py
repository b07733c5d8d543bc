"""What officers do: the queue, a report beside its records, deciding, reopening, looking a resident up."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import load_only

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import Conflict, NotFound
from foundation.identity import Principal
from foundation.paging import Page, page
from immigration.events import ReportDecided, ReportOpened, ReportReopened, ResidentLookedUp
from immigration.models.people import Passport, document_key, find_passport
from immigration.models.reports import Decision, Receipt, Report, holds
from immigration.registries.records import Case
from immigration.rules import due_dates, numbers, readings
from immigration.rules import reports as rules
from immigration.rules.bases import next_due
from immigration.rules.codes import Channel, Outcome, Reason, ReportStatus
from immigration.rules.facts import Report as OnRecord
from immigration.rules.policies import Policy
from immigration.rules.reports import DecisionRequest
from immigration.services import accepting, obligations, receipts
from immigration.services.judging import FilingContext

REOPENED = "reopened"
"""What a reopening is called among the decisions."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """Which reports a queue shows: in a state, or contradicted by the records; of one office, or of all (None)."""

    status: str
    office: str | None
    contradicted: bool = False


QueueEntry = tuple[Report, Passport]


def queue(session: ReadSession, wanted: QueueFilter, *, cursor: str | None = None, limit: int = 20) -> Page[QueueEntry]:
    """A page of reports, oldest first, each with its passport. A cursor is the row id of a report."""
    query = select(Report, Passport).join(Passport, Passport.id == Report.passport_id).options(*_SHOWN_IN_QUEUE)
    query = query.where(Report.contradicted_at.is_not(None) if wanted.contradicted else Report.status == wanted.status)
    if wanted.office:
        query = query.where(Report.office == wanted.office)
    if cursor:
        query = query.where(Report.id > int(cursor))
    rows = session.execute(query.order_by(Report.id).limit(limit + 1))
    return page([(report, passport) for report, passport in rows], limit, lambda entry: str(entry[0].id))


def open_report(
    session: Session, number: str, *, officer: Principal, context: FilingContext, now: datetime
) -> tuple[Report, Case]:
    """A report and the records it is judged by; that it was opened, and by whom, is recorded."""
    report = _get(session, number)
    case = context.records.case(session.connection(), report.person_id)
    if case is None:
        raise NotFound()
    events.record(session, ReportOpened(subject=report.number, person_id=report.person_id), actor=officer.actor, at=now)
    return report, case


def decisions(session: ReadSession, report: Report) -> Sequence[Decision]:
    """Every decision about a report, oldest first."""
    return session.scalars(select(Decision).where(Decision.report_id == report.id).order_by(Decision.id)).all()


def decide(
    session: Session,
    number: str,
    decision: DecisionRequest,
    *,
    officer: Principal,
    context: FilingContext,
    now: datetime,
) -> Report:
    """Accept, return or reject a report under review, or ask its author to come; and let the author know.

    The same decision of the same officer again changes nothing and gets the same answer.
    Raises CannotDecide with the obstacles, OwnDecision, NotFound.
    """
    report = _get(session, number, lock=True)
    if _is_decided_so(session, report, decision, officer):
        return report
    if obstacles := rules.obstacles_to_deciding(report.status, report.filed_on, decision):
        raise CannotDecide("; ".join(obstacles), obstacles=obstacles)
    earlier = exists().where(
        Decision.report_id == report.id, Decision.decided_by == officer.actor, Decision.outcome.in_(rules.FINAL)
    )
    if session.scalar(select(earlier)):
        raise OwnDecision("a colleague decides this report after it was reopened")
    case = obligations.lock_case(session, report.person_id, records=context.records)
    settle(session, report, decision, case=case, actor=officer.actor, context=context, now=now)
    return report


def _is_decided_so(session: ReadSession, report: Report, decision: DecisionRequest, officer: Principal) -> bool:
    """Whether the state of a report stands on this very decision: its answer was lost, and it was sent again."""
    made = (report.decided_by, report.status, report.reasons, report.note)
    if made != (officer.actor, decision.outcome, [*decision.reasons], decision.note):
        return False
    last = decisions(session, report)[-1]
    return (last.next_due_on if last.overridden else None) == decision.next_due_on


def settle(
    session: Session,
    report: Report,
    decision: DecisionRequest,
    *,
    case: Case,
    actor: str,
    context: FilingContext,
    now: datetime,
) -> None:
    """Write a decision with all that follows from it: state, receipt, obligation, event. `case` is locked."""
    policy = context.law.on(report.filed_on)
    event, facts = _decided(report, decision), case.facts
    if decision.outcome == Outcome.ACCEPTED:
        next_due_on = decision.next_due_on or _next_due(report, case, policy)
        acceptance = accepting.accept(case, _as_fact(report), next_due_on=next_due_on, context=context, now=now)
        event, facts = acceptance.event, acceptance.facts
        issued = asdict(acceptance.receipt)
        session.add(Receipt(**issued, report_id=report.id, issued_at=now))
    _record(session, report, decision, event, policy=policy, actor=actor, now=now)
    if facts is None:
        obligations.follow(session, report.person_id, context=context, actor=actor, now=now)
        return
    session.flush()
    counted = replace(case, facts=facts)
    obligations.keep(session, [counted], due_before={}, law=context.law, now=now, actor=actor)


def give_way(session: Session, report: Report, *, policy: Policy, actor: str, now: datetime) -> None:
    """Reject a report because another of its author's holds its period: it came out that two people are one.

    What is owed is left to the caller.
    """
    decision = DecisionRequest(outcome=Outcome.REJECTED, reasons=[Reason.ALREADY_REPORTED])
    _record(session, report, decision, _decided(report, decision), policy=policy, actor=actor, now=now)


def _as_fact(report: Report) -> OnRecord:
    """A report as the rules count it once it is accepted."""
    return OnRecord(
        number=report.number,
        on=report.filed_on,
        channel=Channel.ONLINE,
        next_due_on=None,
        passport_id=report.passport_id,
        office=report.office,
        ours=True,
        entered_on=report.entered_on,
    )


def _decided(report: Report, decision: DecisionRequest) -> ReportDecided:
    """The event of a decision that accepts nothing."""
    return ReportDecided(
        subject=report.number,
        person_id=report.person_id,
        outcome=decision.outcome,
        reasons=[*decision.reasons],
        next_due_on=None,
        office=report.office,
    )


def _record(
    session: Session,
    report: Report,
    decision: DecisionRequest,
    event: ReportDecided,
    *,
    policy: Policy,
    actor: str,
    now: datetime,
) -> None:
    """Write a decision: the report's state, its row among the decisions, the event."""
    report.status, report.reasons, report.note = decision.outcome, [*decision.reasons], decision.note
    report.decided_at, report.decided_by, report.policy_version = now, actor, policy.version
    session.add(
        Decision(
            report_id=report.id,
            outcome=decision.outcome,
            reasons=report.reasons,
            note=decision.note,
            next_due_on=event.next_due_on,
            overridden=decision.next_due_on is not None,
            policy_version=policy.version,
            decided_by=actor,
            decided_at=now,
        )
    )
    events.record(session, event, actor=actor, at=now)


def _next_due(report: Report, case: Case, policy: Policy) -> date:
    """What the formula gives for a report, by the records as they were owed on the day it was filed.

    While the records cannot be read, by the obligation as last kept; where that has moved on, by the report itself.
    """
    owed = readings.of_period(case.facts, report.period, report.filed_on, policy) if case.facts else case.kept
    if owed.basis == report.period and owed.window is not None:
        return due_dates.next_due_after(owed, report.filed_on, policy)
    policy = policy.in_province(policy.office_provinces.get(report.office))
    late_after = due_dates.late_after(report.due_on, report.period, policy) if report.due_on else None
    return next_due(report.due_on, late_after, report.filed_on, Channel.ONLINE, policy)


def reopen(
    session: Session, number: str, *, note: str, supervisor: Principal, context: FilingContext, now: datetime
) -> Report:
    """Put a decided report back under review; its receipt is void. The same call again changes nothing.

    Raises CannotReopen, NotFound.
    """
    report = _get(session, number, lock=True)
    if _is_reopened_so(session, report, note, supervisor):
        return report
    if not rules.may("reopen", report.status):
        raise CannotReopen(f"the report is {report.status}")
    if report.status not in rules.HOLDING_STATES and _period_taken(session, report):
        raise CannotReopen("another report holds this period by now")
    receipt = receipts.void(session, report, now)
    report.status = ReportStatus.UNDER_REVIEW
    report.reasons = report.reasons or [Reason.OTHER]
    session.add(
        Decision(
            report_id=report.id,
            outcome=REOPENED,
            reasons=report.reasons,
            note=note,
            policy_version=context.law.on(bangkok_date(now)).version,
            decided_by=supervisor.actor,
            decided_at=now,
        )
    )
    event = ReportReopened(subject=report.number, person_id=report.person_id, receipt=receipt)
    events.record(session, event, actor=supervisor.actor, at=now)
    obligations.follow(session, report.person_id, context=context, actor=supervisor.actor, now=now)
    return report


def _is_reopened_so(session: ReadSession, report: Report, note: str, supervisor: Principal) -> bool:
    if report.status != ReportStatus.UNDER_REVIEW:
        return False
    made = [(decision.outcome, decision.decided_by, decision.note) for decision in decisions(session, report)]
    return made[-1:] == [(REOPENED, supervisor.actor, note)]


def _period_taken(session: ReadSession, report: Report) -> bool:
    from_others = select(Report.id).where(
        Report.person_id == report.person_id, Report.period == report.period, Report.id != report.id
    )
    return session.scalars(from_others.where(holds())).first() is not None


def look_up(
    session: Session, *, issuing_state: str, document_number: str, purpose: str, officer: Principal, now: datetime
) -> Passport | None:
    """The passport an officer asks for, None if there is none; who asked and why is recorded either way."""
    passport = find_passport(session, document_key(issuing_state, document_number))
    person_id = (passport.holder_id or passport.person_id) if passport else None
    event = ResidentLookedUp(subject=str(person_id or "nobody"), person_id=person_id, purpose=purpose)
    events.record(session, event, actor=officer.actor, at=now)
    return passport


def _get(session: ReadSession, number: str, lock: bool = False) -> Report:
    wanted = select(Report).where(Report.number == numbers.normalise(number))
    report = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if report is None:
        raise NotFound()
    return report
