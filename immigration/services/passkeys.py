"""Passkeys: registered by a person who is signed in, and the way in, and the proof of being there, afterwards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from foundation import events
from foundation.db import ReadSession, Session
from foundation.identity import Principal
from immigration.events import PasskeyAdded, PasskeyRemoved, ResidentSignedIn
from immigration.models.access import TokenFamily
from immigration.models.passkeys import Passkey
from immigration.models.people import Person, get_person_id, holders_of
from immigration.services import ceremonies, challenges, tokens, verification
from immigration.services.ceremonies import (
    MOST,
    RelyingParty,
    TooManyPasskeys,
    UnknownPasskey,
)
from immigration.services.tokens import Grant, InvalidToken

REGISTER, SIGN_IN = "register", "sign-in"


def registration_options(
    session: ReadSession, resident: Principal, *, name: str, site: RelyingParty, now: datetime
) -> dict[str, Any]:
    """What a browser makes a passkey from. Raises as `register` does, before anything is asked of the person."""
    known = _check_may_add(session, resident, now)
    return ceremonies.creation_options(
        resident.id.bytes,
        name,
        known=[each.credential_id for each in known],
        challenge=challenges.make(REGISTER, str(resident.family), now=now),
        site=site,
    )


def register(
    session: Session, credential: dict[str, Any], *, name: str, resident: Principal, site: RelyingParty, now: datetime
) -> Passkey:
    """Keep a passkey that an authenticator made for the challenge of this sign-in.

    Raises InvalidPasskey, PasskeyExists, TooManyPasskeys, RecoveryWait; where there is one, VerificationRequired.
    """
    _lock_person(session, resident)
    _check_may_add(session, resident, now)
    made = ceremonies.new_passkey(
        session, Passkey, credential, purpose=REGISTER, subject=str(resident.family), site=site, now=now
    )
    passkey = Passkey(
        person_id=resident.id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name,
        assurance=resident.assurance,
        passport_id=resident.passport_id,
        created_at=now,
    )
    session.add(passkey)
    session.flush()
    event = PasskeyAdded(subject=str(resident.id), person_id=resident.id, passkey=str(passkey.id))
    events.record(session, event, actor=resident.actor, at=now)
    return passkey


def list_passkeys(session: ReadSession, resident: Principal) -> Sequence[Passkey]:
    """The person's passkeys, oldest first."""
    query = select(Passkey).where(Passkey.person_id.in_(_holders(session, resident.id)))
    return session.scalars(query.order_by(Passkey.created_at, Passkey.id)).all()


def remove(session: Session, passkey_id: UUID, *, resident: Principal, now: datetime) -> None:
    """Remove one of the person's passkeys. Raises UnknownPasskey, VerificationRequired, RecoveryWait."""
    theirs = (Passkey.id == passkey_id, Passkey.person_id.in_(_holders(session, resident.id)))
    passkey = session.scalar(select(Passkey).where(*theirs).with_for_update())
    if passkey is None:
        raise UnknownPasskey
    verification.check(session, resident, now=now)
    session.delete(passkey)
    event = PasskeyRemoved(subject=str(resident.id), person_id=resident.id, passkey=str(passkey_id))
    events.record(session, event, actor=resident.actor, at=now)


def sign_in_options(*, site: RelyingParty, now: datetime) -> dict[str, Any]:
    """What a browser lets the person choose a passkey by; it names none, so it says nothing of anybody."""
    return ceremonies.request_options(challenges.make(SIGN_IN, "", now=now), site=site)


def sign_in(
    session: Session, credential: dict[str, Any], *, refresh_token: str, name: str, site: RelyingParty, now: datetime
) -> Grant | None:
    """Sign a passkey's owner in; None for every kind of mismatch. `name` is the phone's."""
    passkey = _verify(session, credential, site, now)
    if passkey is None:
        return None
    grant = tokens.begin(
        session,
        passkey.person_id,
        assurance=passkey.assurance,
        passport_id=passkey.passport_id,
        refresh_token=refresh_token,
        now=now,
        name=name,
        verified=True,
    )
    event = ResidentSignedIn(subject=str(grant.person_id), person_id=grant.person_id, family=str(grant.family))
    events.record(session, event, actor=f"resident:{grant.person_id}", at=now)
    return grant


def verify_presence(
    session: Session, credential: dict[str, Any], *, resident: Principal, site: RelyingParty, now: datetime
) -> bool:
    """Note that a passkey of the person has just verified them, for this sign-in; whether it did."""
    passkey = _verify(session, credential, site, now)
    theirs = passkey is not None and passkey.person_id in session.scalars(_holders(session, resident.id)).all()
    if theirs:
        family = session.get(TokenFamily, resident.family, with_for_update=True)
        if family is None:
            raise InvalidToken
        family.verified_at = now
    return theirs


def _verify(session: Session, credential: dict[str, Any], site: RelyingParty, now: datetime) -> Passkey | None:
    """The passkey that answered a challenge of ours, with its owner verified; its counter is moved on."""
    passkey = session.scalar(
        select(Passkey).where(Passkey.credential_id == ceremonies.credential_id(credential)).with_for_update()
    )
    is_ours = challenges.take(session, ceremonies.challenge_in(credential), SIGN_IN, "", now=now)
    if passkey is None or not is_ours:
        return None
    if (counter := ceremonies.new_sign_count(credential, passkey, site=site)) is None:
        return None
    passkey.sign_count, passkey.last_used_at = counter, now
    return passkey


def _check_may_add(session: ReadSession, resident: Principal, now: datetime) -> Sequence[Passkey]:
    """The passkeys that the person has, if another may be added."""
    known = list_passkeys(session, resident)
    verification.check_not_held(session, resident, now=now)
    if known:
        verification.check_verified(session, resident, now=now)
    if len(known) >= MOST:
        raise TooManyPasskeys
    return known


def _lock_person(session: Session, resident: Principal) -> None:
    """Take turns: of two passkeys at once each would find the other not there yet."""
    own = select(Person.id).where(Person.id.in_(_holders(session, resident.id))).order_by(Person.id)
    session.execute(own.with_for_update())


def _holders(session: ReadSession, resident_id: UUID) -> Any:
    return holders_of(get_person_id(session, resident_id))
