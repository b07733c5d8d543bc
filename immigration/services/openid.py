"""Officers signing in with an identity provider: what binds an answer to a browser, and whose account it is.

Nothing is stored while the officer is at the provider. The browser keeps a random text in a cookie; `state` is a
challenge for it that is answered once, and nonce and PKCE verifier are derived from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from foundation import events
from foundation.config import OpenIdSettings
from foundation.db import Session
from foundation.identity import STAFF, Role
from foundation.sealing import keyring
from immigration.events import OfficerAdded, OfficerMoved, OfficerSignInFailed
from immigration.models.access import Officer
from immigration.registries import offices
from immigration.registries.identity_provider import InvalidAnswer
from immigration.rules import officers as rules
from immigration.rules.codes import OpenIdFault
from immigration.services import challenges, officers, passwords
from immigration.services.officers import Credentials, SignedIn

PURPOSE = "openid"
_LONGEST_SUBJECT = 255
"""Characters of `sub`. Source: OpenID Connect Core 1.0, 2."""


@dataclass(frozen=True)
class Identity:
    """Who the provider says an officer is: whose account, and what it may do."""

    subject: str
    name: str
    role: Role
    offices: Sequence[str]


def state_for(cookie: str, *, now: datetime) -> str:
    """The state that goes to the provider and comes back, for the browser with this cookie; five minutes."""
    return bytes_to_base64url(challenges.make(PURPOSE, cookie, now=now))


def secrets_of(cookie: str) -> dict[str, str]:
    """Nonce and PKCE verifier of the browser with this cookie."""
    return {name: keyring().token(f"openid-{name}", cookie) for name in ("nonce", "verifier")}


def take_state(session: Session, state: str, cookie: str, *, now: datetime) -> bool:
    """Whether a state is of this browser, not over, and not answered before."""
    try:
        challenge = base64url_to_bytes(state)
    except ValueError:
        return False
    return bool(cookie) and challenges.take(session, challenge, PURPOSE, cookie, now=now)


def identity(claims: Mapping[str, Any], settings: OpenIdSettings) -> Identity:
    """Who the claims of an ID token are about. Raises InvalidAnswer for an unknown role or office, or no name."""
    subject, name = claims.get("sub"), claims.get("preferred_username")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
        raise InvalidAnswer(OpenIdFault.MALFORMED, "claim sub")
    if not isinstance(name, str) or not rules.is_name(name):
        raise InvalidAnswer(OpenIdFault.NAME, "claim preferred_username")
    roles, codes = _texts(claims.get(settings.role_claim)), _texts(claims.get(settings.offices_claim))
    if len(roles) != 1 or roles[0] not in STAFF:
        raise InvalidAnswer(OpenIdFault.ROLE, f"claim {settings.role_claim}")
    if not codes or not all(map(offices.is_known, codes)):
        raise InvalidAnswer(OpenIdFault.OFFICE, f"claim {settings.offices_claim}")
    return Identity(f"{settings.issuer} {subject}", name, Role(roles[0]), sorted(set(codes)))


def sign_in(session: Session, who: Identity, *, now: datetime) -> SignedIn | OpenIdFault:
    """Open a session of the identity's account, which is made at the first sign-in and follows the claims after.

    A fault is answered after the transaction, so that what it notes is kept.
    """
    officer = session.scalar(select(Officer).where(Officer.openid_subject == who.subject).with_for_update())
    if officer is None:
        if officers.find_alike(session, who.name):
            return OpenIdFault.NAME  # of another account, which nobody gets by taking its name at the provider
        officer = _add(session, who, now)
    if officer.disabled_at:
        known = Credentials(officer.id, officer.password_hash, officer.name)
        officers.record_failure(session, known, officer, now)
        return OpenIdFault.CLOSED
    _follow(session, officer, who, now)
    return officers.open_session(session, officer, method="openid", now=now)


def record_refusal(session: Session, fault: OpenIdFault, *, now: datetime) -> None:
    """Record that an answer of the identity provider signed nobody in; of a closed account it is recorded already."""
    if fault != OpenIdFault.CLOSED:
        event = OfficerSignInFailed(subject="nobody", person_id=None, sought=None, fault=fault)
        events.record(session, event, actor="officer:", at=now)


def _add(session: Session, who: Identity, now: datetime) -> Officer:
    officer = Officer(
        name=who.name,
        password_hash=passwords.hash_of_no_password(),
        role=who.role,
        offices=list(who.offices),
        office=officers.only_office(who.offices),
        openid_subject=who.subject,
    )
    session.add(officer)
    session.flush()
    added = OfficerAdded(subject=str(officer.id), person_id=None, role=who.role, offices=list(who.offices))
    events.record(session, added, actor="openid", at=now)
    return officer


def _follow(session: Session, officer: Officer, who: Identity, now: datetime) -> None:
    """Bring role and offices in step with the claims; the sessions before end where they changed."""
    if (officer.role, officer.offices) == (who.role, list(who.offices)):
        return
    officers.end_sessions(session, officer, now)
    if officer.role != who.role:
        officer.role = who.role
        officers.record_change(session, officer, "role", actor="openid", now=now)
    if officer.offices != list(who.offices):
        former, officer.offices = officer.offices, list(who.offices)
        officer.office = officers.only_office(who.offices)
        moved = OfficerMoved(subject=str(officer.id), person_id=None, offices=officer.offices, former=former)
        events.record(session, moved, actor="openid", at=now)


def _texts(value: Any) -> list[str]:
    """A claim that is a text or a list of texts; empty where it is neither."""
    values = value if isinstance(value, list) else [value]
    return values if all(isinstance(each, str) for each in values) else []
