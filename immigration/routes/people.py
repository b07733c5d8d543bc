"""People, as officers look for them; each look-up is recorded with its purpose, found or not."""

from typing import Any
from uuid import UUID

from flask import Response

from foundation.db import ReadSession
from foundation.errors import NotFound
from foundation.http import Blueprint, allow, language, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.models.approvals import Approval
from immigration.routes import throttling
from immigration.routes.context import filing_context
from immigration.routes.histories import around
from immigration.routes.waiting import waiting
from immigration.rules.access import Throttled
from immigration.schemas.approvals import WaitingOut
from immigration.schemas.people_search import NameSearchIn, PersonMatches, PurposeIn, ReceiptSearchIn, matches_view
from immigration.schemas.reports import report_view
from immigration.schemas.review import ResidentOut, SearchIn, records_view
from immigration.schemas.stay import stay_view
from immigration.services import look_ups, name_search, obligations, passport_links, receipt_search, reports
from immigration.services.conflicts import HasConflict
from immigration.services.look_ups import LookUp
from immigration.services.name_search import NameSearch
from immigration.services.receipt_search import ReceiptSearch

blueprint = Blueprint("people", __name__, url_prefix="/api/v1/review/residents", description=__doc__)


@blueprint.post("/search")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(SearchIn)
@blueprint.response(200, ResidentOut)
@blueprint.alt_response(202, schema=WaitingOut)
def search(wanted: LookUp) -> dict[str, Any] | Response:
    """A resident of the officer's offices by a passport's number; the purpose is recorded, found or not."""
    throttling.admit(Throttled.LOOK_UP, str(principal().id))
    with transaction() as session:
        found = look_ups.look_up(session, wanted, officer=principal(), now=now())
    if isinstance(found, HasConflict):
        raise found
    if found is None:
        raise NotFound()
    if isinstance(found, Approval):  # counted: there may be no such passport
        return waiting(found)
    throttling.give_back(Throttled.LOOK_UP, str(principal().id))
    with read_session() as session:
        return _resident(session, found.person_id)


@blueprint.post("/search-by-name")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(NameSearchIn)
@blueprint.response(200, PersonMatches)
def search_by_name(wanted: NameSearch) -> dict[str, Any]:
    """Residents of the officer's offices whose name is like this one; recorded for each that is shown, or in vain."""
    throttling.admit(Throttled.LOOK_UP, str(principal().id))
    with transaction() as session:
        found = name_search.search(session, wanted, officer=principal(), now=now())
    if found.people:
        throttling.give_back(Throttled.LOOK_UP, str(principal().id))
    return matches_view(found)


@blueprint.post("/search-by-receipt")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(ReceiptSearchIn)
@blueprint.response(200, ResidentOut)
def search_by_receipt(wanted: ReceiptSearch) -> dict[str, Any]:
    """The resident of a receipt: its number, that of the report, of a paper receipt, or the text of a QR code."""
    signer = filing_context().signer
    signer.refresh()
    throttling.admit(Throttled.LOOK_UP, str(principal().id))
    with transaction() as session:
        found = receipt_search.search(session, wanted, officer=principal(), signer=signer, now=now())
    return _found(found)


@blueprint.post("/<uuid:resident_id>/look-ups")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(PurposeIn)
@blueprint.response(200, ResidentOut)
def open_person(data: dict[str, Any], resident_id: UUID) -> dict[str, Any]:
    """A resident that a search by name showed; the purpose is recorded."""
    throttling.admit(Throttled.LOOK_UP, str(principal().id))
    with transaction() as session:
        found = receipt_search.open_person(session, resident_id, data["purpose"], officer=principal(), now=now())
    return _found(found)


def _found(person_id: UUID | HasConflict | None) -> dict[str, Any]:
    """The resident that a look-up found; a hit does not count as one in vain. Raises HasConflict, NotFound."""
    if isinstance(person_id, HasConflict):
        raise person_id
    if person_id is None:
        raise NotFound()
    throttling.give_back(Throttled.LOOK_UP, str(principal().id))
    with read_session() as session:
        return _resident(session, person_id)


def _resident(session: ReadSession, person_id: UUID) -> dict[str, Any]:
    case = filing_context().records.case(session.connection(), person_id)
    if case is None:
        raise NotFound()
    owed = obligations.obligation_of(case, law=filing_context().law, now=now())
    filed = reports.list_reports(session, person_id, limit=20)
    passports = passport_links.list_passports(session, person_id)
    return (
        stay_view(owed, language())
        | around(session, person_id).as_dict()
        | {
            "resident_id": str(person_id),
            "passports": passports,
            "links": passport_links.list_links(session, person_id),
            "reports": [report_view(report, receipt) for report, receipt in filed.items],
            "records": records_view(case, passports),
        }
    )
