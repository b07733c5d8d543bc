"""The signed-in resident."""

from typing import Any

from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.schemas.profile import ProfileIn, ProfileOut
from immigration.services import profile
from immigration.services.profile import Profile

blueprint = Blueprint("profile", __name__, url_prefix="/api/v1", description=__doc__)


@blueprint.get("/me")
@allow(Role.RESIDENT)
@blueprint.response(200, ProfileOut)
def show() -> Profile:
    """Who I am on record, and how I want to be reached."""
    with read_session() as session:
        return profile.me(session, principal())


@blueprint.patch("/me")
@allow(Role.RESIDENT)
@blueprint.arguments(ProfileIn)
@blueprint.response(200, ProfileOut)
def change(changes: dict[str, Any]) -> Profile:
    """Change my language or contact data."""
    with transaction() as session:
        return profile.change(session, principal(), changes, now=now())
