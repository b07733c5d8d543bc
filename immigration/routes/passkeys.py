"""Passkeys: several of a person, the way in after activation, and the proof that the person is there."""

import secrets
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, services, transaction
from immigration.models.passkeys import Passkey
from immigration.routes import throttling
from immigration.routes.context import filing_context
from immigration.rules.access import Throttled
from immigration.rules.user_agents import system_of
from immigration.schemas.passkeys import PasskeyIn, PasskeyOut, PasskeyProofIn, PasskeysOut
from immigration.schemas.tokens import TokenPairOut
from immigration.services import passkeys, profile, tokens
from immigration.services.ceremonies import InvalidPasskey, PasskeyFailed, RelyingParty

blueprint = Blueprint("passkeys", __name__, url_prefix="/api/v1", description=__doc__)


@blueprint.post("/me/passkeys/options")
@allow(Role.RESIDENT)
@blueprint.response(200)
def registration_options() -> Response:
    """What to make a passkey from, for `navigator.credentials.create()`; answered within five minutes."""
    with read_session() as session:
        name = profile.me(session, principal()).name
        return jsonify(passkeys.registration_options(session, principal(), name=name, site=_site(), now=now()))


@blueprint.post("/me/passkeys")
@allow(Role.RESIDENT)
@blueprint.arguments(PasskeyIn)
@blueprint.response(201, PasskeyOut)
def register(data: dict[str, Any]) -> Passkey:
    """Add a passkey. All my other phones are told."""
    name = data["name"] or _system()
    with transaction() as session:
        return passkeys.register(session, data["credential"], name=name, resident=principal(), site=_site(), now=now())


@blueprint.get("/me/passkeys")
@allow(Role.RESIDENT)
@blueprint.response(200, PasskeysOut)
def list_passkeys() -> dict[str, Any]:
    """My passkeys, oldest first."""
    with read_session() as session:
        return {"items": passkeys.list_passkeys(session, principal()), "next_cursor": None}


@blueprint.delete("/me/passkeys/<uuid:passkey_id>")
@allow(Role.RESIDENT)
@blueprint.response(204)
def remove(passkey_id: UUID) -> None:
    """Remove one of my passkeys; it signs nobody in any more."""
    with transaction() as session:
        passkeys.remove(session, passkey_id, resident=principal(), now=now())


@blueprint.post("/passkeys/sign-in/options")
@allow(Role.ANYONE)
@blueprint.response(200)
def sign_in_options() -> Response:
    """What to choose a passkey by, for `navigator.credentials.get()`; the same for everybody but for the challenge."""
    return jsonify(passkeys.sign_in_options(site=_site(), now=now()))


@blueprint.post("/passkeys/sign-in")
@allow(Role.ANYONE)
@blueprint.arguments(PasskeyProofIn)
@blueprint.response(201, TokenPairOut)
def sign_in(data: dict[str, Any]) -> tokens.TokenPair:
    """Sign in with a passkey. Every mismatch has the same answer."""
    filing_context().signer.refresh()
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        grant = passkeys.sign_in(
            session, data["credential"], refresh_token=token, name=_system(), site=_site(), now=now()
        )
        pair = tokens.pair(filing_context().signer, services().settings, grant, now=now()) if grant else None
    if pair is None:
        throttling.fail(Throttled.PASSKEY_SIGN_IN, PasskeyFailed())
    return pair


@blueprint.post("/me/verification")
@allow(Role.RESIDENT)
@blueprint.arguments(PasskeyProofIn)
@blueprint.response(204)
def verify(data: dict[str, Any]) -> None:
    """Show with a passkey that it is me; for five minutes this sign-in may change what matters.

    The options are those of signing in.
    """
    with transaction() as session:
        verified = passkeys.verify_presence(session, data["credential"], resident=principal(), site=_site(), now=now())
    if not verified:
        throttling.fail(Throttled.PASSKEY_SIGN_IN, InvalidPasskey())


def _site() -> RelyingParty:
    return RelyingParty.at(services().settings.public_url)


def _system() -> str:
    return system_of(request.headers.get("User-Agent", ""))
