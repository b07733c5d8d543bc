"""A resident's stay and reports."""

import json
from typing import Any

from flask import Response, request

from foundation.errors import NotAcceptable
from foundation.http import Blueprint, allow, body, language, now, principal, required_header
from foundation.identity import Role
from foundation.services import autocommit, read_autocommit, read_session, transaction
from immigration.routes.context import filing_context
from immigration.schemas.common import PageArgs
from immigration.schemas.reports import (
    FiledOut,
    ReceiptOut,
    ReportIn,
    ReportOut,
    ReportsOut,
    filed_json,
    form,
    receipt_view,
    report_view,
)
from immigration.schemas.stay import StayOut, stay_view
from immigration.schemas.trips import SimulationOut, TripIn, simulation_view, trip
from immigration.services import address_corrections, obligations, receipts, reports, trips
from immigration.services.judging import Submission

blueprint = Blueprint("reports", __name__, url_prefix="/api/v1", description="A resident's stay and reports")


@blueprint.get("/me/stay")
@allow(Role.RESIDENT)
@blueprint.response(200, StayOut)
def stay() -> dict[str, Any]:
    """My stay by the records, when my next report is due, and why."""
    context = filing_context()
    with read_autocommit() as connection:
        owed = obligations.get_obligation(
            connection, principal().id, records=context.records, law=context.law, now=now()
        )
    return stay_view(owed, language())


@blueprint.post("/me/stay/simulations")
@allow(Role.RESIDENT)
@blueprint.arguments(TripIn)
@blueprint.response(200, SimulationOut)
def simulate_trip(data: dict[str, Any]) -> dict[str, Any]:
    """What a trip abroad would change, by the same rules; nothing is stored."""
    context = filing_context()
    with read_autocommit() as connection:
        simulated = trips.simulate(
            connection, principal().id, trip(data), records=context.records, law=context.law, now=now()
        )
    return simulation_view(simulated, language())


@blueprint.post("/reports")
@allow(Role.RESIDENT)
@blueprint.arguments(ReportIn)
@blueprint.response(201, FiledOut)
@blueprint.doc(
    parameters=[
        {"in": "header", "name": "Idempotency-Key", "required": True, "schema": {"type": "string", "maxLength": 255}}
    ]
)
def file(data: dict[str, Any]) -> Response:
    """File a 90-day report; the answer comes after it is stored."""
    key = required_header("Idempotency-Key", reports.IdempotencyKeyRequired)
    submission = Submission(form(data), key, *reports.body_digests(json.dumps(body(), sort_keys=True)))
    with autocommit() as connection:
        answer = reports.file(
            connection, submission, author=principal(), context=filing_context(), render=filed_json, now=now()
        )
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    return Response(answer.text, 201, headers, content_type="application/json")


@blueprint.get("/reports")
@allow(Role.RESIDENT)
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, ReportsOut)
def list_reports(args: dict[str, Any]) -> dict[str, Any]:
    """My reports, newest first."""
    with read_session() as session:
        page = reports.list_reports(session, principal().id, **args)
        items = [report_view(report, receipt) for report, receipt in page.items]
    return {"items": items, "next_cursor": page.next_cursor}


@blueprint.get("/reports/<number>")
@allow(Role.RESIDENT)
@blueprint.response(200, ReportOut)
def get_report(number: str) -> dict[str, Any]:
    """One of my reports."""
    with read_session() as session:
        report = reports.get(session, number, author=principal())
        receipt, correction = (
            receipts.find_valid_receipt(session, report),
            address_corrections.find_last(session, report),
        )
        return report_view(report, receipt, correction)


@blueprint.post("/reports/<number>/correction")
@allow(Role.RESIDENT)
@blueprint.arguments(ReportIn)
@blueprint.response(200, ReportOut)
def correct(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Answer a returned report with a corrected one."""
    with transaction() as session:
        report = reports.correct(session, number, form(data), author=principal(), context=filing_context(), now=now())
        return report_view(report, None)


@blueprint.post("/reports/<number>/withdrawal")
@allow(Role.RESIDENT)
@blueprint.response(200, ReportOut)
def withdraw(number: str) -> dict[str, Any]:
    """Take a report back before it is decided."""
    with transaction() as session:
        return report_view(
            reports.withdraw(session, number, author=principal(), context=filing_context(), now=now()), None
        )


@blueprint.get("/reports/<number>/receipt")
@allow(Role.RESIDENT)
@blueprint.response(200, ReceiptOut)
def receipt(number: str) -> dict[str, Any]:
    """The receipt of an accepted report, as JSON."""
    if request.accept_mimetypes and not request.accept_mimetypes.accept_json:
        raise NotAcceptable("a receipt is kept as application/json")
    with read_session() as session:
        report = reports.get(session, number, author=principal())
        return receipt_view(report, receipts.get_valid_receipt(session, report))
