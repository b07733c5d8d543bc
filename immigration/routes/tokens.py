"""Staying signed in, and the keys that say whose signature is ours."""

from typing import Any

from flask import Response, jsonify

from foundation.http import Blueprint, allow, now
from foundation.identity import Role
from foundation.services import read_session, services, transaction
from immigration.routes import throttling
from immigration.routes.context import filing_context
from immigration.rules.access import Throttled
from immigration.schemas.tokens import RefreshIn, TokenPairOut
from immigration.services import keys, tokens

blueprint = Blueprint("tokens", __name__, url_prefix="/api/v1", description=__doc__)
well_known = Blueprint("well-known", __name__, url_prefix="/.well-known", description="What others verify us by.")
KEYS_KEPT_FOR = 300  # seconds


@blueprint.post("/tokens")
@allow(Role.ANYONE)
@blueprint.arguments(RefreshIn)
@blueprint.response(201, TokenPairOut)
def refresh(data: dict[str, Any]) -> tokens.TokenPair:
    """Exchange a refresh token for a new pair. One that was used before ends the whole sign-in."""
    filing_context().signer.refresh()
    with transaction() as session:
        grant = tokens.refresh(session, data["refresh_token"], now=now())
        pair = tokens.pair(filing_context().signer, services().settings, grant, now=now()) if grant else None
    if pair is None:
        throttling.fail(Throttled.REFRESH, tokens.InvalidToken())
    return pair


@well_known.get("/jwks.json")
@allow(Role.ANYONE)
@well_known.response(200)
def jwks() -> Response:
    """The public keys of this service, as a JWK set (RFC 7517)."""
    with read_session() as session:
        response = jsonify(keys.jwks(session, now()))
    response.headers["Cache-Control"] = f"public, max-age={KEYS_KEPT_FOR}"
    return response
