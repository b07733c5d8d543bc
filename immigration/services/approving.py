"""A second person approves or refuses, and what was asked for happens, or does not."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from foundation.db import Session
from foundation.errors import Forbidden
from foundation.identity import Principal, Role
from immigration.models.access import Officer
from immigration.models.approvals import Approval
from immigration.models.reports import Report
from immigration.rules.codes import ApprovalKind, ApprovalOutcome, Outcome
from immigration.rules.offices import HEADQUARTERS, covers
from immigration.rules.reports import DecisionRequest
from immigration.services import approvals, conflicts, law_entries, office_reports, officers, review, scope
from immigration.services.approvals import ApprovalOutdated
from immigration.services.judging import FilingContext


@dataclass(frozen=True, kw_only=True)
class Approved:
    """An approval, the officer who asked for it, and who approves it."""

    approval: Approval
    author: Principal
    approver: Principal


def settle(
    session: Session,
    reference: UUID,
    outcome: ApprovalOutcome,
    note: str,
    *,
    officer: Principal,
    context: FilingContext,
    now: datetime,
) -> Approval:
    """Approve or refuse what another officer asked for; when approved, it is done as theirs. Again, nothing changes.

    Raises NotFound, OwnRequest, ApprovalSettledAlready, ApprovalExpired, ApprovalOutdated where the report or the
    account of who asked changed since, and as `_refuse_involved` does.
    """
    approval = approvals.lock(session, reference, officer=officer)
    if approvals.is_settled_so(approval, outcome, note, officer=officer):
        return approval
    approvals.check_open(approval, officer=officer, now=now)
    _refuse_involved(session, approval, outcome, officer=officer)
    if outcome == ApprovalOutcome.APPROVED:
        author = _author(session, approval)
        agreed = Approved(approval=approval, author=author, approver=officer)
        _DONE[ApprovalKind(approval.kind)](session, agreed, context, now)
    approvals.close(session, approval, outcome, note, officer=officer, now=now)
    return approval


def _refuse_involved(session: Session, approval: Approval, outcome: ApprovalOutcome, *, officer: Principal) -> None:
    """Raise where an officer has no say in what waits.

    They have nothing to do with the person (HasConflict); it is their own decision that would be reopened
    (OwnDecision); or an officer flagged it, so that a supervisor approves it (Forbidden).
    """
    if approval.person_id is not None:
        conflicts.refuse(session, approval.person_id, officer=officer)
    if approval.kind != ApprovalKind.REOPENING:
        return
    report = session.scalars(select(Report).where(Report.id == approval.report_id)).one()
    if review.has_decided(session, report, officer):
        raise review.OwnDecision("another person says whether your decision is looked at again")
    flagged = not approval.requested_as.startswith(f"{Role.SUPERVISOR}:")
    if flagged and outcome == ApprovalOutcome.APPROVED and officer.role != Role.SUPERVISOR:
        raise Forbidden("a supervisor approves what an officer asks to be reopened")


def _author(session: Session, approval: Approval) -> Principal:
    """Who asked, as the account stands now."""
    account = session.scalars(select(Officer).where(Officer.id == approval.requested_by)).one()
    if account.disabled_at is not None:
        raise ApprovalOutdated("the account of the officer who asked is closed")
    return officers.principal_of(account)


def _report(session: Session, agreed: Approved, *, now: datetime) -> Report:
    """The report, locked; as it was when the officer asked, and still theirs to act on."""
    wanted = select(Report).where(Report.id == agreed.approval.report_id).with_for_update()
    report = session.scalars(wanted.execution_options(populate_existing=True)).one()
    if approvals.fingerprint(report) != agreed.approval.fingerprint:
        raise ApprovalOutdated("the report changed since")
    theirs = covers(agreed.author.offices, report.office)
    if not theirs and not scope.has_exception(session, report.person_id, officer=agreed.author, now=now):
        raise ApprovalOutdated("the officer who asked no longer acts for the office of the report")
    refused = conflicts.people_of(session, agreed.author.id)
    if agreed.author.role not in review.DECIDING or report.person_id in refused:
        raise ApprovalOutdated("the officer who asked no longer decides about this person")
    return report


def _decide(session: Session, agreed: Approved, context: FilingContext, now: datetime) -> None:
    asked = agreed.approval.request
    decision = DecisionRequest(
        outcome=Outcome(asked["outcome"]),
        reasons=asked["reasons"],
        note=asked["note"],
        next_due_on=date.fromisoformat(asked["next_due_on"]),
    )
    report = _report(session, agreed, now=now)
    review.decide_approved(session, report, decision, author=agreed.author, context=context, now=now)


def _reopen(session: Session, agreed: Approved, context: FilingContext, now: datetime) -> None:
    report = _report(session, agreed, now=now)
    note = agreed.approval.request["note"]
    review.reopen(session, report, note=note, actor=agreed.author.actor, context=context, now=now)
    session.flush()
    office_reports.overrule(session, report, records=context.records, law=context.law, now=now)


def _open_look(session: Session, agreed: Approved, _context: FilingContext, now: datetime) -> None:
    if (person_id := agreed.approval.person_id) is None:
        return
    reason = scope.Reason(text=agreed.approval.request["reason"], approved_as=agreed.approver.actor)
    scope.open_exception(session, person_id, reason, officer=agreed.author, now=now)


def _register(session: Session, agreed: Approved, context: FilingContext, now: datetime) -> None:
    names = _names(agreed)
    with _outdated():
        law_entries.register(session, agreed.approval.request, **names, law=context.law, now=now)


def _end(session: Session, agreed: Approved, _context: FilingContext, now: datetime) -> None:
    names = _names(agreed)
    with _outdated():
        law_entries.end(session, agreed.approval.request, **names, now=now)


def _names(agreed: Approved) -> dict[str, str]:
    """Who asked and who approves, of whom the first still has to act for the headquarters."""
    if (
        HEADQUARTERS not in agreed.author.offices
        or agreed.author.role not in approvals.WHO_SETTLES[ApprovalKind.LAW_ENTRY]
    ):
        raise ApprovalOutdated("the officer who asked no longer acts for the headquarters")
    return {"author": agreed.author.actor, "approver": agreed.approver.actor}


@contextmanager
def _outdated() -> Iterator[None]:
    try:
        yield
    except law_entries.CannotChangeLaw as problem:
        raise ApprovalOutdated(problem.detail) from problem


_DONE: Mapping[ApprovalKind, Callable[[Session, Approved, FilingContext, datetime], None]] = {
    ApprovalKind.NEXT_DUE_DATE: _decide,
    ApprovalKind.REOPENING: _reopen,
    ApprovalKind.LOOK: _open_look,
    ApprovalKind.LAW_ENTRY: _register,
    ApprovalKind.LAW_ENDING: _end,
}
