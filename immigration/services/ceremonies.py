"""WebAuthn ceremonies: what a browser makes or chooses a passkey by, and whether an authenticator's answer is right.

Residents' and officers' passkeys go through the same ones; whose a passkey is, and what it opens, is said elsewhere.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import select
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from foundation import row_security
from foundation.db import Session
from foundation.errors import Conflict, NotFound, Unauthenticated, Unprocessable
from immigration.models.passkeys import OfficerPasskey, Passkey
from immigration.services import challenges

MOST = 10
"""Passkeys of one person or account."""
_SITE_NAME = "90-day reporting"
_FAULTS = (
    WebAuthnException,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
)
"""What the library and its readers of CBOR and keys raise on a response that no authenticator makes."""


class InvalidPasskey(Unprocessable):
    """This is no answer of an authenticator to a challenge of ours."""

    code = "invalid-passkey"


class TooManyPasskeys(Conflict):
    """There are as many passkeys as one person may have."""

    code = "too-many-passkeys"


class PasskeyExists(Conflict):
    """This passkey is registered already."""

    code = "passkey-exists"


class UnknownPasskey(NotFound):
    """There is no such passkey, or it is not yours."""

    code = "unknown-passkey"


class PasskeyFailed(Unauthenticated):
    """This passkey signs nobody in."""

    code = "passkey-failed"


class KeptPasskey(Protocol):
    """What is kept of a passkey and needed to check its answers."""

    public_key: Any
    sign_count: Any


@dataclass(frozen=True)
class RelyingParty:
    """For which site passkeys are: the host of the service's public address, and that address as browsers say it."""

    id: str
    origin: str

    @classmethod
    def at(cls, public_url: str) -> "RelyingParty":
        """The relying party of a public address."""
        url = urlsplit(public_url)
        return cls(url.hostname or "localhost", f"{url.scheme}://{url.netloc}")


def creation_options(
    owner: bytes, name: str, *, known: Sequence[bytes], challenge: bytes, site: RelyingParty
) -> dict[str, Any]:
    """What a browser makes a passkey from; `known` are the ids of those that the owner has."""
    options = webauthn.generate_registration_options(
        rp_id=site.id,
        rp_name=_SITE_NAME,
        user_id=owner,
        user_name=name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    made: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return made


def new_passkey(
    session: Session,
    kept: type[Passkey] | type[OfficerPasskey],
    credential: dict[str, Any],
    *,
    purpose: str,
    subject: str,
    site: RelyingParty,
    now: datetime,
) -> VerifiedRegistration:
    """A passkey that an authenticator made for a challenge with this purpose and subject, and that is not kept yet.

    Raises InvalidPasskey, PasskeyExists.
    """
    if not challenges.take(session, challenge_in(credential), purpose, subject, now=now):
        raise InvalidPasskey("the challenge is none of ours, is over, or was answered before")
    made = _made(credential, site=site)
    with row_security.seeing_all(session):
        known = session.scalar(select(kept.id).where(kept.credential_id == made.credential_id))
    if known:
        raise PasskeyExists
    return made


def _made(credential: dict[str, Any], *, site: RelyingParty) -> VerifiedRegistration:
    """A passkey as an authenticator made it, its owner verified. Raises InvalidPasskey."""
    try:
        return webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge_in(credential),
            expected_rp_id=site.id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _FAULTS as error:
        raise InvalidPasskey from error


def request_options(challenge: bytes, *, site: RelyingParty) -> dict[str, Any]:
    """What a browser lets a person choose a passkey by; it names none, so it says nothing of anybody."""
    options = webauthn.generate_authentication_options(
        rp_id=site.id, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    asked: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return asked


def new_sign_count(credential: dict[str, Any], passkey: KeptPasskey, *, site: RelyingParty) -> int | None:
    """The counter of a passkey after its answer to the challenge in it, its owner verified; None for a wrong answer."""
    try:
        answered = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge_in(credential),
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _FAULTS:
        return None
    return answered.new_sign_count


def credential_id(credential: dict[str, Any]) -> bytes:
    """The id of the passkey that an answer says it is of; empty where it says none."""
    return _decoded(credential.get("rawId") or credential.get("id"))


def challenge_in(credential: dict[str, Any]) -> bytes:
    """The challenge that an answer says it is to; empty where it says none."""
    try:
        response = credential.get("response")
        client_data = json.loads(_decoded(response.get("clientDataJSON"))) if isinstance(response, dict) else None
    except (ValueError, RecursionError):
        return b""
    return _decoded(client_data.get("challenge")) if isinstance(client_data, dict) else b""


def _decoded(text: Any) -> bytes:
    """Base64url as bytes; empty where it is none."""
    if not isinstance(text, str):
        return b""
    try:
        return base64url_to_bytes(text)
    except ValueError:
        return b""
