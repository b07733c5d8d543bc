"""What officers do: the queue, a report beside its records, deciding, reopening; each for their own offices."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime

from sqlalchemy import exists, select

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import Conflict, NotFound
from foundation.identity import Principal, Role
from immigration.events import ReportDecided, ReportOpened, ReportReopened
from immigration.models.approvals import Approval
from immigration.models.reports import Decision, Receipt, Report, holds
from immigration.registries.records import Case
from immigration.rules import numbers
from immigration.rules import reports as rules
from immigration.rules.codes import ActingObstacle, ApprovalKind, Channel, Link, Outcome, Reason, ReportStatus
from immigration.rules.facts import Report as OnRecord
from immigration.rules.office_reports import OnlineReport, next_due_of
from immigration.rules.overrides import overrides
from immigration.rules.policies import Policy
from immigration.rules.reports import DecisionRequest
from immigration.services import (
    accepting,
    alarms,
    approvals,
    claims,
    counter_codes,
    obligations,
    receipts,
    scope,
    second_reviews,
)
from immigration.services.claims import Holder
from immigration.services.judging import FilingContext

REOPENED = "reopened"
"""What a reopening is called among the decisions."""
DECIDING = (Role.OFFICER, Role.SUPERVISOR)
"""The roles that decide reports."""


class CannotDecide(Conflict):
    """The report cannot be decided so."""

    code = "cannot-decide"


class OwnDecision(Conflict):
    """An officer does not decide again what they decided before."""

    code = "own-decision"


class CannotReopen(Conflict):
    """The report cannot be reopened."""

    code = "cannot-reopen"


def open_report(
    session: Session, number: str, *, officer: Principal, context: FilingContext, now: datetime
) -> tuple[Report, Case]:
    """A report and the records it is judged by; that it was opened, and by whom, is recorded."""
    report, link = _act_on(session, number, officer=officer, act="open", now=now)
    case = context.records.case(session.connection(), report.person_id)
    if case is None:
        raise NotFound()
    event = ReportOpened(subject=report.number, person_id=report.person_id, offices=sorted(officer.offices), link=link)
    events.record(session, event, actor=officer.actor, at=now)
    alarms.watch_volume(session, officer=officer, now=now)
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
) -> Report | Approval:
    """Accept, return or reject a report under review, or ask its author to come; and let the author know.

    A next due date beyond the one that the policy gives waits for a second person, and a decision against the records
    is reviewed by one. The same decision of the same officer again changes nothing and gets the same answer. The
    officer has the report in hand no longer. Raises CannotDecide with the obstacles, OwnDecision, NotFound.
    """
    report, _ = _act_on(session, number, officer=officer, act="decide", now=now, lock=True)
    if _is_decided_so(session, report, decision, officer):
        return report
    if obstacles := _obstacles(report, decision):
        raise CannotDecide("; ".join(obstacles), obstacles=obstacles)
    if has_decided(session, report, officer):
        raise OwnDecision("a colleague decides this report after it was reopened")
    claims.refuse_if_claimed(session, report, officer.id, now=now)
    claims.release(session, report)
    case = obligations.lock_case(session, report.person_id, records=context.records)
    policy = context.law.on(report.filed_on)
    earned = _earned(report, case, policy)
    if decision.next_due_on and decision.next_due_on > earned:
        kind, offices = ApprovalKind.NEXT_DUE_DATE, [report.office]
        asked = asdict(decision)
        return approvals.request(session, kind, asked, officer=officer, offices=offices, report=report, now=now)
    formula = None if rules.is_unclear(report.period) else earned
    grounds = overrides(decision, report.checks, earned=formula, policy=policy)
    settle(session, report, decision, case=case, actor=officer.actor, context=context, now=now)
    second_reviews.note_override(session, report, grounds, officer=officer)
    counter_codes.watch_decision(session, report.person_id, officer=officer, now=now)
    return report


def _obstacles(report: Report, decision: DecisionRequest) -> list[str]:
    unclear = rules.is_unclear(report.period)
    return rules.obstacles_to_deciding(report.status, report.filed_on, decision, unclear=unclear)


def has_decided(session: ReadSession, report: Report, officer: Principal) -> bool:
    """Whether an officer gave this report an outcome before."""
    earlier = exists().where(
        Decision.report_id == report.id, Decision.decided_by == officer.actor, Decision.outcome.in_(rules.FINAL)
    )
    return bool(session.scalar(select(earlier)))


def obstacles(session: ReadSession, report: Report, officer: Principal, *, now: datetime) -> list[ActingObstacle]:
    """Why an officer cannot decide a report at present; the console greys its buttons out with them."""
    holder = claims.find_holder(session, report.id, now=now)
    return rules.obstacles_to_acting(
        report.status,
        decides=officer.role in DECIDING,
        decided_before=has_decided(session, report, officer),
        claimed=holder is not None and holder.officer_id != officer.id,
    )


def claim(session: Session, number: str, *, officer: Principal, now: datetime) -> tuple[Report, Holder]:
    """Take a report in hand, so that no colleague decides it meanwhile; again, it is kept for longer.

    Raises Claimed, CannotClaim, NotFound.
    """
    report, _ = _find(session, number, officer=officer, now=now, lock=True)
    return report, claims.take(session, report, officer.id, now=now)


def find_claim(session: ReadSession, number: str, *, officer: Principal, now: datetime) -> tuple[Report, Holder | None]:
    """A report and who has it in hand. Nothing of its author is read, so this is no look-up. Raises NotFound."""
    report, _ = _find(session, number, officer=officer, now=now)
    return report, claims.find_holder(session, report.id, now=now)


def release(session: Session, number: str, *, officer: Principal, now: datetime) -> None:
    """Put a report back that the officer has in hand; nothing changes where they have not. Raises NotFound."""
    report, _ = _find(session, number, officer=officer, now=now, lock=True)
    claims.release(session, report, officer.id)


def decide_approved(
    session: Session,
    report: Report,
    decision: DecisionRequest,
    *,
    author: Principal,
    context: FilingContext,
    now: datetime,
) -> None:
    """Decide a locked report as an officer asked for and another person approved. Raises CannotDecide, Claimed."""
    claims.refuse_if_claimed(session, report, author.id, now=now)
    if obstacles := rules.obstacles_to_deciding(report.status, report.filed_on, decision):
        raise CannotDecide("; ".join(obstacles), obstacles=obstacles)
    case = obligations.lock_case(session, report.person_id, records=context.records)
    settle(session, report, decision, case=case, actor=author.actor, context=context, now=now)
    counter_codes.watch_decision(session, report.person_id, officer=author, now=now)
    claims.release(session, report)


def _is_decided_so(session: ReadSession, report: Report, decision: DecisionRequest, officer: Principal) -> bool:
    """Whether the state of a report stands on this very decision: its answer was lost, and it was sent again."""
    made = (report.decided_by, report.status, report.reasons, report.note)
    if made != (officer.actor, decision.outcome, [*decision.reasons], decision.note):
        return False
    last = decisions(session, report)[-1]
    stated = (last.next_due_on, last.overridden and last.next_due_on is None) if last.overridden else (None, False)
    return stated == (decision.next_due_on, decision.none_due)


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
        earned = None if decision.none_due else decision.next_due_on or _earned(report, case, policy)
        acceptance = accepting.accept(case, _as_fact(report), next_due_on=earned, context=context, now=now)
        event, facts = acceptance.event, acceptance.facts
        issued = asdict(acceptance.receipt)
        session.add(Receipt(**issued, report_id=report.id, issued_at=now))
    next_due_on = event.next_due_on
    write_decision(session, report, decision, event, next_due_on=next_due_on, policy=policy, actor=actor, now=now)
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
    event = _decided(report, decision)
    write_decision(session, report, decision, event, next_due_on=None, policy=policy, actor=actor, now=now)


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


def write_decision(
    session: Session,
    report: Report,
    decision: DecisionRequest,
    event: events.Event,
    *,
    next_due_on: date | None,
    policy: Policy,
    actor: str,
    now: datetime,
) -> None:
    """Write a decision: the report's state, its row among the decisions, the event."""
    report.status, report.reasons, report.note = decision.outcome, [*decision.reasons], decision.note
    report.decided_at, report.decided_by, report.policy_version = now, actor, policy.version
    if decision.outcome in rules.FINAL:
        report.office_report = None
    session.add(
        Decision(
            report_id=report.id,
            outcome=decision.outcome,
            reasons=report.reasons,
            note=decision.note,
            next_due_on=next_due_on,
            overridden=decision.next_due_on is not None or decision.none_due,
            policy_version=policy.version,
            decided_by=actor,
            decided_at=now,
        )
    )
    events.record(session, event, actor=actor, at=now)


def _earned(report: Report, case: Case, policy: Policy) -> date:
    """The next due date that the formula gives for a report; see `next_due_of`."""
    return next_due_of(online_report(report), case.facts, case.kept, policy)


def online_report(report: Report) -> OnlineReport:
    """A stored report as the rules compare it with those at offices."""
    return OnlineReport(
        period=report.period,
        due_on=report.due_on,
        entered_on=report.entered_on,
        filed_on=report.filed_on,
        office=report.office,
    )


def ask_to_reopen(
    session: Session, number: str, *, note: str, supervisor: Principal, now: datetime
) -> Report | Approval:
    """Ask a second person to put a decided report back under review; where that is done, the report.

    Raises CannotReopen, NotFound.
    """
    report, _ = _act_on(session, number, officer=supervisor, act="reopen", now=now, lock=True)
    if _is_reopened_so(session, report, note, supervisor):
        return report
    _check_reopening(session, report)
    asked = {"note": note}
    offices = [report.office]
    return approvals.request(
        session, ApprovalKind.REOPENING, asked, officer=supervisor, offices=offices, report=report, now=now
    )


def _check_reopening(session: ReadSession, report: Report) -> None:
    if not rules.may("reopen", report.status):
        raise CannotReopen(f"the report is {report.status}")
    if report.status not in rules.HOLDING_STATES and period_taken(session, report):
        raise CannotReopen("another report holds this period by now")


def reopen(session: Session, report: Report, *, note: str, actor: str, context: FilingContext, now: datetime) -> None:
    """Put a locked report that was decided back under review; its receipt is void. Raises CannotReopen."""
    _check_reopening(session, report)
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
            decided_by=actor,
            decided_at=now,
        )
    )
    event = ReportReopened(subject=report.number, person_id=report.person_id, receipt=receipt)
    events.record(session, event, actor=actor, at=now)
    obligations.follow(session, report.person_id, context=context, actor=actor, now=now)


def _is_reopened_so(session: ReadSession, report: Report, note: str, supervisor: Principal) -> bool:
    if report.status != ReportStatus.UNDER_REVIEW:
        return False
    made = [(decision.outcome, decision.decided_by, decision.note) for decision in decisions(session, report)]
    return made[-1:] == [(REOPENED, supervisor.actor, note)]


def period_taken(session: ReadSession, report: Report) -> bool:
    """Whether another report of the person holds the period of this one."""
    from_others = select(Report.id).where(
        Report.person_id == report.person_id, Report.period == report.period, Report.id != report.id
    )
    return session.scalars(from_others.where(holds())).first() is not None


def _find(
    session: ReadSession, number: str, *, officer: Principal, now: datetime, lock: bool = False
) -> tuple[Report, Link]:
    """A report that an officer may act on, and what makes it theirs; NotFound for another office's as for none."""
    wanted = select(Report).where(Report.number == numbers.normalise(number))
    report = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if report is None:
        raise NotFound()
    return report, scope.link_to_report(session, report, officer=officer, now=now)


def find_to_act(session: Session, number: str, *, officer: Principal, act: str, now: datetime) -> Report:
    """A report of the officer's, locked, to act on it. Raises NotFound, HasConflict."""
    return _act_on(session, number, officer=officer, act=act, now=now, lock=True)[0]


def _act_on(
    session: Session, number: str, *, officer: Principal, act: str, now: datetime, lock: bool = False
) -> tuple[Report, Link]:
    """The same, where what is done by an exception is recorded."""
    report, link = _find(session, number, officer=officer, now=now, lock=lock)
    if link == Link.EXCEPTION:
        scope.record_use(session, report.person_id, officer=officer, act=act, now=now)
    return report, link
