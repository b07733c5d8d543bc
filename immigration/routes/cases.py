""" "My record is wrong": cases of residents, answered by officers."""

from typing import Any

from foundation.clock import bangkok_date
from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.models.cases import ResidentCase
from immigration.routes.context import filing_context
from immigration.rules.working_days import lying_since
from immigration.schemas.cases import (
    AnswerIn,
    CaseIn,
    CaseOut,
    CaseQueueArgs,
    CaseQueueOut,
    CasesOut,
    OfficerCaseOut,
    queue_line,
)
from immigration.schemas.common import PageArgs
from immigration.services import cases
from immigration.services.cases import Answer

blueprint = Blueprint("cases", __name__, url_prefix="/api/v1", description=__doc__)


@blueprint.post("/me/cases")
@allow(Role.RESIDENT)
@blueprint.arguments(CaseIn)
@blueprint.response(201, CaseOut)
def open_case(data: dict[str, Any]) -> ResidentCase:
    """Say that something on record is wrong, or ask for a correction or an erasure."""
    with transaction() as session:
        return cases.open_case(session, resident=principal(), context=filing_context(), now=now(), **data)


@blueprint.get("/me/cases")
@allow(Role.RESIDENT)
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, CasesOut)
def list_own(args: dict[str, Any]) -> dict[str, Any]:
    """My cases, newest first, with what was answered."""
    with read_session() as session:
        page = cases.list_own(session, principal(), **args)
    return {"items": page.items, "next_cursor": page.next_cursor}


@blueprint.get("/review/cases")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(CaseQueueArgs, location="query")
@blueprint.response(200, CaseQueueOut)
def list_waiting(args: dict[str, Any]) -> dict[str, Any]:
    """Cases of my offices, the longest waiting first."""
    with read_session() as session:
        page = cases.list_waiting(session, officer=principal(), **case_filter(args))
    policy = filing_context().law.on(bangkok_date(now()))
    return {"items": [queue_line(case, policy, now()) for case in page.items], "next_cursor": page.next_cursor}


def case_filter(args: dict[str, Any]) -> dict[str, Any]:
    """What the query of the list asks the service for."""
    days, today = args["at_office_days"], bangkok_date(now())
    until = lying_since(days, today, filing_context().law.on(today)) if days else None
    return {name: value for name, value in args.items() if name != "at_office_days"} | {"at_office_until": until}


@blueprint.get("/review/cases/<number>")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.response(200, OfficerCaseOut)
def get_case(number: str) -> ResidentCase:
    """A case of my offices with what the resident wrote."""
    with transaction() as session:
        return cases.read(session, number, officer=principal(), now=now())


@blueprint.post("/review/cases/<number>/answer")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.arguments(AnswerIn)
@blueprint.response(200, OfficerCaseOut)
def answer(given: Answer, number: str) -> ResidentCase:
    """Answer a case, or give it to another office; the person is told."""
    with transaction() as session:
        return cases.answer(session, number, given, officer=principal(), now=now())
