"""Reports of ours that wait for a decision while an office takes one of the same period: closed, and put back."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import Session
from immigration.events import ReportReopened, ReportTakenAtOffice
from immigration.models.reports import Decision, Report
from immigration.registries.law import Law
from immigration.registries.records import Case, Records
from immigration.rules import facts
from immigration.rules import reports as rules
from immigration.rules.codes import Outcome, Reason, ReportStatus
from immigration.rules.office_reports import taken_at_an_office
from immigration.rules.policies import Policy
from immigration.services import claims, judging, review
from immigration.services.storing import filing_of

_WAITING = (ReportStatus.UNDER_REVIEW, ReportStatus.RETURNED)
_CLOSED = and_(Report.status == ReportStatus.REJECTED, Report.office_report.is_not(None))


def lock(session: Session, person_ids: Iterable[UUID]) -> Sequence[Report]:
    """The reports of people that an office may have taken, or was said to have taken, locked against a decision.

    It comes before the lock on what they owe, which is the order of a decision.
    """
    concerned = select(Report).where(Report.person_id.in_(list(person_ids)), or_(Report.status.in_(_WAITING), _CLOSED))
    return session.scalars(concerned.order_by(Report.id).with_for_update()).all()


def settle(
    session: Session, reports: Sequence[Report], *, records: Records, law: Law, actor: str, now: datetime
) -> None:
    """Close the reports of which an office took one of the same period; put back those of which none did after all.

    `reports` are locked, and so is what their people owe.
    """
    people = {report.person_id for report in reports}
    cases = {case.person_id: case for case in records.cases(session.connection(), sorted(people))} if people else {}
    for report in reports:
        policy = law.on(report.filed_on)
        case = cases[report.person_id]
        taken = _taken(report, case, policy, now)
        if report.status in _WAITING and taken:
            _close(session, report, taken, policy=policy, actor=actor, now=now)
        elif report.status == ReportStatus.REJECTED and not taken and not review.period_taken(session, report):
            _restore(session, report, records=records, policy=policy, actor=actor, now=now)
    session.flush()


def overrule(session: Session, report: Report, *, records: Records, law: Law, now: datetime) -> None:
    """Let a report that was just reopened stand against what an office had taken of its period by then."""
    case = records.case(session.connection(), report.person_id)
    if case and (taken := _taken(report, case, law.on(report.filed_on), now)):
        report.office_report = taken.number


def _taken(report: Report, case: Case, policy: Policy, now: datetime) -> facts.Report | None:
    """The report at an office that answers the period.

    One that had closed the report, or would have, when a supervisor reopened it does not close it again.
    """
    if case.facts is None:
        return None
    overruled = report.office_report if report.status in _WAITING else None
    others = tuple(each for each in case.facts.reports if each.ours or each.number != overruled)
    on_record = replace(case.facts, reports=others)
    return taken_at_an_office(review.online_report(report), on_record, case.kept, bangkok_date(now), policy)


def _close(session: Session, report: Report, taken: facts.Report, *, policy: Policy, actor: str, now: datetime) -> None:
    decision = rules.DecisionRequest(outcome=Outcome.REJECTED, reasons=[Reason.ALREADY_REPORTED])
    event = ReportTakenAtOffice(
        subject=report.number,
        person_id=report.person_id,
        reasons=[*decision.reasons],
        office_report=taken.number,
        reported_on=taken.on,
        channel=taken.channel,
        office=taken.office,
    )
    review.write_decision(session, report, decision, event, next_due_on=None, policy=policy, actor=actor, now=now)
    report.office_report = taken.number
    claims.release(session, report)


def _restore(session: Session, report: Report, *, records: Records, policy: Policy, actor: str, now: datetime) -> None:
    """Put a report under review again, as of the day it was filed; an officer sees what the records say of it now."""
    case = records.case(session.connection(), report.person_id)
    checks, reasons = judging.examine(case, report.period, filing_of(report), policy)
    report.checks, report.policy_version, report.office_report = checks, policy.version, None
    report.status, report.reasons, report.note = ReportStatus.UNDER_REVIEW, reasons, None
    report.decided_at = report.decided_by = None
    session.add(
        Decision(
            report_id=report.id,
            outcome=review.REOPENED,
            reasons=reasons,
            policy_version=policy.version,
            decided_by=actor,
            decided_at=now,
        )
    )
    event = ReportReopened(subject=report.number, person_id=report.person_id, receipt=None)
    events.record(session, event, actor=actor, at=now)
