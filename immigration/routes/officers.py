"""Officers signing in and out, and changing their password."""

from typing import Any

from foundation.client_address import client_network
from foundation.http import Blueprint, allow, credential, now, principal
from foundation.identity import STAFF, Role
from foundation.services import read_session, services, transaction
from immigration.routes import throttling
from immigration.rules.access import Throttled
from immigration.schemas.officers import PasswordChangeIn, SignedInOut, SignInIn
from immigration.services import officers, own_passwords, passwords
from immigration.services.officers import SignedIn

blueprint = Blueprint("officers", __name__, url_prefix="/api/v1", description=__doc__)


@blueprint.post("/officers/sessions")
@allow(Role.ANYONE)
@blueprint.arguments(SignInIn)
@blueprint.response(201, SignedInOut)
def sign_in(data: dict[str, Any]) -> SignedIn:
    """Sign an officer in. Wrong name, password and second factor have the same answer.

    In production an account without a second factor is not signed in: it registers a passkey first.

    After some failures a network has to wait before it may try the name again; other networks need not.
    """
    return open_session(data)


def open_session(data: dict[str, Any]) -> SignedIn:
    """Check what a SignInIn says and open a session for it; raises SignInFailed, TooManyRequests."""
    name = data["name"]
    counted = throttling.admit(Throttled.OFFICER_SIGN_IN, name)
    last_try = counted.count >= throttling.limit(Throttled.OFFICER_SIGN_IN).allowed
    with read_session() as session:
        known = officers.credentials(session, name)
    matches = passwords.matches(known.password_hash, data["password"], network=client_network())
    with transaction() as session:
        opened = officers.sign_in(
            session,
            known,
            matches=matches,
            totp=data["totp"],
            factor_required=services().settings.production,
            last_try=last_try,
            now=now(),
        )
    if isinstance(opened, SignedIn):
        throttling.clear(Throttled.OFFICER_SIGN_IN, name)
        return opened
    if not opened.counts:
        throttling.give_back(Throttled.OFFICER_SIGN_IN, name)
    raise officers.SignInFailed


@blueprint.put("/officers/password")
@allow(*STAFF)
@blueprint.arguments(PasswordChangeIn)
@blueprint.response(204)
def change_password(data: dict[str, Any]) -> None:
    """Give my account another password; all its other sessions end, this one goes on.

    After some wrong present passwords a network has to wait, as at the sign-in, and each is recorded.
    """
    officer, current, password = principal(), data["current_password"], data["password"]
    passwords.check(password, name=officer.name, now=now())
    throttling.admit(Throttled.OFFICER_SIGN_IN, officer.name)
    with read_session() as session:
        known = officers.credentials(session, officer.name)
    password_hash = passwords.replaced(known.password_hash, current, password, network=client_network())
    if password_hash and current == password:
        throttling.clear(Throttled.OFFICER_SIGN_IN, officer.name)
        raise own_passwords.SamePassword
    with transaction() as session:
        done = own_passwords.change(session, known, password_hash, officer=officer, token=credential(), now=now())
    if not done:
        raise own_passwords.WrongPassword
    throttling.clear(Throttled.OFFICER_SIGN_IN, officer.name)


@blueprint.delete("/officers/sessions/current")
@allow(*STAFF)
@blueprint.response(204)
def sign_out() -> None:
    """Sign the asking officer out: the token no longer works."""
    with transaction() as session:
        officers.sign_out(session, credential(), now=now())
