"""Officers' accounts: made at the command line, signed in to with a password and a second factor, locked and closed."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import delete, exists, func, select, update

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import Database, ReadSession, Session
from foundation.errors import Conflict, NotFound, Unauthenticated, Unprocessable
from foundation.identity import Principal, Role
from foundation.sealing import keyring
from immigration.events import (
    OfficerAdded,
    OfficerChanged,
    OfficerLockedOut,
    OfficerMoved,
    OfficerSignedIn,
    OfficerSignInFailed,
)
from immigration.models.access import Officer, OfficerSession, token_digest
from immigration.models.passkeys import OfficerPasskey
from immigration.registries import offices
from immigration.registries.access import terms
from immigration.rules import officers as rules
from immigration.rules.offices import HEADQUARTERS
from immigration.services import passwords

TOKEN_PREFIX = "ofc_"  # noqa: S105 - what every officer's token begins with
ISSUER = "90-day reporting"
_NO_OFFICER = UUID(int=0)
_WHO = (Officer.id, Officer.role, Officer.name, Officer.offices)


class SignInFailed(Unauthenticated):
    """Name, password or second factor are wrong."""

    code = "sign-in-failed"


class UnknownOfficer(NotFound):
    """There is no officer of that name."""

    code = "unknown-officer"


class OfficerExists(Conflict):
    """There is an officer of that name already."""

    code = "officer-exists"


class UnknownOffice(Unprocessable):
    """There is no immigration office with this code."""

    code = "unknown-office"


@dataclass(frozen=True)
class Credentials:
    """What an account's password is checked against; of an unknown name too, so that checking takes as long."""

    officer_id: UUID
    password_hash: str
    name: str = ""


@dataclass(frozen=True)
class Refused:
    """A sign-in that failed; a second factor that was sent again is no guess, so it does not count."""

    counts: bool


@dataclass(frozen=True)
class SignedIn:
    """An officer's sign-in as it is answered; `expires_in` is in seconds.

    `offices` are those that the account acts for; `office` is the only one, None at the headquarters or of several.
    """

    access_token: str
    token_type: str
    expires_in: int
    role: str
    office: str | None
    offices: Sequence[str]
    name: str


def add(
    session: Session,
    name: str,
    *,
    password: str,
    role: Role,
    office: str | Sequence[str] | None,
    actor: str,
    now: datetime,
) -> Officer:
    """Open an account for an office or several; None is the headquarters, which act for all.

    Raises OfficerExists, UnknownOffice or WeakPassword.
    """
    if taken := find_alike(session, name):
        raise OfficerExists(f"{taken!r} is taken")
    codes = known_offices([office] if isinstance(office, str) else office or [HEADQUARTERS])
    password_hash = passwords.hashed(password, name=name, now=now)
    officer = Officer(name=name, password_hash=password_hash, role=role, offices=codes, office=only_office(codes))
    session.add(officer)
    session.flush()
    event = OfficerAdded(subject=str(officer.id), person_id=None, role=role, offices=codes)
    events.record(session, event, actor=actor, at=now)
    return officer


def find_alike(session: ReadSession, name: str) -> str | None:
    """The name of an account that differs from this one in case at most."""
    return session.scalar(select(Officer.name).where(func.lower(Officer.name) == name.lower()))


def move(session: Session, name: str, offices: Sequence[str], *, actor: str, now: datetime) -> Officer:
    """Let an account act for other offices than before, at once. Raises UnknownOfficer, UnknownOffice."""
    officer = get(session, name)
    codes = known_offices(offices)
    if officer.offices != codes:
        event = OfficerMoved(subject=str(officer.id), person_id=None, offices=codes, former=officer.offices)
        officer.offices, officer.office = codes, only_office(codes)
        events.record(session, event, actor=actor, at=now)
    return officer


def principal_of(officer: Officer) -> Principal:
    """An account as whoever signs in with it."""
    return Principal(Role(officer.role), officer.id, name=officer.name, offices=frozenset(officer.offices))


def known_offices(codes: Sequence[str]) -> list[str]:
    """Codes of offices, each once and in order. Raises UnknownOffice."""
    if unknown := sorted({code for code in codes if not offices.is_known(code)}):
        raise UnknownOffice("no immigration office has the code " + ", ".join(unknown), offices=unknown)
    return sorted(set(codes))


def only_office(codes: Sequence[str]) -> str | None:
    """The only office of an account; None at the headquarters and of several."""
    return codes[0] if len(codes) == 1 and codes[0] != HEADQUARTERS else None


def list_accounts(session: ReadSession) -> Sequence[Officer]:
    """All accounts, by name."""
    return session.scalars(select(Officer).order_by(Officer.name)).all()


def with_passkey(session: ReadSession) -> set[UUID]:
    """The accounts that have a passkey."""
    return set(session.scalars(select(OfficerPasskey.officer_id)))


def disable(session: Session, name: str, *, actor: str, now: datetime) -> None:
    """Close an account and end its sessions. Raises UnknownOfficer."""
    officer = get(session, name)
    officer.disabled_at = officer.disabled_at or now
    officer.first_use_digest = officer.first_use_ends_at = None
    session.execute(delete(OfficerPasskey).where(OfficerPasskey.officer_id == officer.id))
    end_sessions(session, officer, now)
    record_change(session, officer, "closed", actor=actor, now=now)


def set_password(session: Session, name: str, password: str, *, actor: str, now: datetime) -> None:
    """Give an account another password, and end its sessions. Raises UnknownOfficer, WeakPassword."""
    officer = get(session, name)
    officer.password_hash = passwords.hashed(password, name=name, now=now)
    end_sessions(session, officer, now)
    record_change(session, officer, "password", actor=actor, now=now)


def set_up_totp(session: Session, name: str, *, actor: str, now: datetime) -> str:
    """Give an account a new second factor, and end its sessions; the provisioning URI for an authenticator app.

    Raises UnknownOfficer.
    """
    officer = get(session, name)
    officer.totp_secret, officer.totp_step = pyotp.random_base32(), None
    end_sessions(session, officer, now)
    record_change(session, officer, "second-factor", actor=actor, now=now)
    return pyotp.TOTP(officer.totp_secret).provisioning_uri(name=name, issuer_name=ISSUER)


def credentials(session: ReadSession, name: str) -> Credentials:
    """What to check a password against; for a name that is not ours, a hash that no password has."""
    row = session.execute(select(Officer.id, Officer.password_hash).where(Officer.name == name)).one_or_none()
    return Credentials(*row, name) if row else Credentials(_NO_OFFICER, passwords.hash_of_no_password(), name)


def sign_in(
    session: Session,
    known: Credentials,
    *,
    matches: bool,
    totp: str | None,
    factor_required: bool,
    last_try: bool,
    now: datetime,
) -> SignedIn | Refused:
    """Open a session; Refused is answered after the transaction, so that what it notes is kept.

    `factor_required` says that a password alone is never enough here. `last_try` says that the throttle makes the
    network wait after this one; the account itself is never locked.
    """
    officer = session.get(Officer, known.officer_id, with_for_update=True)
    if officer is None or officer.disabled_at:
        record_failure(session, known, officer, now)
        return Refused(counts=True)
    step = _totp_step(officer, totp, now)
    is_known = matches and officer.password_hash == known.password_hash
    if not is_known or (step is None and not _is_password_enough(session, officer, factor_required)):
        sent_again = matches and _is_taken(officer, totp)
        return _refuse(session, known, officer, counts=not sent_again, last_try=last_try, now=now)
    officer.totp_step = step or officer.totp_step
    return open_session(session, officer, method="password", now=now)


def _refuse(
    session: Session, known: Credentials, officer: Officer, *, counts: bool, last_try: bool, now: datetime
) -> Refused:
    record_failure(session, known, officer, now)
    if last_try and counts:
        events.record(session, OfficerLockedOut(subject=str(officer.id), person_id=None), actor="system", at=now)
    return Refused(counts=counts)


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
    seen_at, expires_at, officer_id, role, name, own = row
    if rules.is_over(seen_at=seen_at, expires_at=expires_at, idle=term.officer_idle, now=now):
        return None
    if now - seen_at >= term.officer_seen:
        with database.transaction() as session:
            stale = (OfficerSession.token_digest == digest, OfficerSession.seen_at < now)
            session.execute(update(OfficerSession).where(*stale).values(seen_at=now))
    return Principal(Role(role), officer_id, name=name, offices=frozenset(own))


def record_change(session: Session, officer: Officer, change: str, *, actor: str, now: datetime) -> None:
    """Record that an account was changed, and what of it."""
    event = OfficerChanged(subject=str(officer.id), person_id=None, change=change)
    events.record(session, event, actor=actor, at=now)


def get(session: Session, name: str) -> Officer:
    """An account by its name, for changing it. Raises UnknownOfficer."""
    officer = session.scalar(select(Officer).where(Officer.name == name).with_for_update())
    if officer is None:
        raise UnknownOfficer(f"{name!r} is nobody's name")
    return officer


def _totp_step(officer: Officer, code: str | None, now: datetime) -> int | None:
    """The 30-second step a second factor belongs to, one step early or late allowed; each step's code is taken once."""
    if not officer.totp_secret or not code:
        return None
    factor = pyotp.TOTP(officer.totp_secret)
    present = factor.timecode(now)
    steps = [step for step in (present - 1, present, present + 1) if step > (officer.totp_step or 0)]
    return next((step for step in steps if _is_code(factor, step, code)), None)


def _is_code(factor: pyotp.TOTP, step: int, given: str) -> bool:
    return secrets.compare_digest(factor.generate_otp(step).encode(), given.replace(" ", "").encode())


def _is_taken(officer: Officer, code: str | None) -> bool:
    """Whether a second factor is the one taken last: sent again after a lost answer, it fails but is no guess."""
    if not officer.totp_secret or officer.totp_step is None or not code:
        return False
    return _is_code(pyotp.TOTP(officer.totp_secret), officer.totp_step, code)


def _is_password_enough(session: Session, officer: Officer, factor_required: bool) -> bool:
    has_passkey = session.scalar(select(exists().where(OfficerPasskey.officer_id == officer.id)))
    return rules.is_password_enough(has_factor=bool(officer.totp_secret or has_passkey), required=factor_required)


def record_failure(session: Session, known: Credentials, officer: Officer | None, now: datetime) -> None:
    """Record a sign-in that failed; a name that no account has may be a password, so it is kept as a blind index."""
    sought = None if officer else keyring().index("officer-name", known.name).hex()
    subject, actor = (str(officer.id), f"{officer.role}:{officer.name}") if officer else ("nobody", "officer:")
    event = OfficerSignInFailed(subject=subject, person_id=None, sought=sought)
    events.record(session, event, actor=actor, at=now)


def open_session(session: Session, officer: Officer, *, method: str, now: datetime) -> SignedIn:
    """Begin a session of an account whose owner has shown who they are, by `method`."""
    event = OfficerSignedIn(subject=str(officer.id), person_id=None, method=method)
    events.record(session, event, actor=principal_of(officer).actor, at=now)
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
    only = only_office(officer.offices)
    return SignedIn(token, "Bearer", seconds, officer.role, only, officer.offices, officer.name)


def end_sessions(session: Session, officer: Officer, now: datetime) -> None:
    """End all sessions of an account at once."""
    open_ones = (OfficerSession.officer_id == officer.id, OfficerSession.expires_at > now)
    session.execute(update(OfficerSession).where(*open_ones).values(expires_at=now))
