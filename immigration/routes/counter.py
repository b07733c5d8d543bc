"""What officers record for people at their counter."""

from typing import Any
from uuid import UUID

from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import transaction
from immigration.models.records import OfficeReport
from immigration.routes.context import filing_context
from immigration.schemas.counter import CounterReportIn, CounterReportOut
from immigration.services import counter_reports
from immigration.services.counter_reports import CounterReport

blueprint = Blueprint("counter", __name__, url_prefix="/api/v1/review", description=__doc__)


@blueprint.post("/residents/<uuid:resident_id>/counter-reports")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.arguments(CounterReportIn)
@blueprint.response(201, CounterReportOut)
def record(data: dict[str, Any], resident_id: UUID) -> OfficeReport:
    """Record that a person reported at the counter today; the same receipt again is the same report."""
    own = sorted(principal().offices)
    office = data["office"] or (own[0] if len(own) == 1 else "")
    wanted = CounterReport(receipt_number=data["receipt_number"], office=office)
    with transaction() as session:
        return counter_reports.record(
            session, resident_id, wanted, officer=principal(), context=filing_context(), now=now()
        )
