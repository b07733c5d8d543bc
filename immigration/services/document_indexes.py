"""The folded index of passports that were stored without one: by an earlier release, or one that runs beside this."""

from sqlalchemy import select

from foundation.db import Session
from immigration.models.people import Passport, folded_index

BATCH = 1_000


def fill(session: Session) -> bool:
    """Give up to BATCH passports their folded index; whether there may be more without one.

    Any number may run at once: each takes rows that no other holds.
    """
    without = select(Passport).where(Passport.folded_index.is_(None)).order_by(Passport.id).limit(BATCH)
    passports = session.scalars(without.with_for_update(skip_locked=True)).all()
    for passport in passports:
        passport.folded_index = folded_index(passport.issuing_state, passport.document_number)
    return len(passports) == BATCH
