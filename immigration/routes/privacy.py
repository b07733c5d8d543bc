"""What a resident is told about the data that are kept of them."""

from dataclasses import asdict
from typing import Any

from foundation.http import Blueprint, allow, language, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.routes.context import ended_sessions
from immigration.schemas.audit import AccessLogOut
from immigration.schemas.common import PageArgs
from immigration.schemas.privacy import ErasureOut, ExportOut, erasure_view
from immigration.services import audit, erasing, exporting
from immigration.services.exporting import Export

blueprint = Blueprint("privacy", __name__, url_prefix="/api/v1/me", description=__doc__)


@blueprint.get("/export")
@allow(Role.RESIDENT)
@blueprint.response(200, ExportOut)
def export() -> Export:
    """All that is kept of me, by table."""
    with transaction() as session:
        return exporting.export(session, principal(), now=now())


@blueprint.post("/erasure")
@allow(Role.RESIDENT)
@blueprint.response(200, ErasureOut)
def erase() -> dict[str, Any]:
    """Remove what no law keeps of me at once: contact, passkeys, devices, settings of messages, my other sign-ins.

    The answer says what stays, how long and why.
    """
    with transaction() as session:
        erasure = erasing.erase(session, principal(), now=now())
    for family in erasure.ended:
        ended_sessions().add(family)
    return erasure_view(erasure, language())


@blueprint.get("/access-log")
@allow(Role.RESIDENT)
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, AccessLogOut)
def access_log(args: dict[str, Any]) -> dict[str, Any]:
    """Who of which office looked at my data, when and why; newest first."""
    with read_session() as session:
        page = audit.access_log(session, principal(), **args)
    return {"items": [asdict(entry) for entry in page.items], "next_cursor": page.next_cursor}
