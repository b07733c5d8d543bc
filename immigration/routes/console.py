"""The officers' console: its session, kept by the server and named by a cookie that no script can read."""

from collections.abc import Sequence
from typing import Any

from flask import Response, after_this_request, request

from foundation.clock import bangkok_date
from foundation.errors import Forbidden
from foundation.http import SESSION_COOKIE, Blueprint, allow, credential, is_same_origin, now, principal
from foundation.identity import STAFF, Role
from foundation.services import services, transaction
from immigration.registries.access import terms
from immigration.routes import officer_passkeys
from immigration.routes.context import identity_provider
from immigration.routes.officers import open_session
from immigration.schemas.officers import ConsoleSessionOut, SignInIn, WaysInOut
from immigration.schemas.passkeys import PasskeyProofIn
from immigration.services import officers
from immigration.services.officers import SignedIn

blueprint = Blueprint("console", __name__, url_prefix="/api/v1/console", description=__doc__)
_COOKIE: dict[str, Any] = {"secure": True, "httponly": True, "samesite": "Strict", "path": "/"}


class OtherOrigin(Forbidden):
    """Only the console's own page can sign in here."""

    code = "other-origin"


@blueprint.get("/sign-in")
@allow(Role.ANYONE)
@blueprint.response(200, WaysInOut)
def ways_in() -> dict[str, bool]:
    """How officers may sign in here besides name and password, and whether this is an installation for training."""
    return {"openid": identity_provider() is not None, "training": services().settings.environment == "development"}


@blueprint.post("/session")
@allow(Role.ANYONE)
@blueprint.arguments(SignInIn)
@blueprint.response(201, ConsoleSessionOut)
def sign_in(data: dict[str, Any]) -> dict[str, Any]:
    """Sign an officer in at the console: the session's token is set as a cookie and not shown to the page."""
    _check_own_page()
    return _begin(open_session(data))


@blueprint.post("/session/passkey")
@allow(Role.ANYONE)
@blueprint.arguments(PasskeyProofIn)
@blueprint.response(201, ConsoleSessionOut)
def sign_in_with_passkey(data: dict[str, Any]) -> dict[str, Any]:
    """Sign an officer in at the console with a passkey; the options are those of `/officers/passkeys/sign-in`."""
    _check_own_page()
    return _begin(officer_passkeys.open_session(data["credential"]))


@blueprint.get("/session")
@allow(*STAFF)
@blueprint.response(200, ConsoleSessionOut)
def show() -> dict[str, Any]:
    """Who is signed in at the console."""
    who = principal()
    return _view(who.name, who.role, sorted(who.offices))


@blueprint.delete("/session")
@allow(*STAFF)
@blueprint.response(204)
def sign_out() -> None:
    """Sign the officer out at the console: the session is over, and its cookie is taken away."""
    with transaction() as session:
        officers.sign_out(session, credential(), now=now())
    _keep("", 0)


def _check_own_page() -> None:
    if not is_same_origin():
        raise OtherOrigin("Sec-Fetch-Site must be same-origin")


def keep_session(opened: SignedIn) -> None:
    """Have the browser keep a session that was opened; the one that it kept before ends."""
    if former := request.cookies.get(SESSION_COOKIE):
        with transaction() as session:
            officers.sign_out(session, former, now=now())
    _keep(opened.access_token, opened.expires_in)


def _begin(opened: SignedIn) -> dict[str, Any]:
    """Keep a session that was opened in the cookie, and show whose it is."""
    keep_session(opened)
    return _view(opened.name, opened.role, opened.offices)


def _keep(token: str, seconds: int) -> None:
    """Have the browser keep a token for so long; 0 takes it away."""

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(SESSION_COOKIE, token, max_age=seconds, **_COOKIE)
        return response


def _view(name: str, role: str, offices: Sequence[str]) -> dict[str, Any]:
    """A session as ConsoleSessionOut shows it."""
    valid = terms(bangkok_date(now()))
    return {
        "name": name,
        "role": role,
        "office": officers.only_office(offices),
        "offices": offices,
        "idle_seconds": int(valid.officer_idle.total_seconds()),
        "password_length": valid.password_length,
    }
