"""The law as it stands, what is registered beside the files, and the policies that were in force."""

from typing import Any
from uuid import UUID

from foundation.clock import bangkok_date
from foundation.http import Blueprint, allow, now, principal
from foundation.identity import STAFF, Role
from foundation.services import read_session, transaction
from immigration.routes.context import filing_context
from immigration.rules.law_entries import Entry
from immigration.schemas.approvals import WaitingOut, waiting_view
from immigration.schemas.law import (
    ComparisonArgs,
    ComparisonOut,
    DecidedListOut,
    DecisionsArgs,
    EndingIn,
    EntriesOut,
    EntryIn,
    LawOut,
    VersionArgs,
    VersionsOut,
    entry_view,
)
from immigration.services import law_entries, law_versions

blueprint = Blueprint("law", __name__, url_prefix="/api/v1/law", description=__doc__)


@blueprint.get("")
@allow(*STAFF)
@blueprint.arguments(VersionArgs, location="query")
@blueprint.response(200, LawOut)
def show(query: dict[str, Any]) -> dict[str, Any]:
    """The law as it stands, or as a policy that was in force had it."""
    law = filing_context().law
    version = query["version"] or law.on(bangkok_date(now())).version
    with read_session() as session:
        contents = law_versions.read(session, version, law, now=now())
    confirmed = law.calendar.confirmed_until
    return {"version": version, "holidays_confirmed_until": confirmed, "contents": contents}


@blueprint.get("/versions")
@allow(*STAFF)
@blueprint.response(200, VersionsOut)
def list_versions() -> dict[str, Any]:
    """The policies that were in force, since when, and how many decisions each made."""
    with read_session() as session:
        items = law_versions.versions(session, filing_context().law, now=now())
    return {"items": items, "next_cursor": None}


@blueprint.get("/comparison")
@allow(*STAFF)
@blueprint.arguments(ComparisonArgs, location="query")
@blueprint.response(200, ComparisonOut)
def compare(query: dict[str, Any]) -> dict[str, Any]:
    """What two policies say differently."""
    law = filing_context().law
    with read_session() as session:
        first, second = (law_versions.read(session, query[each], law, now=now()) for each in ("first", "second"))
    return {"items": law_versions.differences(first, second), "next_cursor": None}


@blueprint.get("/decisions")
@allow(*STAFF)
@blueprint.arguments(DecisionsArgs, location="query")
@blueprint.response(200, DecidedListOut)
def list_decisions(query: dict[str, Any]) -> dict[str, Any]:
    """The decisions that a policy made about reports of my offices, the latest first, without names."""
    version = query.pop("version")
    with read_session() as session:
        page = law_versions.decided(session, version, officer=principal(), **query)
    items = [
        {
            "report": report.number,
            "office": report.office,
            "outcome": decision.outcome,
            "decided_by": decision.decided_by,
            "decided_at": decision.decided_at,
        }
        for decision, report in page.items
    ]
    return {"items": items, "next_cursor": page.next_cursor}


@blueprint.get("/entries")
@allow(*STAFF)
@blueprint.response(200, EntriesOut)
def list_entries() -> dict[str, Any]:
    """What is registered beside the law files: closing days, outages and waivers, the latest first."""
    today = bangkok_date(now())
    with read_session() as session:
        items = [entry_view(each, today) for each in law_entries.list_entries(session)]
    return {"items": items, "next_cursor": None}


@blueprint.post("/entries")
@allow(Role.SUPERVISOR, Role.ADMINISTRATOR)
@blueprint.arguments(EntryIn)
@blueprint.response(202, WaitingOut)
def ask_to_register(entry: Entry) -> dict[str, Any]:
    """Ask another person of the headquarters to register a closing day, an outage or a waiver."""
    with transaction() as session:
        approval = law_entries.ask_to_register(session, entry, officer=principal(), law=filing_context().law, now=now())
        return waiting_view(approval)


@blueprint.post("/entries/<uuid:reference>/ending")
@allow(Role.SUPERVISOR, Role.ADMINISTRATOR)
@blueprint.arguments(EndingIn)
@blueprint.response(202, WaitingOut)
def ask_to_end(data: dict[str, Any], reference: UUID) -> dict[str, Any]:
    """Ask another person of the headquarters to end an entry; days that have begun are not taken back."""
    with transaction() as session:
        approval = law_entries.ask_to_end(
            session, reference, data["last_on"], data["reason"], officer=principal(), now=now()
        )
        return waiting_view(approval)
