"""Officers' accounts: made at the command line, signed in to with a password and a second factor, locked and closed."""

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import select, update

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import Database, ReadSession, Session
from foundation.errors import Conflict, NotFound, Unauthenticated, Unavailable, Unprocessable
from foundation.identity import Principal, Role
from immigration.events import OfficerAdded, OfficerLockedOut, OfficerSignedIn
from immigration.models.access import Officer, OfficerSession, token_digest
from immigration.registries.access import terms
from immigration.rules import officers as rules

TOKEN_PREFIX = "ofc_"  # noqa: S105 - what every officer's token begins with
ISSUER = "90-day reporting"
_NO_OFFICER = UUID(int=0)
_WHO = (Officer.id, Officer.role, Officer.name, Officer.office)
_HASHER = PasswordHasher()  # Argon2id, RFC 9106, second recommended option: 64 MiB, 3 passes
_AT_ONCE = threading.BoundedSemaphore(2)  # so many hashes of 64 MiB at a time in one process
_HASHING_TIMEOUT = 5.0  # seconds


class SignInFailed(Unauthenticated):
    """Name, password or second factor are wrong, or the account waits after too many tries."""

    code = "sign-in-failed"


class UnknownOfficer(NotFound):
    """There is no officer of that name."""

    code = "unknown-officer"


class OfficerExists(Conflict):
    """There is an officer of that name already."""

    code = "officer-exists"


class WeakPassword(Unprocessable):
    """The password cannot be taken."""

    code = "weak-password"


@dataclass(frozen=True)
class Credentials:
    """What an account's password is checked against; of an unknown name too, so that checking takes as long."""

    officer_id: UUID
    password_hash: str


@dataclass(frozen=True)
class SignedIn:
    """An officer's sign-in as it is answered; `expires_in` is in seconds, `office` None at the headquarters."""

    access_token: str
    token_type: str
    expires_in: int
    role: str
    office: str | None
    name: str


def add(
    session: Session, name: str, *, password: str, role: Role, office: str | None, actor: str, now: datetime
) -> Officer:
    """Open an account. Raises OfficerExists or WeakPassword."""
    if session.scalar(select(Officer.id).where(Officer.name == name)):
        raise OfficerExists(f"{name!r} is taken")
    officer = Officer(name=name, password_hash=_hash(password, now), role=role, office=office)
    session.add(officer)
    session.flush()
    event = OfficerAdded(subject=str(officer.id), person_id=None, role=role, office=office)
    events.record(session, event, actor=actor, at=now)
    return officer


def list_accounts(session: ReadSession) -> Sequence[Officer]:
    """All accounts, by name."""
    return session.scalars(select(Officer).order_by(Officer.name)).all()


def disable(session: Session, name: str, *, now: datetime) -> None:
    """Close an account and end its sessions. Raises UnknownOfficer."""
    officer = _get(session, name)
    officer.disabled_at = officer.disabled_at or now
    _end_sessions(session, officer, now)


def set_password(session: Session, name: str, password: str, *, now: datetime) -> None:
    """Give an account another password, and end its sessions and its waiting. Raises UnknownOfficer, WeakPassword."""
    officer = _get(session, name)
    officer.password_hash = _hash(password, now)
    officer.failed_attempts, officer.locked_until = 0, None
    _end_sessions(session, officer, now)


def set_up_totp(session: Session, name: str) -> str:
    """Give an account a new second factor; the provisioning URI for an authenticator app. Raises UnknownOfficer."""
    officer = _get(session, name)
    officer.totp_secret, officer.totp_step = pyotp.random_base32(), None
    return pyotp.TOTP(officer.totp_secret).provisioning_uri(name=name, issuer_name=ISSUER)


def credentials(session: ReadSession, name: str) -> Credentials:
    """What to check a password against; for a name that is not ours, a hash that no password has."""
    row = session.execute(select(Officer.id, Officer.password_hash).where(Officer.name == name)).one_or_none()
    return Credentials(*row) if row else Credentials(_NO_OFFICER, _hash_of_no_password())


def password_matches(known: Credentials, password: str) -> bool:
    """Whether it is the password; tens of milliseconds of work on purpose, so not inside a transaction.

    Raises Unavailable where too many are being checked.
    """
    if not _AT_ONCE.acquire(timeout=_HASHING_TIMEOUT):
        raise Unavailable("too many sign-ins at once")
    try:
        return _HASHER.verify(known.password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False
    finally:
        _AT_ONCE.release()


def sign_in(session: Session, known: Credentials, *, matches: bool, totp: str | None, now: datetime) -> SignedIn | None:
    """Open a session, or count a failure and answer None; the caller answers after the transaction, so that it counts.

    Whether the account waits is asked again under a lock: guesses made at once get no more tries than guesses in turn.
    """
    officer = session.get(Officer, known.officer_id, with_for_update=True)
    if officer is None or officer.disabled_at or rules.is_locked(officer.locked_until, now):
        return None
    step = _totp_step(officer, totp, now)
    if not matches or officer.password_hash != known.password_hash or (officer.totp_secret and step is None):
        if not (matches and _is_taken(officer, totp)):
            _count_failure(session, officer, now)
        return None
    officer.failed_attempts, officer.locked_until, officer.totp_step = 0, None, step or officer.totp_step
    event = OfficerSignedIn(subject=str(officer.id), person_id=None)
    events.record(session, event, actor=f"{officer.role}:{officer.name}", at=now)
    return _open_session(session, officer, now)


def sign_out(session: Session, token: str, *, now: datetime) -> None:
    """End the session of a bearer token."""
    session.execute(
        update(OfficerSession).where(OfficerSession.token_digest == token_digest(token)).values(expires_at=now)
    )


def recognise(database: Database, token: str, *, now: datetime) -> Principal | None:
    """Whose session a bearer token is; None where there is none, it is over, or the account is closed.

    That the session was used is noted in a short transaction of its own, at most once a minute.
    """
    term, digest = terms(bangkok_date(now)), token_digest(token)
    with database.read_session() as session:
        row = session.execute(
            select(OfficerSession.seen_at, OfficerSession.expires_at, *_WHO)
            .join(Officer, Officer.id == OfficerSession.officer_id)
            .where(OfficerSession.token_digest == digest, Officer.disabled_at.is_(None))
        ).one_or_none()
    if row is None:
        return None
    seen_at, expires_at, officer_id, role, name, office = row
    if rules.is_over(seen_at=seen_at, expires_at=expires_at, idle=term.officer_idle, now=now):
        return None
    if now - seen_at >= term.officer_seen:
        with database.transaction() as session:
            stale = (OfficerSession.token_digest == digest, OfficerSession.seen_at < now)
            session.execute(update(OfficerSession).where(*stale).values(seen_at=now))
    return Principal(Role(role), officer_id, name=name, office=office)


def _get(session: Session, name: str) -> Officer:
    officer = session.scalar(select(Officer).where(Officer.name == name).with_for_update())
    if officer is None:
        raise UnknownOfficer(f"{name!r} is nobody's name")
    return officer


def _hash(password: str, now: datetime) -> str:
    if obstacles := rules.obstacles_to_password(password, shortest=terms(bangkok_date(now)).password_length):
        raise WeakPassword("; ".join(obstacles))
    return _HASHER.hash(password)


@lru_cache(maxsize=1)
def _hash_of_no_password() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))


def _totp_step(officer: Officer, code: str | None, now: datetime) -> int | None:
    """The 30-second step a second factor belongs to, one step early or late allowed; each step's code is taken once."""
    if not officer.totp_secret or not code:
        return None
    factor = pyotp.TOTP(officer.totp_secret)
    present = factor.timecode(now)
    steps = [step for step in (present - 1, present, present + 1) if step > (officer.totp_step or 0)]
    given = code.replace(" ", "").encode()
    return next((step for step in steps if secrets.compare_digest(factor.generate_otp(step).encode(), given)), None)


def _is_taken(officer: Officer, code: str | None) -> bool:
    """Whether a second factor is the one taken last: sent again after a lost answer, it fails but is no guess."""
    if not officer.totp_secret or officer.totp_step is None or not code:
        return False
    taken = pyotp.TOTP(officer.totp_secret).generate_otp(officer.totp_step)
    return secrets.compare_digest(taken.encode(), code.replace(" ", "").encode())


def _count_failure(session: Session, officer: Officer, now: datetime) -> None:
    term = terms(bangkok_date(now))
    officer.failed_attempts += 1
    if officer.failed_attempts >= term.wrong_passwords:
        officer.failed_attempts, officer.locked_until = 0, now + term.lockout
        events.record(session, OfficerLockedOut(subject=str(officer.id), person_id=None), actor="system", at=now)


def _open_session(session: Session, officer: Officer, now: datetime) -> SignedIn:
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    lifetime = terms(bangkok_date(now)).officer_session
    session.add(
        OfficerSession(
            token_digest=token_digest(token),
            officer_id=officer.id,
            created_at=now,
            seen_at=now,
            expires_at=now + lifetime,
        )
    )
    seconds = int(lifetime.total_seconds())
    return SignedIn(token, "Bearer", seconds, officer.role, officer.office, officer.name)


def _end_sessions(session: Session, officer: Officer, now: datetime) -> None:
    open_ones = (OfficerSession.officer_id == officer.id, OfficerSession.expires_at > now)
    session.execute(update(OfficerSession).where(*open_ones).values(expires_at=now))
