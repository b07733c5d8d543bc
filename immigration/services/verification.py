"""Whether a person has just shown to be there: asked for before what a thief of an unlocked phone would change."""

from datetime import datetime

from sqlalchemy import func, select

from foundation.clock import bangkok_date, rfc3339
from foundation.db import ReadSession
from foundation.errors import Forbidden
from foundation.identity import Principal
from immigration.models.access import TokenFamily
from immigration.models.passkeys import Passkey
from immigration.models.people import get_person_id, holders_of
from immigration.registries.access import terms
from immigration.rules.verification import is_held, is_recovery, is_verified
from immigration.services.tokens import InvalidToken


class VerificationRequired(Forbidden):
    """Show first that it is you: sign in again."""

    code = "verification-required"


class RecoveryWait(Forbidden):
    """After signing in with a mailed code this stays as it is for a day."""

    code = "recovery-wait"


def check(session: ReadSession, resident: Principal, *, now: datetime) -> None:
    """Refuse where the account was recovered by mail of late, or the person was not verified lately.

    Raises RecoveryWait with the moment from which on it may be changed, VerificationRequired.
    """
    check_not_held(session, resident, now=now)
    check_verified(session, resident, now=now)


def check_verified(session: ReadSession, resident: Principal, *, now: datetime) -> None:
    """Refuse where the person was not verified lately. Raises VerificationRequired with the ways to do it.

    Who has a passkey shows it; who lost it was verified by activating with a code from a counter.
    """
    family = _family(session, resident)
    within = terms(bangkok_date(now)).verification
    last_passkey = _last_passkey(session, resident)
    has_passkey = last_passkey is not None and not is_recovery(
        assurance=family.assurance, began=family.created_at, last_passkey=last_passkey
    )
    if not is_verified(
        began=family.created_at, verified=family.verified_at, has_passkey=has_passkey, within=within, now=now
    ):
        raise VerificationRequired(methods=["passkey"] if has_passkey else ["activation"])


def check_not_held(session: ReadSession, resident: Principal, *, now: datetime) -> None:
    """Refuse while a recovery by mail waits. Raises RecoveryWait."""
    held_until = _family(session, resident).held_until
    if held_until is not None and is_held(held_until, now):
        raise RecoveryWait(f"until {rfc3339(held_until)}", until=rfc3339(held_until))


def _last_passkey(session: ReadSession, resident: Principal) -> datetime | None:
    """When the person's newest passkey was registered; None where there is none."""
    holders = holders_of(get_person_id(session, resident.id))
    return session.scalar(select(func.max(Passkey.created_at)).where(Passkey.person_id.in_(holders)))


def _family(session: ReadSession, resident: Principal) -> TokenFamily:
    family = session.get(TokenFamily, resident.family) if resident.family else None
    if family is None:
        raise InvalidToken
    return family
