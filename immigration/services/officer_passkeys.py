"""Officers' passkeys: the first one with a code that an administrator issued, more of them, and signing in with one.

A passkey verifies its owner (PIN, finger or face) and holds a key, so it is both factors of a sign-in.
"""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import Conflict
from foundation.identity import Principal
from foundation.sealing import keyring
from immigration.models.access import Officer, OfficerSession, token_digest
from immigration.models.passkeys import OfficerPasskey
from immigration.registries.access import terms
from immigration.rules.numbers import CODE_BYTES, activation_code, normalise
from immigration.rules.verification import is_verified
from immigration.services import ceremonies, challenges, officers
from immigration.services.ceremonies import (
    MOST,
    RelyingParty,
    TooManyPasskeys,
    UnknownPasskey,
)
from immigration.services.officers import Credentials, SignedIn
from immigration.services.verification import VerificationRequired

REGISTER, SIGN_IN = "officer-register", "officer-sign-in"
CODE_CHANGES = CODE_ISSUED, FACTORS_REPLACED = "first-use-code", "factors-replaced"
"""What is recorded of an account that got a code of first use: without and with `replace`."""


class LastSecondFactor(Conflict):
    """This is the only second factor of the account: add another one first."""

    code = "last-second-factor"


@dataclass(frozen=True)
class FirstUse:
    """Who wants to register their first passkey: the account, whether the password fits, and the code as typed."""

    known: Credentials
    matches: bool
    code: str


def issue_code(session: Session, name: str, *, replace: bool, actor: str, now: datetime) -> str:
    """A fresh code with which an account registers a passkey, once; the code before ends.

    With `replace` all its passkeys, its authenticator app and its sessions end, since they were lost.
    Raises UnknownOfficer.
    """
    officer = officers.get(session, name)
    code = activation_code(os.urandom(CODE_BYTES))
    officer.first_use_digest = _digest(officer.id, code)
    officer.first_use_ends_at = now + terms(bangkok_date(now)).officer_first_use
    if replace:
        session.execute(delete(OfficerPasskey).where(OfficerPasskey.officer_id == officer.id))
        officer.totp_secret = officer.totp_step = None
        officers.end_sessions(session, officer, now)
    officers.record_change(session, officer, FACTORS_REPLACED if replace else CODE_ISSUED, actor=actor, now=now)
    return code


def first_options(session: Session, asked: FirstUse, *, site: RelyingParty, now: datetime) -> dict[str, Any] | None:
    """What to make a first passkey from; None where password or code do not fit, which is recorded."""
    officer = _admitted(session, asked, now)
    return None if officer is None else _options(session, officer.id, officer.name, site, now)


def register_first(
    session: Session, asked: FirstUse, credential: dict[str, Any], *, name: str, site: RelyingParty, now: datetime
) -> OfficerPasskey | None:
    """Keep the first passkey of an account and end its code; None as of `first_options`. Raises as `register`."""
    officer = _admitted(session, asked, now)
    if officer is None:
        return None
    passkey = _register(session, officer, credential, name=name, site=site, now=now)
    officer.first_use_digest = officer.first_use_ends_at = None
    return passkey


def options(session: ReadSession, officer: Principal, token: str, *, site: RelyingParty, now: datetime) -> Any:
    """What to make one more passkey from. Raises VerificationRequired unless the session has just begun."""
    _check_just_signed_in(session, token, now)
    return _options(session, officer.id, officer.name, site, now)


def register(
    session: Session,
    credential: dict[str, Any],
    *,
    name: str,
    officer: Principal,
    token: str,
    site: RelyingParty,
    now: datetime,
) -> OfficerPasskey:
    """Add a passkey to an account whose session has just begun.

    Raises VerificationRequired, InvalidPasskey, PasskeyExists, TooManyPasskeys.
    """
    _check_just_signed_in(session, token, now)
    account = session.get_one(Officer, officer.id, with_for_update=True)
    return _register(session, account, credential, name=name, site=site, now=now)


def list_passkeys(session: ReadSession, officer: Principal) -> Sequence[OfficerPasskey]:
    """The account's passkeys, oldest first."""
    query = select(OfficerPasskey).where(OfficerPasskey.officer_id == officer.id)
    return session.scalars(query.order_by(OfficerPasskey.created_at, OfficerPasskey.id)).all()


def remove(session: Session, passkey_id: UUID, *, officer: Principal, token: str, now: datetime) -> None:
    """Remove one of the account's passkeys. Raises UnknownPasskey, VerificationRequired, LastSecondFactor."""
    account = session.get_one(Officer, officer.id, with_for_update=True)
    passkey = session.get(OfficerPasskey, passkey_id)
    if passkey is None or passkey.officer_id != officer.id:
        raise UnknownPasskey
    _check_just_signed_in(session, token, now)
    if account.totp_secret is None and _count(session, officer.id) == 1:
        raise LastSecondFactor
    session.delete(passkey)
    officers.record_change(session, account, "passkey-removed", actor=officer.actor, now=now)


def rename(session: Session, passkey_id: UUID, name: str, *, officer: Principal, now: datetime) -> OfficerPasskey:
    """Call one of the account's passkeys something else. Raises UnknownPasskey."""
    account = session.get_one(Officer, officer.id, with_for_update=True)
    passkey = session.get(OfficerPasskey, passkey_id)
    if passkey is None or passkey.officer_id != officer.id:
        raise UnknownPasskey
    if passkey.name != name:
        passkey.name = name
        officers.record_change(session, account, "passkey-renamed", actor=officer.actor, now=now)
    return passkey


def sign_in_options(*, site: RelyingParty, now: datetime) -> dict[str, Any]:
    """What a browser lets an officer choose a passkey by; the same for everybody but for the challenge."""
    return ceremonies.request_options(challenges.make(SIGN_IN, "", now=now), site=site)


def sign_in(session: Session, credential: dict[str, Any], *, site: RelyingParty, now: datetime) -> SignedIn | None:
    """Open a session of a passkey's owner; None for every mismatch, which is recorded where the passkey is known."""
    is_ours = challenges.take(session, ceremonies.challenge_in(credential), SIGN_IN, "", now=now)
    query = select(OfficerPasskey).where(OfficerPasskey.credential_id == ceremonies.credential_id(credential))
    passkey = session.scalar(query.with_for_update())
    if passkey is None:
        return None
    officer = session.get_one(Officer, passkey.officer_id)
    counter = ceremonies.new_sign_count(credential, passkey, site=site) if is_ours else None
    if counter is None or officer.disabled_at:
        officers.record_failure(session, Credentials(officer.id, officer.password_hash, officer.name), officer, now)
        return None
    passkey.sign_count, passkey.last_used_at = counter, now
    return officers.open_session(session, officer, method="passkey", now=now)


def _admitted(session: Session, asked: FirstUse, now: datetime) -> Officer | None:
    """The account, if password and code fit and the code is in its time."""
    officer = session.get(Officer, asked.known.officer_id, with_for_update=True)
    given = _digest(asked.known.officer_id, normalise(asked.code))
    if officer is not None and not officer.disabled_at and asked.matches:
        is_current = officer.first_use_ends_at is not None and now < officer.first_use_ends_at
        fits = secrets.compare_digest(officer.first_use_digest or b"", given)
        if is_current and fits and officer.password_hash == asked.known.password_hash:
            return officer
    officers.record_failure(session, asked.known, officer, now)
    return None


def _options(session: ReadSession, officer_id: UUID, name: str, site: RelyingParty, now: datetime) -> dict[str, Any]:
    known = session.scalars(select(OfficerPasskey.credential_id).where(OfficerPasskey.officer_id == officer_id)).all()
    challenge = challenges.make(REGISTER, str(officer_id), now=now)
    return ceremonies.creation_options(officer_id.bytes, name, known=known, challenge=challenge, site=site)


def _register(
    session: Session, officer: Officer, credential: dict[str, Any], *, name: str, site: RelyingParty, now: datetime
) -> OfficerPasskey:
    if _count(session, officer.id) >= MOST:
        raise TooManyPasskeys
    made = ceremonies.new_passkey(
        session, OfficerPasskey, credential, purpose=REGISTER, subject=str(officer.id), site=site, now=now
    )
    passkey = OfficerPasskey(
        officer_id=officer.id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name,
        created_at=now,
    )
    session.add(passkey)
    session.flush()
    actor = officers.principal_of(officer).actor
    officers.record_change(session, officer, "passkey-added", actor=actor, now=now)
    return passkey


def _check_just_signed_in(session: ReadSession, token: str, now: datetime) -> None:
    query = select(OfficerSession.created_at).where(OfficerSession.token_digest == token_digest(token))
    within = terms(bangkok_date(now)).verification
    if not is_verified(began=session.scalars(query).one(), verified=None, has_passkey=False, within=within, now=now):
        raise VerificationRequired(methods=["sign-in"])


def _count(session: ReadSession, officer_id: UUID) -> int:
    query = select(func.count()).where(OfficerPasskey.officer_id == officer_id)
    return session.scalars(query).one()


def _digest(officer_id: UUID, code: str) -> bytes:
    return keyring().digest("officer-first-use", str(officer_id), code)
