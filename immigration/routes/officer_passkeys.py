"""Officers' passkeys: the first one with a code of first use, more of them, and the way in."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from foundation.client_address import client_network
from foundation.http import Blueprint, allow, credential, now, principal
from foundation.identity import STAFF, Role
from foundation.services import read_session, services, transaction
from immigration.models.passkeys import OfficerPasskey
from immigration.routes import throttling
from immigration.rules.access import Throttled
from immigration.rules.user_agents import system_of
from immigration.schemas.officers import SignedInOut
from immigration.schemas.passkeys import (
    FirstPasskeyIn,
    FirstUseIn,
    PasskeyIn,
    PasskeyNameIn,
    PasskeyOut,
    PasskeyProofIn,
    PasskeysOut,
)
from immigration.services import officer_passkeys, officers, passwords
from immigration.services.ceremonies import PasskeyFailed, RelyingParty
from immigration.services.officer_passkeys import FirstUse
from immigration.services.officers import SignedIn

blueprint = Blueprint("officer-passkeys", __name__, url_prefix="/api/v1/officers/passkeys", description=__doc__)


@blueprint.post("/first/options")
@allow(Role.ANYONE)
@blueprint.arguments(FirstUseIn)
@blueprint.response(200)
def first_options(data: dict[str, Any]) -> Response:
    """What an account makes its first passkey from: with its password and the code of first use it was given."""
    asked = _first_use(data)
    with transaction() as session:
        options = officer_passkeys.first_options(session, asked, site=_site(), now=now())
    if options is None:
        raise officers.SignInFailed
    throttling.clear(Throttled.OFFICER_SIGN_IN, data["name"])
    return jsonify(options)


@blueprint.post("/first")
@allow(Role.ANYONE)
@blueprint.arguments(FirstPasskeyIn)
@blueprint.response(201, PasskeyOut)
def register_first(data: dict[str, Any]) -> OfficerPasskey:
    """Register the first passkey of an account; the code is used up. Nobody is signed in by this."""
    asked, name = _first_use(data), data["passkey_name"] or _system()
    with transaction() as session:
        passkey = officer_passkeys.register_first(
            session, asked, data["credential"], name=name, site=_site(), now=now()
        )
    if passkey is None:
        raise officers.SignInFailed
    throttling.clear(Throttled.OFFICER_SIGN_IN, data["name"])
    return passkey


@blueprint.post("/options")
@allow(*STAFF)
@blueprint.response(200)
def options() -> Response:
    """What to make one more passkey from, within five minutes after signing in."""
    with read_session() as session:
        return jsonify(officer_passkeys.options(session, principal(), credential(), site=_site(), now=now()))


@blueprint.post("")
@allow(*STAFF)
@blueprint.arguments(PasskeyIn)
@blueprint.response(201, PasskeyOut)
def register(data: dict[str, Any]) -> OfficerPasskey:
    """Add a passkey to my account, within five minutes after signing in."""
    name = data["name"] or _system()
    with transaction() as session:
        return officer_passkeys.register(
            session,
            data["credential"],
            name=name,
            officer=principal(),
            token=credential(),
            site=_site(),
            now=now(),
        )


@blueprint.get("")
@allow(*STAFF)
@blueprint.response(200, PasskeysOut)
def list_passkeys() -> dict[str, Any]:
    """The passkeys of my account, oldest first."""
    with read_session() as session:
        return {"items": officer_passkeys.list_passkeys(session, principal()), "next_cursor": None}


@blueprint.patch("/<uuid:passkey_id>")
@allow(*STAFF)
@blueprint.arguments(PasskeyNameIn)
@blueprint.response(200, PasskeyOut)
def rename(data: dict[str, Any], passkey_id: UUID) -> OfficerPasskey:
    """Call a passkey of my account something else."""
    with transaction() as session:
        return officer_passkeys.rename(session, passkey_id, data["name"], officer=principal(), now=now())


@blueprint.delete("/<uuid:passkey_id>")
@allow(*STAFF)
@blueprint.response(204)
def remove(passkey_id: UUID) -> None:
    """Remove a passkey of my account, within five minutes after signing in; the only second factor stays."""
    with transaction() as session:
        officer_passkeys.remove(session, passkey_id, officer=principal(), token=credential(), now=now())


@blueprint.post("/sign-in/options")
@allow(Role.ANYONE)
@blueprint.response(200)
def sign_in_options() -> Response:
    """What to choose a passkey by; the same for everybody but for the challenge."""
    return jsonify(officer_passkeys.sign_in_options(site=_site(), now=now()))


@blueprint.post("/sign-in")
@allow(Role.ANYONE)
@blueprint.arguments(PasskeyProofIn)
@blueprint.response(201, SignedInOut)
def sign_in(data: dict[str, Any]) -> SignedIn:
    """Sign an officer in with a passkey, which is both factors. Every mismatch has the same answer."""
    return open_session(data["credential"])


def open_session(proof: dict[str, Any]) -> SignedIn:
    """Check what an authenticator answered and open a session for it; raises PasskeyFailed, TooManyRequests."""
    with transaction() as session:
        opened = officer_passkeys.sign_in(session, proof, site=_site(), now=now())
    if opened is None:
        throttling.fail(Throttled.PASSKEY_SIGN_IN, PasskeyFailed())
    return opened


def _first_use(data: dict[str, Any]) -> FirstUse:
    """What a FirstUseIn says, with the password checked; raises TooManyRequests."""
    throttling.admit(Throttled.OFFICER_SIGN_IN, data["name"])
    with read_session() as session:
        known = officers.credentials(session, data["name"])
    matches = passwords.matches(known.password_hash, data["password"], network=client_network())
    return FirstUse(known, matches, data["code"])


def _site() -> RelyingParty:
    return RelyingParty.at(services().settings.public_url)


def _system() -> str:
    return system_of(request.headers.get("User-Agent", ""))
