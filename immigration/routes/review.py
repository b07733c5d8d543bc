"""Review by officers."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import select

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession
from foundation.errors import Problem
from foundation.http import Blueprint, allow, language, now, principal
from foundation.identity import Role
from foundation.services import transaction
from immigration.models.approvals import Approval
from immigration.models.people import PassportLink, Person
from immigration.models.reports import Report
from immigration.registries.records import Case
from immigration.routes import throttling
from immigration.routes.context import filing_context
from immigration.routes.histories import around
from immigration.routes.waiting import waiting
from immigration.rules.access import Throttled
from immigration.rules.reports import DecisionRequest, answer_by
from immigration.rules.working_days import working_days_since
from immigration.schemas.approvals import WaitingOut
from immigration.schemas.common import NoteIn
from immigration.schemas.reports import ReportOut, report_view
from immigration.schemas.review import (
    DecisionIn,
    LinkIn,
    LinkOut,
    Opened,
    ReviewOut,
    TransferIn,
    UnlinkIn,
    review_view,
)
from immigration.schemas.stay import stay_view
from immigration.services import obligations, passport_links, receipts, reports, review, transfers

blueprint = Blueprint("review", __name__, url_prefix="/api/v1/review", description="Review by officers")


@blueprint.get("/reports/<number>")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.response(200, ReviewOut)
def get_report(number: str) -> dict[str, Any]:
    """A report beside the records it was checked against, and its history."""
    with transaction() as session:
        report, case = review.open_report(session, number, officer=principal(), context=filing_context(), now=now())
        return _view(session, report, case)


def _view(session: ReadSession, report: Report, case: Case) -> dict[str, Any]:
    context = filing_context()
    owed = obligations.obligation_of(case, law=context.law, now=now())
    policy = context.law.on(report.filed_on)
    of_office = policy.of_office(report.office)
    opened = Opened(
        report=report,
        receipt=receipts.find_valid_receipt(session, report),
        case=case,
        passports=passport_links.list_passports(session, case.person_id),
        stay=stay_view(owed, language()),
        related=reports.list_related(session, report),
        around=around(session, report.person_id),
        decisions=[*review.decisions(session, report)],
        history=[*events.history(session, report.number)],
        obstacles=review.obstacles(session, report, principal(), now=now()),
        reads=session.scalars(select(Person.language).where(Person.id == case.person_id)).one(),
        answer_by=answer_by(report.filed_on, of_office),
        office_days=working_days_since(bangkok_date(report.at_office_since), bangkok_date(now()), of_office),
        policy=policy,
    )
    return review_view(opened, language())


@blueprint.post("/reports/<number>/decision")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.arguments(DecisionIn)
@blueprint.response(200, ReportOut)
@blueprint.alt_response(202, schema=WaitingOut)
def decide(decision: DecisionRequest, number: str) -> dict[str, Any] | Response:
    """Accept, return or reject a report, or ask its author to come; a late next due date waits for another person."""
    with transaction() as session:
        decided = review.decide(session, number, decision, officer=principal(), context=filing_context(), now=now())
        if isinstance(decided, Approval):
            return waiting(decided)
        return report_view(decided, receipts.find_valid_receipt(session, decided))


@blueprint.post("/reports/<number>/reopening")
@allow(Role.SUPERVISOR)
@blueprint.arguments(NoteIn)
@blueprint.response(200, ReportOut)
@blueprint.alt_response(202, schema=WaitingOut)
def reopen(data: dict[str, Any], number: str) -> dict[str, Any] | Response:
    """Ask another person to put a decided report back under review; the report, where they did."""
    with transaction() as session:
        asked = review.ask_to_reopen(session, number, note=data["note"], supervisor=principal(), now=now())
        return waiting(asked) if isinstance(asked, Approval) else report_view(asked, None)


@blueprint.post("/reports/<number>/transfer")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.arguments(TransferIn)
@blueprint.response(204)
def transfer(data: dict[str, Any], number: str) -> None:
    """Give a report under review to another office; the person is told."""
    with transaction() as session:
        transfers.transfer(session, number, data["office"], data["note"], officer=principal(), now=now())


@blueprint.post("/residents/<uuid:resident_id>/links")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.arguments(LinkIn)
@blueprint.response(201, LinkOut)
def link_passport(data: dict[str, Any], resident_id: UUID) -> PassportLink:
    """Link another passport of a resident's with the present one; again, the same link is answered.

    One that is refused says whether there is such a passport, so it counts as a look-up.
    """
    throttling.admit(Throttled.LOOK_UP, str(principal().id))
    try:
        with transaction() as session:
            made = passport_links.link(
                session, resident_id, officer=principal(), context=filing_context(), now=now(), **data
            )
    except Problem:
        with transaction() as session:
            passport_links.record_refused(session, officer=principal(), now=now(), **data)
        raise
    throttling.give_back(Throttled.LOOK_UP, str(principal().id))
    return made


@blueprint.delete("/residents/<uuid:resident_id>/links/<uuid:link_id>")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.arguments(UnlinkIn, required=False)
@blueprint.response(204)
def unlink_passport(data: dict[str, Any], resident_id: UUID, link_id: UUID) -> None:
    """Take a link back: its passports are of two people again, where nothing else links them."""
    with transaction() as session:
        passport_links.withdraw(
            session, resident_id, link_id, officer=principal(), context=filing_context(), now=now(), **data
        )
