"""Review by officers."""

from typing import Any

from sqlalchemy import select

from foundation import events
from foundation.db import ReadSession
from foundation.errors import NotFound
from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.models.people import Passport
from immigration.models.reports import Report
from immigration.registries.records import Case
from immigration.routes.context import filing_context, page
from immigration.schemas.common import NoteIn
from immigration.schemas.reports import ReportOut, report_view
from immigration.schemas.review import (
    DecisionIn,
    QueueArgs,
    QueueOut,
    ResidentOut,
    ReviewOut,
    SearchIn,
    queue_view,
    records_view,
    review_view,
)
from immigration.schemas.stay import stay_view
from immigration.services import obligations, receipts, reports, review

blueprint = Blueprint("review", __name__, url_prefix="/api/v1/review", description="Review by officers")
EVERY_OFFICE = "all"


@blueprint.get("/reports")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(QueueArgs, location="query")
@blueprint.response(200, QueueOut)
def queue(args: dict[str, Any]) -> dict[str, Any]:
    """Reports in a state, oldest first; of the officer's own office unless another is named."""
    office = args["office"] or principal().office
    after = int(args["cursor"]) if args["cursor"] else None
    with read_session() as session:
        found = review.queue(
            session,
            status=args["status"],
            office=None if office == EVERY_OFFICE else office,
            after=after,
            limit=args["limit"],
            contradicted=args["contradicted"],
        )
        return page([queue_view(*row) for row in found], [report.id for report, _ in found], args["limit"])


@blueprint.get("/reports/<number>")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.response(200, ReviewOut)
def get_report(number: str) -> dict[str, Any]:
    """A report beside the records it was checked against, and its history."""
    with transaction() as session:
        report, case = review.open_report(session, number, officer=principal(), context=filing_context(), now=now())
        return _view(session, report, case)


def _view(session: ReadSession, report: Report, case: Case) -> dict[str, Any]:
    owed = obligations.obligation_of(case, law=filing_context().law, now=now())
    history = [*events.history(session, report.number)]
    passports = _passports(session, case)
    decisions = [*review.decisions(session, report)]
    receipt = receipts.find_valid_receipt(session, report)
    return review_view(report, receipt, case, passports, owed, decisions, history)


def _passports(session: ReadSession, case: Case) -> list[Passport]:
    found = select(Passport).where(Passport.person_id == case.person_id).order_by(Passport.id)
    return [*session.scalars(found)]


@blueprint.post("/reports/<number>/decision")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.arguments(DecisionIn)
@blueprint.response(200, ReportOut)
def decide(decision: dict[str, Any], number: str) -> dict[str, Any]:
    """Accept, return or reject a report, or ask its author to come."""
    with transaction() as session:
        report = review.decide(session, number, officer=principal(), context=filing_context(), now=now(), **decision)
        return report_view(report, receipts.find_valid_receipt(session, report))


@blueprint.post("/reports/<number>/reopening")
@allow(Role.SUPERVISOR)
@blueprint.arguments(NoteIn)
@blueprint.response(200, ReportOut)
def reopen(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Put a decided report back under review."""
    with transaction() as session:
        report = review.reopen(
            session, number, note=data["note"], supervisor=principal(), context=filing_context(), now=now()
        )
        return report_view(report, None)


@blueprint.post("/residents/search")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(SearchIn)
@blueprint.response(200, ResidentOut)
def search(data: dict[str, Any]) -> dict[str, Any]:
    """A resident by a passport's number; the purpose is recorded, found or not."""
    with transaction() as session:
        passport = review.look_up(session, officer=principal(), now=now(), **data)
    if passport is None:
        raise NotFound()
    with read_session() as session:
        return _resident(session, passport)


def _resident(session: ReadSession, passport: Passport) -> dict[str, Any]:
    case = filing_context().records.case(session.connection(), passport.person_id)
    if case is None:
        raise NotFound()
    owed, today = obligations.obligation_of(case, law=filing_context().law, now=now())
    filed = reports.list_reports(session, passport.person_id, before=None, limit=20)
    passports = _passports(session, case)
    return stay_view(owed, today) | {
        "resident_id": str(passport.person_id),
        "passports": passports,
        "reports": [report_view(report, receipt) for report, receipt in filed],
        "records": records_view(case, passports),
    }
