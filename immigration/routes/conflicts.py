"""Conflicts of interest: which officers have nothing to do with a person."""

from typing import Any
from uuid import UUID

from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.models.conflicts import ConflictOfInterest
from immigration.models.people import get_person_id
from immigration.schemas.common import PageArgs
from immigration.schemas.conflicts import ConflictEndIn, ConflictIn, ConflictOut, ConflictsOut
from immigration.services import conflicts, scope

blueprint = Blueprint("conflicts", __name__, url_prefix="/api/v1/review", description=__doc__)


@blueprint.post("/residents/<uuid:resident_id>/conflicts")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.arguments(ConflictIn)
@blueprint.response(201, ConflictOut)
def declare(data: dict[str, Any], resident_id: UUID) -> ConflictOfInterest:
    """Say that I, or a colleague, have nothing to do with a person's reports and cases."""
    stated, by = {"name": data["officer"] or None, "reason": data["reason"]}, principal()
    with transaction() as session:
        person_id = get_person_id(session, resident_id)
        scope.check_person(session, person_id, officer=by, act="conflict", now=now())
        return conflicts.declare(session, person_id, by=by, now=now(), **stated)


@blueprint.get("/conflicts")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, ConflictsOut)
def list_standing(args: dict[str, Any]) -> dict[str, Any]:
    """What stands about me; for supervisors and auditors, about officers of their offices."""
    with read_session() as session:
        page = conflicts.list_standing(session, reader=principal(), **args)
    return {"items": page.items, "next_cursor": page.next_cursor}


@blueprint.post("/conflicts/<uuid:conflict_id>/end")
@allow(Role.SUPERVISOR)
@blueprint.arguments(ConflictEndIn)
@blueprint.response(204)
def end(data: dict[str, Any], conflict_id: UUID) -> None:
    """End what stands about an officer of my offices, with the reason; who it is about cannot."""
    with transaction() as session:
        conflicts.end(session, conflict_id, data["reason"], supervisor=principal(), now=now())
