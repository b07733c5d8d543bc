"""The sign-ins of a person: listed, named and ended by their owner, by an officer, or as a passport is lost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, text, update

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import NotFound
from foundation.identity import Principal
from immigration.events import PasskeyRemoved, SignedOut, SignInEnded
from immigration.models.access import ActivationCode, TokenFamily
from immigration.models.passkeys import Passkey
from immigration.models.people import Passport, current_passport, document_key, find_passport, get_person_id, holders_of
from immigration.registries.access import terms
from immigration.rules.codes import PassportStatus
from immigration.services import scope, verification

OUT_OF_HAND = (PassportStatus.LOST, PassportStatus.STOLEN)
BY_OWNER, BY_OFFICER, BY_COMMAND, LOST_PASSPORT = "by-owner", "by-officer", "command-line", "passport-out-of-hand"
IMPORT = "import"


class UnknownSession(NotFound):
    """There is no such sign-in, or it is not yours."""

    code = "unknown-session"


@dataclass(frozen=True)
class SignIn:
    """A sign-in as its owner sees it; `current` is the one that asks."""

    id: UUID
    name: str
    assurance: str
    created_at: datetime
    last_used_at: datetime
    current: bool


def list_sessions(session: ReadSession, resident: Principal, *, now: datetime) -> list[SignIn]:
    """The person's sign-ins that can still be used, last used first."""
    families = session.scalars(select(TokenFamily).where(*_standing(_holders(session, resident.id), now))).all()
    shown = [_shown(family, resident) for family in families]
    return sorted(shown, key=lambda each: (each.last_used_at, each.created_at), reverse=True)


def rename(session: Session, family_id: UUID, name: str, *, resident: Principal, now: datetime) -> SignIn:
    """Give a sign-in a name. Raises UnknownSession, RecoveryWait."""
    family = _get(session, family_id, resident, now)
    if family.revoked_at is not None:
        raise UnknownSession
    verification.check_not_held(session, resident, now=now)
    family.name = name
    return _shown(family, resident)


def sign_out(session: Session, resident: Principal, *, now: datetime) -> list[UUID]:
    """End the sign-in that asks; which one that was, none if it had ended."""
    family = session.get(TokenFamily, resident.family, with_for_update=True)
    if family is None or family.revoked_at is not None:
        return []
    family.revoked_at, family.revoked_because = now, "signed out"
    event = SignedOut(subject=str(family.person_id), person_id=family.person_id, family=str(family.id))
    events.record(session, event, actor=resident.actor, at=now)
    return [family.id]


def end(session: Session, family_id: UUID, *, resident: Principal, now: datetime) -> list[UUID]:
    """End one of the person's sign-ins; the one that asks, it signs out. Again, it changes nothing.

    Raises UnknownSession, VerificationRequired, RecoveryWait.
    """
    if family_id == resident.family:
        return sign_out(session, resident, now=now)
    family = _get(session, family_id, resident, now)
    verification.check(session, resident, now=now)
    return _end(session, [family], because=BY_OWNER, actor=resident.actor, now=now)


def end_others(session: Session, *, resident: Principal, now: datetime) -> list[UUID]:
    """End all of the person's sign-ins but the one that asks. Raises VerificationRequired, RecoveryWait."""
    verification.check(session, resident, now=now)
    others = (*_standing(_holders(session, resident.id), now), TokenFamily.id != resident.family)
    families = session.scalars(select(TokenFamily).where(*others).with_for_update()).all()
    return _end(session, families, because=BY_OWNER, actor=resident.actor, now=now)


def end_at_counter(session: Session, resident_id: UUID, *, officer: Principal, now: datetime) -> list[UUID]:
    """End all sign-ins of a person of the officer's offices. NotFound for others as for none."""
    passport = current_passport(session, get_person_id(session, resident_id))
    if passport is None:
        raise NotFound
    scope.check_person(session, passport.person_id, officer=officer, act="end-sessions", now=now)
    return _end_all(session, passport.person_id, because=BY_OFFICER, actor=officer.actor, now=now)


def end_by_document(
    session: Session, document_number: str, issuing_state: str, *, actor: str, now: datetime
) -> list[UUID]:
    """End all sign-ins of the person of a passport, from the command line. Raises NotFound."""
    passport = find_passport(session, document_key(issuing_state, document_number))
    if passport is None:
        raise NotFound("there is no such passport on record")
    return _end_all(session, passport.person_id, because=BY_COMMAND, actor=actor, now=now)


_REPORTED = text("""
select p.id from staged s join passports p on p.document_index = s.document_index
where s.status in ('lost', 'stolen') and p.status not in ('lost', 'stolen')
""")


def reported_by_staged(session: Session) -> list[int]:
    """The passports on record that the staged rows report as lost or stolen, and that were not before."""
    return [*session.scalars(_REPORTED)]


def end_with_passports(session: Session, passport_ids: Collection[int], *, now: datetime) -> list[UUID]:
    """End what was begun with passports that are lost or stolen now, of some that were not before.

    Sign-ins and passkeys that do not know their passport end with any of their holder's. Codes that were issued and not
    used end too, since they may be in the same hands. The sign-ins that ended.
    """
    if not passport_ids:
        return []
    lost = select(Passport.id, Passport.holder).where(Passport.id.in_(passport_ids), Passport.status.in_(OUT_OF_HAND))
    rows = session.execute(lost).all()
    passports, holders = [row.id for row in rows], [row.holder for row in rows]

    def begun_with(table: type[TokenFamily | Passkey]) -> ColumnElement[bool]:
        return table.passport_id.in_(passports) | (table.passport_id.is_(None) & table.person_id.in_(holders))

    unused = ActivationCode.used_at.is_(None) & (ActivationCode.expires_at > now)
    codes = update(ActivationCode).where(ActivationCode.passport_id.in_(passports), unused)
    session.execute(codes.values(expires_at=now))
    _remove_passkeys(session, begun_with(Passkey), now=now)
    standing = select(TokenFamily).where(begun_with(TokenFamily), TokenFamily.revoked_at.is_(None))
    families = session.scalars(standing.with_for_update()).all()
    return _end(session, families, because=LOST_PASSPORT, actor=IMPORT, now=now)


def _remove_passkeys(session: Session, theirs: ColumnElement[bool], *, now: datetime) -> None:
    removed = delete(Passkey).where(theirs).returning(Passkey.id, Passkey.person_id)
    for passkey_id, person_id in session.execute(removed).all():
        event = PasskeyRemoved(subject=str(person_id), person_id=person_id, passkey=str(passkey_id))
        events.record(session, event, actor=IMPORT, at=now)


def _end_all(session: Session, person_id: UUID, *, because: str, actor: str, now: datetime) -> list[UUID]:
    theirs = _standing(_holders(session, person_id), now)
    families = session.scalars(select(TokenFamily).where(*theirs).with_for_update()).all()
    return _end(session, families, because=because, actor=actor, now=now)


def _end(session: Session, families: Sequence[TokenFamily], *, because: str, actor: str, now: datetime) -> list[UUID]:
    ended = [family for family in families if family.revoked_at is None]
    for family in ended:
        family.revoked_at, family.revoked_because = now, because
        person = family.person_id
        event = SignInEnded(subject=str(person), person_id=person, family=str(family.id), because=because)
        events.record(session, event, actor=actor, at=now)
    return [family.id for family in ended]


def _holders(session: ReadSession, resident_id: UUID) -> ColumnElement[bool]:
    return TokenFamily.person_id.in_(holders_of(get_person_id(session, resident_id)))


def _standing(theirs: ColumnElement[bool], now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What holds of sign-ins that can still be used; those of an earlier release may not know when they end."""
    begun = TokenFamily.created_at > now - terms(bangkok_date(now)).session
    unused = TokenFamily.expires_at.is_(None) | (TokenFamily.expires_at > now)
    return theirs, TokenFamily.revoked_at.is_(None), begun, unused


def _get(session: Session, family_id: UUID, resident: Principal, now: datetime) -> TokenFamily:
    theirs = (_holders(session, resident.id), TokenFamily.id == family_id)
    family = session.scalar(select(TokenFamily).where(*theirs).with_for_update())
    if family is None:
        raise UnknownSession
    return family


def _shown(family: TokenFamily, resident: Principal) -> SignIn:
    last_used_at = family.last_used_at or family.created_at
    current = family.id == resident.family
    return SignIn(family.id, family.name, family.assurance, family.created_at, last_used_at, current)
