"""Feeds of records: how fresh they are, what the last imports did, and which rows they refused."""

from typing import Any
from uuid import UUID

from foundation.errors import Forbidden
from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.rules.offices import HEADQUARTERS
from immigration.schemas.feeds import FeedsOut, RejectsIn, RejectsOut
from immigration.services import feeds

blueprint = Blueprint("feeds", __name__, url_prefix="/api/v1/feeds", description=__doc__)


@blueprint.get("")
@allow(Role.SUPERVISOR, Role.ADMINISTRATOR)
@blueprint.response(200, FeedsOut)
def show() -> dict[str, Any]:
    """How fresh each feed is, and what the last imports did."""
    with read_session() as session:
        return {"feeds": feeds.overview(session, now=now()), "imports": feeds.last_imports(session)}


@blueprint.post("/imports/<uuid:import_id>/rejects")
@allow(Role.ADMINISTRATOR)
@blueprint.arguments(RejectsIn)
@blueprint.response(200, RejectsOut)
def read_rejects(data: dict[str, Any], import_id: UUID) -> dict[str, Any]:
    """The rows that an import refused, for administrators of the headquarters; reading them is recorded."""
    who = principal()
    if HEADQUARTERS not in who.offices:
        raise Forbidden("rows of the whole country are for the headquarters")
    with transaction() as session:
        done, rows = feeds.rejected_rows(session, import_id, data["purpose"], officer=who, now=now())
    return {"kind": done.kind, "columns": feeds.columns(done.kind), "items": rows}
