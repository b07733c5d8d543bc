"""What waits for a second person, and looks beyond an officer's offices."""

from typing import Any
from uuid import UUID

from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.models.approvals import OfficeException
from immigration.models.reports import Report
from immigration.routes.context import filing_context, registered_entries
from immigration.rules.codes import ApprovalKind, ApprovalOutcome
from immigration.schemas.approvals import (
    ApprovalOut,
    ApprovalsOut,
    ExceptionIn,
    ExceptionOut,
    ExceptionsOut,
    SettleIn,
    approval_view,
)
from immigration.schemas.common import PageArgs
from immigration.services import approvals, approving, law_versions, look_ups, scope

blueprint = Blueprint("approvals", __name__, url_prefix="/api/v1/review", description=__doc__)


@blueprint.get("/approvals")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.ADMINISTRATOR)
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, ApprovalsOut)
def list_waiting(args: dict[str, Any]) -> dict[str, Any]:
    """What waits for a second person of my offices, oldest first, and what I asked for myself."""
    with read_session() as session:
        page = approvals.list_waiting(session, officer=principal(), now=now(), **args)
    items = [approval_view(*entry, reader=principal(), now=now()) for entry in page.items]
    return {"items": items, "next_cursor": page.next_cursor}


@blueprint.post("/approvals/<uuid:reference>")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.ADMINISTRATOR)
@blueprint.arguments(SettleIn)
@blueprint.response(200, ApprovalOut)
def settle(data: dict[str, Any], reference: UUID) -> dict[str, Any]:
    """Approve or refuse what another officer asked for; when approved, it is done."""
    outcome = ApprovalOutcome(data["outcome"])
    with transaction() as session:
        settled = approving.settle(
            session, reference, outcome, data["note"], officer=principal(), context=filing_context(), now=now()
        )
        report = session.get(Report, settled.report_id) if settled.report_id else None
        answer = approval_view(settled, report, reader=principal(), now=now())
    if settled.kind in (ApprovalKind.LAW_ENTRY, ApprovalKind.LAW_ENDING):
        registered_entries().read_anew()
        with transaction() as session:
            law_versions.note(session, filing_context().law, now=now())
    return answer


@blueprint.post("/reports/<number>/exception")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(ExceptionIn)
@blueprint.response(201, ExceptionOut)
def open_exception(data: dict[str, Any], number: str) -> OfficeException:
    """Look at a report of another office for a stated reason; auditors and that office see it."""
    with transaction() as session:
        return look_ups.open_report_exception(session, number, data["reason"], officer=principal(), now=now())


@blueprint.get("/exceptions")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, ExceptionsOut)
def list_exceptions(args: dict[str, Any]) -> dict[str, Any]:
    """Who from elsewhere looked at people of my offices, and why; newest first."""
    with read_session() as session:
        page = scope.list_exceptions(session, officer=principal(), **args)
    return {"items": page.items, "next_cursor": page.next_cursor}
