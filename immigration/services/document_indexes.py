"""The folded index of passports that were stored without one: by an earlier release, or one that runs beside this."""

from collections.abc import Callable

from sqlalchemy import select

from foundation.db import Database
from immigration.models.people import Passport, folded_index

BATCH = 1_000


def fill(database: Database, *, stopping: Callable[[], bool] = lambda: False) -> None:
    """Give all passports that have none their folded index, a batch in a transaction, until `stopping` is true.

    Any number may run at once: each takes rows that no other holds.
    """
    without = select(Passport).where(Passport.folded_index.is_(None)).order_by(Passport.id).limit(BATCH)
    while not stopping():
        with database.transaction() as session:
            passports = session.scalars(without.with_for_update(skip_locked=True)).all()
            for passport in passports:
                passport.folded_index = folded_index(passport.issuing_state, passport.document_number)
        if len(passports) < BATCH:
            return
