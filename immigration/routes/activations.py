"""Joining a phone to a person."""

from typing import Any
from uuid import UUID

from flask import request

from foundation.clock import bangkok_date, monotonic, sleep_until
from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import services, transaction
from immigration.registries.access import terms
from immigration.routes.context import filing_context
from immigration.rules.activations import Claim
from immigration.schemas.activations import (
    ActivationIn,
    ActivationRequestIn,
    ActivationRequestOut,
    IssuedCodeOut,
)
from immigration.schemas.tokens import TokenPairOut
from immigration.services import activations, tokens

blueprint = Blueprint("activations", __name__, url_prefix="/api/v1", description=__doc__)


@blueprint.post("/activations/requests")
@allow(Role.ANYONE)
@blueprint.arguments(ActivationRequestIn)
@blueprint.response(202, ActivationRequestOut)
def request_code(details: dict[str, str]) -> dict[str, Any]:
    """Ask for a code by mail. The answer is always the same."""
    claim = _read_details(details)
    with transaction() as session:
        activations.request_code(session, claim, address=_address(), now=now())
    return {}


@blueprint.post("/activations")
@allow(Role.ANYONE)
@blueprint.arguments(ActivationIn)
@blueprint.response(201, TokenPairOut)
def activate(data: dict[str, Any]) -> tokens.TokenPair:
    """Use a code: sign this phone in as its owner. Every mismatch has the same answer, and none is quick."""
    started, code = monotonic(), data.pop("activation_code")
    claim = _read_details(data) if "mrz" not in data else _read_zone(data["mrz"])
    filing_context().signer.refresh()
    with transaction() as session:
        grant = activations.activate(session, claim, code, address=_address(), now=now())
        pair = tokens.pair(filing_context().signer, services().settings, grant, now=now()) if grant else None
    if pair is None:
        sleep_until(started + terms(bangkok_date(now())).failed_activation_floor.total_seconds())
        raise activations.ActivationFailed
    return pair


@blueprint.post("/review/residents/<uuid:resident_id>/activation-codes")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.response(201, IssuedCodeOut)
def issue_code(resident_id: UUID) -> activations.Issued:
    """Issue a code to the person at the counter; earlier ones from a counter end."""
    with transaction() as session:
        return activations.issue_at_counter(session, resident_id, officer=principal(), now=now())


def _read_details(details: dict[str, str]) -> Claim:
    return activations.claim_from_details(**details, now=now(), production=services().settings.production)


def _read_zone(text: str) -> Claim:
    return activations.claim_from_mrz(text, now=now(), production=services().settings.production)


def _address() -> str:
    return request.remote_addr or ""
