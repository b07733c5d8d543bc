"""Joining a phone to a person."""

from typing import Any, NoReturn
from uuid import UUID

from flask import request

from foundation.client_address import client_network
from foundation.clock import bangkok_date, monotonic, sleep_until
from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, services, transaction
from foundation.throttle import Counted
from immigration.registries.access import terms
from immigration.routes import throttling
from immigration.routes.context import filing_context
from immigration.rules.access import Throttled
from immigration.rules.activations import Claim
from immigration.rules.user_agents import system_of
from immigration.schemas.activations import (
    ActivationIn,
    ActivationRequestIn,
    ActivationRequestOut,
    IssuedCodeOut,
)
from immigration.schemas.tokens import TokenPairOut
from immigration.services import activations, counter_codes, tokens

blueprint = Blueprint("activations", __name__, url_prefix="/api/v1", description=__doc__)


@blueprint.post("/activations/requests")
@allow(Role.ANYONE)
@blueprint.arguments(ActivationRequestIn)
@blueprint.response(202, ActivationRequestOut)
def request_code(details: dict[str, str]) -> dict[str, Any]:
    """Ask for a code by mail. The answer is always the same."""
    claim = _read_details(details)
    throttling.admit(Throttled.CODE_REQUEST, activations.subject_of(claim))
    place = throttling.admit(Throttled.CODE_REQUEST_NETWORK).count
    with transaction() as session:
        activations.request_code(session, claim, network=client_network(), place=place, now=now())
    return {}


@blueprint.post("/activations")
@allow(Role.ANYONE)
@blueprint.arguments(ActivationIn)
@blueprint.response(201, TokenPairOut)
def activate(data: dict[str, Any]) -> tokens.TokenPair:
    """Use a code: sign this phone in as its owner. Every mismatch has the same answer, and none is quick.

    A right code is taken however many wrong ones were tried. What is wrong beyond the limit is refused at once.
    """
    started, code = monotonic(), data.pop("activation_code")
    claim = _read_details(data) if "mrz" not in data else _read_zone(data["mrz"])
    subject = activations.subject_of(claim)
    counted = throttling.count(Throttled.ACTIVATION, subject)
    if not counted.allowed or throttling.waits(Throttled.ACTIVATION_NETWORK):
        _refuse_unless_usable(code, counted)
    filing_context().signer.refresh()
    with transaction() as session:
        name = system_of(request.headers.get("User-Agent", ""))
        grant = activations.activate(session, claim, code, network=client_network(), now=now(), name=name)
        pair = tokens.pair(filing_context().signer, services().settings, grant, now=now()) if grant else None
    if pair is None:
        _fail(claim, counted, started)
    throttling.clear(Throttled.ACTIVATION, subject)
    return pair


def _refuse_unless_usable(code: str, counted: Counted) -> None:
    """Beyond the limit, refuse what is no code of anybody; it takes as long for every passport."""
    with read_session() as session:
        if activations.is_usable(session, code, now=now()):
            return
    network = throttling.count(Throttled.ACTIVATION_NETWORK)
    throttling.refuse(max(counted.wait, network.wait))


def _fail(claim: Claim, counted: Counted, started: float) -> NoReturn:
    """Answer a mismatch, not before the time that any takes; what was beyond the limit leaves no row."""
    network = throttling.count(Throttled.ACTIVATION_NETWORK)
    if counted.allowed:
        with transaction() as session:
            activations.note_attempt(session, claim, network=client_network(), succeeded=False, now=now())
    sleep_until(started + terms(bangkok_date(now())).failed_activation_floor.total_seconds())
    if not counted.allowed:
        throttling.refuse(max(counted.wait, network.wait))
    raise activations.ActivationFailed


@blueprint.post("/review/residents/<uuid:resident_id>/activation-codes")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.response(201, IssuedCodeOut)
def issue_code(resident_id: UUID) -> activations.Issued:
    """Issue a code to the person at the counter; earlier ones from a counter end."""
    with transaction() as session:
        return counter_codes.issue(session, resident_id, officer=principal(), now=now())


def _read_details(details: dict[str, str]) -> Claim:
    return activations.claim_from_details(**details, now=now(), production=services().settings.production)


def _read_zone(text: str) -> Claim:
    return activations.claim_from_mrz(text, now=now(), production=services().settings.production)
