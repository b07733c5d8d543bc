"""How a phone is joined to a person: a code is issued, typed with the passport's number and birth date, and used up."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import load_only

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import Conflict, NotFound, Unauthenticated, Unprocessable
from foundation.sealing import keyring
from immigration.events import ActivationCodeIssued, ResidentActivated
from immigration.models.access import ActivationAttempt, ActivationCode, ActivationRequest
from immigration.models.people import (
    Passport,
    document_key,
    find_passport,
    is_replaced,
    may_be_meant,
    the_meant,
)
from immigration.registries.access import terms
from immigration.rules import activations as rules
from immigration.rules import birth_dates, mrz, nationalities, numbers
from immigration.services import tokens
from immigration.services.tokens import Grant

_NO_PASSPORT = -1
_NO_CODE = UUID(int=0)
_COMPARED = load_only(
    Passport.person_id,
    Passport.document_index,
    Passport.birth_date,
    Passport.birth_date_known,
    Passport.status,
    raiseload=True,
)
"""What an activation reads of a passport; opening a sealed column would be work that only a match has."""


class ActivationFailed(Unauthenticated):
    """These details and this code do not activate anybody."""

    code = "activation-failed"


class InvalidDetails(Unprocessable):
    """No passport can say this: `faults` has the reason for each detail."""

    code = "invalid-details"


class UnreadableZone(Unprocessable):
    """The machine readable zone cannot be read."""

    code = "invalid-mrz"


class UnknownPassport(NotFound):
    """There is no such passport on record."""

    code = "unknown-passport"


class CannotIssueCode(Conflict):
    """No activation code can be issued for this passport."""

    code = "cannot-issue-code"


@dataclass(frozen=True)
class Issued:
    """A fresh code, shown once, and the moment from which it no longer works."""

    activation_code: str
    expires_at: datetime


def claim_from_mrz(text: str, *, now: datetime, production: bool = False) -> rules.Claim:
    """Who a machine readable zone says its holder is.

    Raises UnreadableZone with the faults of the text, which say nothing of the records.
    """
    try:
        zone = mrz.parse(text, today=bangkok_date(now))
    except mrz.InvalidMRZ as error:
        faults: list[dict[str, Any]] = [
            {"code": fault.code, "line": fault.line, "position": fault.position} for fault in error.faults
        ]
        raise UnreadableZone("check the text against the passport", faults=faults) from error
    unknown = {zone.issuing_state, zone.nationality} - {""}
    if not all(nationalities.is_known(code, production) for code in unknown):
        faults = [{"code": "state", "line": 0, "position": 0}]
        raise UnreadableZone("the issuing state or the nationality is none of ICAO 9303", faults=faults)
    if zone.birth_date is None:
        faults = [{"code": "birth-date", "line": 0, "position": 0}]
        raise UnreadableZone("the passport leaves the year of birth open: ask at an office", faults=faults)
    return rules.Claim(zone.document_number, zone.issuing_state, zone.birth_date)


def claim_from_details(
    *, document_number: str, issuing_state: str, birth_date: str, now: datetime, production: bool = False
) -> rules.Claim:
    """Who a caller says to be, in typed details.

    Raises InvalidDetails with the faults that no passport can have, which say nothing of the records.
    """
    faults: list[dict[str, Any]] = []
    birth = None
    try:
        birth = birth_dates.read(birth_date, latest=bangkok_date(now))
    except birth_dates.InvalidBirthDate as error:
        fault = {"field": "birth_date", "code": error.code, "detail": str(error)}
        faults.append(fault | ({"suggestion": error.suggestion} if error.suggestion else {}))
    if not nationalities.is_known(nationalities.plain(issuing_state), production):
        detail = "no state of ISO 3166-1 or ICAO 9303 has this code"
        faults.append({"field": "issuing_state", "code": "unknown-state", "detail": detail})
    if birth is None or faults:
        raise InvalidDetails("; ".join(f"{fault['field']}: {fault['detail']}" for fault in faults), faults=faults)
    return rules.Claim(document_number, issuing_state, birth)


def issue(
    session: Session, document_number: str, issuing_state: str, *, assurance: str, issued_by: str, now: datetime
) -> Issued:
    """A fresh code for a passport; earlier unused ones of the same assurance end.

    Raises UnknownPassport, or CannotIssueCode where the code could not be used.
    """
    passport = find_passport(session, document_key(issuing_state, document_number))
    if passport is None:
        raise UnknownPassport(f"no passport {document_number} of {issuing_state} is on record")
    return issue_for(session, passport, assurance=assurance, issued_by=issued_by, now=now)


def issue_for(
    session: Session,
    passport: Passport,
    *,
    assurance: str,
    issued_by: str,
    now: datetime,
    code: str | None = None,
    offices: Collection[str] = (),
) -> Issued:
    """A fresh code for a passport row, or the one given; see `issue`. `offices` are those of the officer who does."""
    session.refresh(passport, with_for_update=True)  # two who issue at once take turns
    if obstacles := obstacles_to_issuing(session, passport, assurance):
        raise CannotIssueCode("; ".join(obstacles), obstacles=obstacles)
    _end_unused(session, passport, assurance, now)
    code = code or numbers.activation_code(os.urandom(numbers.CODE_BYTES))
    term, holder_id = terms(bangkok_date(now)), passport.holder
    expires_at = now + term.code(assurance)
    session.add(
        ActivationCode(
            person_id=holder_id,
            passport_id=passport.id,
            code_digest=digest(code),
            assurance=assurance,
            issued_at=now,
            issued_by=issued_by,
            expires_at=expires_at,
        )
    )
    event = ActivationCodeIssued(
        subject=str(holder_id), person_id=holder_id, assurance=assurance, offices=sorted(offices)
    )
    events.record(session, event, actor=issued_by, at=now)
    return Issued(code, expires_at)


def obstacles_to_issuing(session: ReadSession, passport: Passport, assurance: str) -> list[str]:
    """Why no code of that assurance would activate a phone with a passport; empty means it would."""
    replaced = session.scalars(select(is_replaced()).where(Passport.id == passport.id)).one()
    return rules.obstacles(status=passport.status, replaced=replaced, assurance=assurance)


def subject_of(claim: rules.Claim) -> str:
    """By what the tries of a claim are counted: its passport, the same for misread numbers, on record or not."""
    return document_key(claim.issuing_state, claim.document_number).folded.hex()


def is_usable(session: ReadSession, code: str, *, now: datetime) -> bool:
    """Whether a code would activate the phone of someone; beyond the limit of the throttle only such are tried.

    It takes the same time for every other code, whatever passport it is typed with.
    """
    query = select(ActivationCode.id).where(ActivationCode.code_digest == digest(code), _can_be_used(now))
    return session.scalar(query.limit(1)) is not None


def activate(
    session: Session, claim: rules.Claim, code: str, *, network: str, now: datetime, name: str = ""
) -> Grant | None:
    """Use a code up and sign its owner in; None for every kind of mismatch.

    The same details and code again within `same_answer` get the same sign-in while its refresh token is unused, since
    the answer may have been lost. The same statements run for every mismatch. `name` is the phone's.
    """
    key = document_key(claim.issuing_state, claim.document_number)
    candidates = select(Passport).where(may_be_meant(key)).options(_COMPARED)
    passport = the_meant(session.scalars(candidates).all(), key)
    passport_id = passport.id if passport else _NO_PASSPORT
    replaced = bool(session.scalar(select(is_replaced()).where(Passport.id == passport_id)))
    usable = session.scalars(_usable(passport_id, now)).all()
    chosen = _choose(passport, usable, claim, digest(code), replaced=replaced)
    first_token = _first_refresh_token(chosen.id if chosen else _NO_CODE)
    known = tokens.find_unused(session, first_token)
    if chosen is None or (chosen.used_at and known is None):
        return None
    if known is None:
        session.refresh(
            chosen, with_for_update=True
        )  # of uses at once the others wait, and get the first one's sign-in
        if chosen.used_at:
            known = tokens.find_unused(session, first_token)
        elif _still_stands(chosen, now):
            known = _use(session, chosen, first_token, name, now)
    if known is not None:
        note_attempt(session, claim, network=network, succeeded=True, now=now)
    return known


def note_attempt(session: Session, claim: rules.Claim, *, network: str, succeeded: bool, now: datetime) -> None:
    """Note that somebody tried to activate a phone with a passport."""
    index = document_key(claim.issuing_state, claim.document_number).exact
    session.add(
        ActivationAttempt(document_index=index, address_index=network_index(network), at=now, succeeded=succeeded)
    )


def request_code(session: Session, claim: rules.Claim, *, network: str, place: int, now: datetime) -> None:
    """Note the request for a code by mail. A worker looks it up later, so that the answer reveals nothing.

    `place` is how many requests came from the network of late: requests of a network that sent fewer go first.
    """
    key = document_key(claim.issuing_state, claim.document_number)
    session.add(
        ActivationRequest(
            document_index=key.exact,
            folded_index=key.folded,
            birth_date=claim.birth_date.first_day,
            birth_date_known=claim.birth_date.known,
            address_index=network_index(network),
            place=place,
            requested_at=now,
            next_try_at=now,
        )
    )


def digest(code: str) -> bytes:
    """What is kept of a code, however it was typed."""
    return keyring().digest("activation-code", numbers.normalise(code))


def network_index(network: str) -> bytes:
    """The blind index of a network."""
    return keyring().index("network", network)


def _end_unused(session: Session, passport: Passport, assurance: str, now: datetime) -> None:
    earlier = (
        ActivationCode.passport_id == passport.id,
        ActivationCode.assurance == assurance,
        ActivationCode.used_at.is_(None),
        ActivationCode.expires_at > now,
    )
    session.execute(update(ActivationCode).where(*earlier).values(expires_at=now))


def _can_be_used(now: datetime) -> ColumnElement[bool]:
    """Whether a code can still be used, or was used so lately that it gets the same answer again."""
    unused = ActivationCode.used_at.is_(None) & (ActivationCode.expires_at > now)
    return unused | (ActivationCode.used_at >= now - terms(bangkok_date(now)).same_answer)


def _usable(passport_id: int, now: datetime) -> Any:
    return (
        select(ActivationCode)
        .where(ActivationCode.passport_id == passport_id, _can_be_used(now))
        .order_by(ActivationCode.id)
    )


def _still_stands(code: ActivationCode, now: datetime) -> bool:
    """Whether a code has not ended while it was waited for: a fresh one ends it."""
    return code.expires_at > now


def _first_refresh_token(code_id: UUID) -> str:
    """The refresh token that an activation code earns, derived so that it can be given again."""
    return keyring().token("activation-code", str(code_id))


def _choose(
    passport: Passport | None, usable: Sequence[ActivationCode], claim: rules.Claim, given: bytes, *, replaced: bool
) -> ActivationCode | None:
    """The code that was given, if the claim fits the passport and nothing stands between them."""
    if passport is None or not passport.born.is_given_by(claim.birth_date):
        return None
    for code in usable:
        standing = rules.obstacles(status=passport.status, replaced=replaced, assurance=code.assurance)
        if code.code_digest == given and not standing:
            return code
    return None


def _use(session: Session, code: ActivationCode, refresh_token: str, name: str, now: datetime) -> Grant:
    code.used_at = now
    grant = tokens.begin(
        session,
        code.person_id,
        assurance=code.assurance,
        passport_id=code.passport_id,
        refresh_token=refresh_token,
        now=now,
        name=name,
    )
    event = ResidentActivated(
        subject=str(grant.person_id), person_id=grant.person_id, assurance=grant.assurance, family=str(grant.family)
    )
    events.record(session, event, actor=f"resident:{grant.person_id}", at=now)
    return grant
