"""Officers signing in and out."""

from typing import Any

from flask import request

from foundation.http import Blueprint, allow, now
from foundation.identity import STAFF, Role
from foundation.services import read_session, transaction
from immigration.schemas.officers import SignedInOut, SignInIn
from immigration.services import officers
from immigration.services.officers import SignedIn

blueprint = Blueprint("officers", __name__, url_prefix="/api/v1", description=__doc__)


@blueprint.post("/officers/sessions")
@allow(Role.ANYONE)
@blueprint.arguments(SignInIn)
@blueprint.response(201, SignedInOut)
def sign_in(data: dict[str, Any]) -> SignedIn:
    """Sign an officer in. Wrong name, password or second factor, and an account that waits, have the same answer."""
    with read_session() as session:
        known = officers.credentials(session, data["name"])
    matches = officers.password_matches(known, data["password"])
    with transaction() as session:
        opened = officers.sign_in(session, known, matches=matches, totp=data["totp"], now=now())
    if opened is None:
        raise officers.SignInFailed
    return opened


@blueprint.delete("/officers/sessions/current")
@allow(*STAFF)
@blueprint.response(204)
def sign_out() -> None:
    """Sign the asking officer out: the token no longer works."""
    token = request.headers.get("Authorization", "").partition(" ")[2].strip()
    with transaction() as session:
        officers.sign_out(session, token, now=now())
