"""Officers going to the identity provider and coming back: pages for the browser, not calls of the API."""

import logging
import secrets
from typing import cast

from flask import Blueprint, Request, Response, redirect, request

from foundation.errors import NotFound
from foundation.http import allow, now
from foundation.identity import Role
from foundation.services import transaction
from immigration.registries.identity_provider import IdentityProvider, InvalidAnswer, ProviderAway
from immigration.routes import throttling
from immigration.routes.console import keep_session
from immigration.routes.context import identity_provider
from immigration.rules.access import Throttled
from immigration.rules.codes import OpenIdFault
from immigration.services import openid
from immigration.services.officers import SignedIn

blueprint = Blueprint("openid", __name__, url_prefix="/console/openid")
COOKIE = "__Host-openid"
_SECONDS = 300
_log = logging.getLogger(__name__)


class OpenIdNotConfigured(NotFound):
    """There is no identity provider to sign in with."""

    code = "openid-not-configured"


@blueprint.get("")
@allow(Role.ANYONE)
def begin() -> Response:
    """Send the browser to the identity provider, with a cookie that the answer has to come back with."""
    provider, cookie = _provider(), secrets.token_urlsafe(32)
    state = openid.state_for(cookie, now=now())
    try:
        url = provider.authorization_url(state=state, **openid.secrets_of(cookie), now=now())
    except ProviderAway:
        return _back("away")
    answer = cast("Response", redirect(url, 303))
    # Lax: the answer comes from the provider's site; a Strict cookie would not be sent with it.
    answer.set_cookie(COOKIE, cookie, max_age=_SECONDS, secure=True, httponly=True, samesite="Lax", path="/")
    return answer


@blueprint.get("/callback")
@allow(Role.ANYONE)
def finish() -> Response:
    """Take the provider's answer: begin a session of the console, or show there what was wrong."""
    provider = _provider()
    throttling.admit(Throttled.OPENID_SIGN_IN)
    try:
        opened = _sign_in(provider, request)
    except ProviderAway:
        answer = _back("away")
    except InvalidAnswer as error:
        _log.warning("a sign-in with the identity provider was refused: %s", error)
        with transaction() as session:
            openid.record_refusal(session, error.fault, now=now())
        answer = _back(error.fault)
    else:
        throttling.give_back(Throttled.OPENID_SIGN_IN)
        keep_session(opened)
        answer = cast("Response", redirect("/console", 303))
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax", path="/")
    return answer


def _sign_in(provider: IdentityProvider, answer: Request) -> SignedIn:
    """Check an answer and open the session. Raises InvalidAnswer, ProviderAway."""
    said, cookie = answer.args, answer.cookies.get(COOKIE, "")
    with transaction() as session:
        is_ours = openid.take_state(session, said.get("state", ""), cookie, now=now())
    if not is_ours:
        raise InvalidAnswer(OpenIdFault.STATE)
    if said.get("iss", provider.settings.issuer) != provider.settings.issuer:  # RFC 9207
        raise InvalidAnswer(OpenIdFault.ISSUER, "parameter iss")
    if not (code := said.get("code")):
        raise InvalidAnswer(OpenIdFault.DENIED)
    claims = provider.claims(code, **openid.secrets_of(cookie), now=now())
    who = openid.identity(claims, provider.settings)
    with transaction() as session:
        opened = openid.sign_in(session, who, now=now())
    if isinstance(opened, OpenIdFault):
        raise InvalidAnswer(opened)
    return opened


def _provider() -> IdentityProvider:
    provider = identity_provider()
    if provider is None:
        raise OpenIdNotConfigured
    return provider


def _back(fault: str) -> Response:
    return cast("Response", redirect(f"/console?sign-in={fault}", 303))
