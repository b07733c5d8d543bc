"""What a signed-in phone holds: a short-lived access token, and a refresh token that is used once and then replaced.

A sign-in is a family of refresh tokens. Each is derived from the one before with a key of the service, so the same
successor can be given again where the answer was lost, though only digests are kept: for `same_answer`, and while the
successor is unused. Any other used one that comes back means that it was copied, so the family ends.
An access token is not looked up in the database; of families that ended each process knows within a second
(`services/ended.py`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from foundation import events
from foundation.clock import Clock, bangkok_date
from foundation.config import Settings
from foundation.db import Database, ReadSession, Session
from foundation.errors import Unauthenticated
from foundation.identity import Authenticate, Principal, Role
from foundation.sealing import keyring
from immigration.events import SignInRevoked
from immigration.models.access import RefreshToken, TokenFamily, token_digest
from immigration.models.passkeys import Passkey
from immigration.models.people import Person, get_person_id, holders_of
from immigration.models.reports import Report
from immigration.registries.access import terms
from immigration.rules.codes import Assurance, KeyPurpose
from immigration.services import officers
from immigration.services.ended import EndedSessions
from immigration.services.keys import InvalidSignature, Signer

TOKEN_TYPE = "Bearer"  # noqa: S105 - the name of a scheme, RFC 6750


class InvalidToken(Unauthenticated):
    """The token is not valid, or no longer."""

    code = "invalid-token"


@dataclass(frozen=True)
class Grant:
    """What a phone was given: a sign-in, and its present refresh token.

    `person_id` is the holder of the passport that was shown: who that is by the links is looked up with every request.
    """

    person_id: UUID
    family: UUID
    assurance: str
    passport_id: int | None
    refresh_token: str


@dataclass(frozen=True)
class TokenPair:
    """A grant as it is answered; `expires_in` is in seconds and of the access token."""

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str
    resident_id: UUID


def begin(
    session: Session,
    person_id: UUID,
    *,
    assurance: str,
    passport_id: int | None,
    refresh_token: str,
    now: datetime,
    name: str = "",
    verified: bool = False,
) -> Grant:
    """Start a family, with its first refresh token, for a person who just came in; `verified` by a passkey.

    Where a mailed code lets in a person who was in before, it may be a stranger who reads the mail: see `held_until`.
    """
    recovers = not verified and assurance == Assurance.MAIL and _was_in_before(session, person_id)
    family = TokenFamily(
        person_id=person_id,
        assurance=assurance,
        passport_id=passport_id,
        created_at=now,
        name=name,
        verified_at=now if verified else None,
        held_until=now + terms(bangkok_date(now)).recovery_wait if recovers else None,
    )
    session.add(family)
    session.flush()
    return _add_token(session, family, refresh_token, now)


def find_unused(session: ReadSession, refresh_token: str) -> Grant | None:
    """The grant of a refresh token that was not used yet, of a sign-in that stands; None for any other."""
    query = (
        select(TokenFamily)
        .join(RefreshToken, RefreshToken.family_id == TokenFamily.id)
        .where(
            RefreshToken.token_digest == token_digest(refresh_token),
            RefreshToken.used_at.is_(None),
            TokenFamily.revoked_at.is_(None),
        )
    )
    family = session.scalar(query)
    return _grant(family, refresh_token) if family else None


def refresh(session: Session, refresh_token: str, *, now: datetime) -> Grant | None:
    """Replace a refresh token; None where it is unknown, expired, revoked or used before (which revokes its family).

    The one used last gets the same successor again within `same_answer`, while that is unused: its answer was lost.
    The caller answers only after the transaction, so that a revocation is kept. Of two uses at the same moment the
    second waits for the first, and gets the same successor.
    """
    digest = token_digest(refresh_token)
    token = session.scalar(select(RefreshToken).where(RefreshToken.token_digest == digest).with_for_update())
    if token is None:
        return None
    family = session.get_one(TokenFamily, token.family_id, with_for_update=True)
    successor = keyring().token("refresh-token", refresh_token)
    if token.used_at is not None:
        is_repeat = now - token.used_at <= terms(bangkok_date(now)).same_answer
        if is_repeat and (grant := find_unused(session, successor)):
            return grant
        _revoke(session, family, now)
        return None
    ends_at = family.created_at + terms(bangkok_date(now)).session
    if family.revoked_at is not None or now >= token.expires_at or now >= ends_at:
        return None
    token.used_at = now
    return _add_token(session, family, successor, now)


def pair(signer: Signer, settings: Settings, grant: Grant, *, now: datetime) -> TokenPair:
    """A grant with an access token for it."""
    lifetime = terms(bangkok_date(now)).access_token
    claims = {
        "iss": settings.public_url,
        "aud": audience(settings),
        "sub": str(grant.person_id),
        "fam": str(grant.family),
        "asr": grant.assurance,
        "psp": grant.passport_id,
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
    }
    access_token = signer.sign(KeyPurpose.ACCESS, claims)
    return TokenPair(access_token, TOKEN_TYPE, int(lifetime.total_seconds()), grant.refresh_token, grant.person_id)


def audience(settings: Settings) -> str:
    """For whom access tokens are: this service's own API."""
    return f"{settings.public_url}/api/v1"


def authenticator(
    database: Database, signer: Signer, clock: Clock, settings: Settings, ended: EndedSessions
) -> Authenticate:
    """How this service recognises a bearer token: an officer's session by its prefix, any other as an access token."""

    def authenticate(token: str) -> Principal:
        if token.startswith(officers.TOKEN_PREFIX):
            principal = officers.recognise(database, token, now=clock())
        else:
            ended.refresh()
            principal = resident(signer, settings, token, now=clock())
        if principal is None or ended.has(principal.family):
            raise InvalidToken
        return principal

    return authenticate


def resident(signer: Signer, settings: Settings, token: str, *, now: datetime) -> Principal | None:
    """Whose access token this is; None for one that is expired, forged, or meant for another audience or time."""
    try:
        claims = signer.verify_access(token, now)
        ours = claims["iss"] == settings.public_url and claims["aud"] == audience(settings)
        if not ours or not _is_time_for(claims, now):
            return None
        passport_id = claims.get("psp")  # tokens of the release before this claim have none
        return Principal(
            Role.RESIDENT,
            UUID(claims["sub"]),
            assurance=str(claims["asr"]),
            passport_id=None if passport_id is None else int(passport_id),
            family=UUID(claims["fam"]),
        )
    except (InvalidSignature, KeyError, TypeError, ValueError, OverflowError):
        return None


def _is_time_for(claims: dict[str, Any], now: datetime) -> bool:
    """Whether a token is in its time: begun, not over, and living no longer than ours do. Source: RFC 8725, 3.8."""
    term = terms(bangkok_date(now))
    issued, ends = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
    begins = max(issued, datetime.fromtimestamp(claims.get("nbf", claims["iat"]), UTC))
    return begins - term.clock_leeway <= now < ends <= issued + term.access_token


def _was_in_before(session: ReadSession, person_id: UUID) -> bool:
    """Whether any passport of the person activated a phone before.

    Sign-ins are not kept for ever; what only a person who was in can have made says it too.
    """
    present = get_person_id(session, person_id)
    holders = holders_of(present)
    grounds = (
        TokenFamily.person_id.in_(holders),
        Passkey.person_id.in_(holders),
        Person.id.in_(holders) & Person.contact_changed_at.is_not(None),
        Report.person_id == present,
    )
    return any(session.scalar(select(exists().where(each))) for each in grounds)


def _add_token(session: Session, family: TokenFamily, token: str, now: datetime) -> Grant:
    term = terms(bangkok_date(now))
    ends_at = min(now + term.refresh_token, family.created_at + term.session)
    family.last_used_at, family.expires_at = now, ends_at
    session.add(RefreshToken(token_digest=token_digest(token), family_id=family.id, issued_at=now, expires_at=ends_at))
    return _grant(family, token)


def _grant(family: TokenFamily, refresh_token: str) -> Grant:
    return Grant(
        person_id=family.person_id,
        family=family.id,
        assurance=family.assurance,
        passport_id=family.passport_id,
        refresh_token=refresh_token,
    )


def _revoke(session: Session, family: TokenFamily, now: datetime) -> None:
    if family.revoked_at is not None:
        return
    family.revoked_at, family.revoked_because = now, "reuse"
    person = family.person_id
    revoked = SignInRevoked(subject=str(person), person_id=person, family=str(family.id))
    events.record(session, revoked, actor=f"resident:{person}", at=now)
