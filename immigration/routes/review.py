"""Review by officers."""

from typing import Any

from sqlalchemy import select

from foundation import events
from foundation.db import ReadSession
from foundation.errors import NotFound
from foundation.http import Blueprint, allow, language, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.models.people import Passport
from immigration.models.reports import Report
from immigration.registries.records import Case
from immigration.routes.context import filing_context
from immigration.rules.reports import DecisionRequest
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
from immigration.services.review import QueueFilter

blueprint = Blueprint("review", __name__, url_prefix="/api/v1/review", description="Review by officers")
EVERY_OFFICE = "all"


@blueprint.get("/reports")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(QueueArgs, location="query")
@blueprint.response(200, QueueOut)
def queue(args: dict[str, Any]) -> dict[str, Any]:
    """Reports in a state, oldest first; of the officer's own office unless another is named."""
    office = args["office"] or principal().office
    wanted = QueueFilter(
        status=args["status"],
        office=None if office == EVERY_OFFICE else office,
        contradicted=args["contradicted"],
    )
    with read_session() as session:
        page = review.queue(session, wanted, cursor=args["cursor"], limit=args["limit"])
        items = [queue_view(*entry) for entry in page.items]
    return {"items": items, "next_cursor": page.next_cursor}


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
    stay = stay_view(owed, language())
    return review_view(report, receipt, case, passports, stay, decisions, history)


def _passports(session: ReadSession, case: Case) -> list[Passport]:
    query = select(Passport).where(Passport.person_id == case.person_id).order_by(Passport.id)
    return [*session.scalars(query)]


@blueprint.post("/reports/<number>/decision")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.arguments(DecisionIn)
@blueprint.response(200, ReportOut)
def decide(decision: DecisionRequest, number: str) -> dict[str, Any]:
    """Accept, return or reject a report, or ask its author to come."""
    with transaction() as session:
        report = review.decide(session, number, decision, officer=principal(), context=filing_context(), now=now())
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
    owed = obligations.obligation_of(case, law=filing_context().law, now=now())
    filed = reports.list_reports(session, passport.person_id, limit=20)
    passports = _passports(session, case)
    return stay_view(owed, language()) | {
        "resident_id": str(passport.person_id),
        "passports": passports,
        "reports": [report_view(report, receipt) for report, receipt in filed.items],
        "records": records_view(case, passports),
    }
