"""Corrections of the address of accepted reports, by their authors and by officers."""

import json
from typing import Any

from flask import Response

from foundation.http import Blueprint, allow, body, now, principal, required_header
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.routes.context import filing_context
from immigration.rules import numbers
from immigration.rules.addresses import Address
from immigration.rules.codes import CorrectionOutcome
from immigration.schemas.address_corrections import (
    AddressCorrectionIn,
    AddressCorrectionsOut,
    AddressCorrectionToDecide,
    CorrectionDecisionIn,
    correction_json,
    correction_line,
    correction_to_decide,
)
from immigration.schemas.common import PageArgs
from immigration.schemas.reports import AddressCorrectionOut
from immigration.services import address_corrections, reports
from immigration.services.address_corrections import Request

blueprint = Blueprint("address_corrections", __name__, url_prefix="/api/v1", description=__doc__)


@blueprint.post("/reports/<number>/address-correction")
@allow(Role.RESIDENT)
@blueprint.arguments(AddressCorrectionIn)
@blueprint.response(201, AddressCorrectionOut)
@blueprint.doc(
    parameters=[
        {"in": "header", "name": "Idempotency-Key", "required": True, "schema": {"type": "string", "maxLength": 255}}
    ]
)
def correct(data: dict[str, Any], number: str) -> Response:
    """Correct the address of my last accepted report: at once within the subdistrict, else an officer decides."""
    key = required_header("Idempotency-Key", reports.IdempotencyKeyRequired)
    asked = json.dumps(["address-correction", numbers.normalise(number), body()], sort_keys=True)
    request = Request(Address(**data["address"]), key, reports.body_digests(asked)[0])
    with transaction() as session:
        answer = address_corrections.correct(
            session,
            number,
            request,
            author=principal(),
            context=filing_context(),
            render=correction_json,
            now=now(),
        )
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    return Response(answer.text, 201, headers, content_type="application/json")


@blueprint.get("/review/address-corrections")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, AddressCorrectionsOut)
def queue(args: dict[str, Any]) -> dict[str, Any]:
    """Corrections of addresses that wait for my offices, oldest first; the addresses show when one is opened."""
    with read_session() as session:
        page = address_corrections.queue(session, officer=principal(), **args)
        items = [correction_line(*entry) for entry in page.items]
    return {"items": items, "next_cursor": page.next_cursor}


@blueprint.get("/review/address-corrections/<number>")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.response(200, AddressCorrectionToDecide)
def get_correction(number: str) -> dict[str, Any]:
    """A correction of an address beside the present one; that it was opened is recorded."""
    with transaction() as session:
        return correction_to_decide(*address_corrections.read(session, number, officer=principal(), now=now()))


@blueprint.post("/review/address-corrections/<number>/decision")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.arguments(CorrectionDecisionIn)
@blueprint.response(200, AddressCorrectionToDecide)
def decide(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Apply a correction, or refuse it with a note; its author is told."""
    with transaction() as session:
        decided = address_corrections.decide(
            session,
            number,
            CorrectionOutcome(data["outcome"]),
            data["note"],
            officer=principal(),
            context=filing_context(),
            now=now(),
        )
        return correction_to_decide(*decided)
