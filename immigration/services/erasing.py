"""Erasure that a person asks for: what no law keeps goes at once, and of the rest is said how long it stays, and why.

Devices and settings of messages belong to another package, which removes them when it reads the event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update

from foundation import events
from foundation.db import ReadSession, Session, execute_bulk
from foundation.identity import Principal
from immigration.events import DataErased
from immigration.models.access import TokenFamily
from immigration.models.passkeys import Passkey
from immigration.models.people import FormerContact, Person, get_person_id, holders_of
from immigration.registries.processing import Purpose, purpose_of
from immigration.services import exporting, sessions, verification
from immigration.services.tokens import InvalidToken


@dataclass(frozen=True, kw_only=True)
class KeptTable:
    """Rows about a person that stay: of which table, how many, how long in words, and for what purpose."""

    table: str
    rows: int
    until: str
    purpose: Purpose


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """What was removed, by name, and what stays; `ended` are the sign-ins that ended."""

    erased_at: datetime
    removed: Sequence[str]
    ended: Sequence[UUID]
    kept: Sequence[KeptTable]


def erase(session: Session, resident: Principal, *, now: datetime) -> Erasure:
    """Remove the person's contact data, passkeys, devices, settings of messages and other sign-ins at once.

    The sign-in that asks stays, so that the message of it can be read. Again, it removes what came since. Raises
    RecoveryWait, VerificationRequired. Source of the right: Personal Data Protection Act B.E. 2562, section 33.
    """
    person_id = get_person_id(session, resident.id)
    holders = session.scalars(select(Person).where(Person.id.in_(holders_of(person_id))).with_for_update()).all()
    if not holders:
        raise InvalidToken
    verification.check(session, resident, now=now)
    removed = ["devices", "notification_preferences"]
    if any(holder.email or holder.phone for holder in holders):
        removed.append("contact")
    for holder in holders:
        holder.email = holder.phone = None
        holder.contact_changed_at = now
    ids = [holder.id for holder in holders]
    session.execute(delete(FormerContact).where(FormerContact.person_id.in_(ids)))
    if execute_bulk(session, delete(Passkey).where(Passkey.person_id.in_(ids))):
        removed.append("passkeys")
    if ended := sessions.end_others(session, resident=resident, now=now):
        removed.append("sign-ins")
    session.execute(update(TokenFamily).where(TokenFamily.person_id.in_(ids)).values(name=""))
    event = DataErased(subject=str(person_id), person_id=person_id)
    events.record(session, event, actor=resident.actor, at=now)
    session.flush()
    return Erasure(erased_at=now, removed=sorted(removed), ended=ended, kept=_kept(session, resident))


def _kept(session: ReadSession, resident: Principal) -> list[KeptTable]:
    """What is left of the person in tables that an erasure leaves as they are."""
    person_id, kept = get_person_id(session, resident.id), []
    for table in exporting.exported_tables():
        purpose = purpose_of(table.name)
        if purpose.goes:
            continue
        counted = select(func.count()).select_from(table).where(exporting.is_of_person(table, person_id))
        if rows := session.scalar(counted):
            kept.append(KeptTable(table=table.name, rows=rows, until=str(table.info["retention"]), purpose=purpose))
    return kept
