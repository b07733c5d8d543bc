"""The phones that are signed in as a person."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.routes.context import ended_sessions
from immigration.schemas.sessions import EndedOut, SessionNameIn, SessionOut, SessionsOut
from immigration.services import sessions
from immigration.services.sessions import SignIn

blueprint = Blueprint("sessions", __name__, url_prefix="/api/v1", description=__doc__)


@blueprint.get("/me/sessions")
@allow(Role.RESIDENT)
@blueprint.response(200, SessionsOut)
def list_sessions() -> dict[str, Any]:
    """My sign-ins, last used first."""
    with read_session() as session:
        return {"items": sessions.list_sessions(session, principal(), now=now()), "next_cursor": None}


@blueprint.patch("/me/sessions/<uuid:session_id>")
@allow(Role.RESIDENT)
@blueprint.arguments(SessionNameIn)
@blueprint.response(200, SessionOut)
def rename(data: dict[str, Any], session_id: UUID) -> SignIn:
    """Give one of my sign-ins a name."""
    with transaction() as session:
        return sessions.rename(session, session_id, data["name"], resident=principal(), now=now())


@blueprint.delete("/me/sessions/<uuid:session_id>")
@allow(Role.RESIDENT)
@blueprint.response(204)
def end(session_id: UUID) -> None:
    """End one of my sign-ins."""
    with transaction() as session:
        ended = sessions.end(session, session_id, resident=principal(), now=now())
    _note(ended)


@blueprint.delete("/me/sessions")
@allow(Role.RESIDENT)
@blueprint.response(204)
def end_others() -> None:
    """End all my sign-ins but this one."""
    with transaction() as session:
        ended = sessions.end_others(session, resident=principal(), now=now())
    _note(ended)


@blueprint.post("/tokens/revocation")
@allow(Role.RESIDENT)
@blueprint.response(204)
def sign_out() -> None:
    """Sign this phone out: neither its access nor its refresh token works any more."""
    with transaction() as session:
        ended = sessions.sign_out(session, principal(), now=now())
    _note(ended)


@blueprint.delete("/review/residents/<uuid:resident_id>/sessions")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.response(200, EndedOut)
def end_at_counter(resident_id: UUID) -> dict[str, int]:
    """End all sign-ins of the person at the counter, whose phone is lost."""
    with transaction() as session:
        ended = sessions.end_at_counter(session, resident_id, officer=principal(), now=now())
    _note(ended)
    return {"ended": len(ended)}


def _note(ended: Iterable[UUID]) -> None:
    """Have this process know at once, after it is stored, what the others know within a second."""
    for family in ended:
        ended_sessions().add(family)
