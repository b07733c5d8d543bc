"""Reports that came in while the records could not be read: checked again when they can."""

from datetime import datetime

from sqlalchemy import select

from foundation import events
from foundation.db import Session
from immigration.events import ReportRechecked
from immigration.models.reports import Report
from immigration.registries.records import Case
from immigration.rules import findings, readings
from immigration.rules import reports as rules
from immigration.rules.codes import Outcome, Reason, ReportStatus
from immigration.rules.reports import DecisionRequest
from immigration.services import obligations, review, storing
from immigration.services.judging import SYSTEM, FilingContext


def recheck(session: Session, *, context: FilingContext, now: datetime, limit: int = 100) -> int:
    """Check waiting reports by the records as of the day each was filed; how many were settled."""
    waiting = (
        select(Report)
        .where(Report.status == ReportStatus.UNDER_REVIEW, Report.reasons.contains([Reason.SOURCE_UNAVAILABLE]))
        .order_by(Report.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    settled = 0
    for report in session.scalars(waiting).all():
        case = obligations.lock_case(session, report.person_id, records=context.records)
        if case.facts is None:
            break
        _recheck(session, report, case, context, now)
        settled += 1
    return settled


def _recheck(session: Session, report: Report, case: Case, context: FilingContext, now: datetime) -> None:
    facts = case.facts
    assert facts is not None
    policy = context.law.on(report.filed_on)
    filing = storing.filing_of(report)
    others = [held for held in case.held if held.number != report.number]
    owed, obstacles = readings.to_file_under(facts, others, report.filed_on, policy)
    checks = findings.examine(facts, owed, filing, policy)
    refused = [obstacle.reason for obstacle in obstacles]
    reasons = refused or findings.holding(checks, filing, facts, policy)
    report.checks = findings.to_keep(checks)
    report.passport_id = facts.passport.id
    if not refused:
        report.period = rules.period_of(owed, others, report.filed_on, policy)
        report.entered_on = owed.entered_on
        report.due_on = owed.window.due_on if owed.window else None
    report.reasons, report.policy_version = reasons, policy.version
    event = ReportRechecked(subject=report.number, person_id=report.person_id, reasons=reasons)
    events.record(session, event, actor=SYSTEM, at=now)
    if not reasons:
        accepted = DecisionRequest(outcome=Outcome.ACCEPTED)
        review.settle(session, report, accepted, case=case, actor=SYSTEM, context=context, now=now)
