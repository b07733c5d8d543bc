"""Sealing events, handing the seals to a witness, and checking both: where the chain meets the keys that sign it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from foundation import event_seals
from foundation.append_only import REMOVES_EXPIRED
from foundation.db import Database
from foundation.event_seals import Seal, WitnessedSeal
from foundation.seal_checks import Check, Finding
from foundation.witnesses import Witness, WitnessAway, WitnessedStatement
from immigration.rules.codes import KeyPurpose
from immigration.services.keys import InvalidSignature, Signer

KEPT = timedelta(days=3653)
"""How long events are kept: ten years."""
_HANDED = 100
log = logging.getLogger(__name__)


def seal_round(
    database: Database,
    signer: Signer,
    now: datetime,
    *,
    witness: Witness | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Seal what has been written since the last seal, and hand every seal to the witness; how many events there were.

    A witness that is away keeps nothing from being sealed: the seals wait for it.
    """
    signer.refresh()
    sealed = 0
    while not stopping():
        with database.transaction() as session:
            count = event_seals.seal(session, _sign(signer), now=now)
        sealed += count
        if count < event_seals.LARGEST:
            break
    if witness is not None:
        try:
            _hand_over(database, witness, now, stopping)
        except WitnessAway as problem:
            log.warning("seals wait for their witness: %s", problem)
    return sealed


def remove_expired(database: Database, signer: Signer, now: datetime) -> int:
    """Remove events that have been kept for ten years, and leave a certificate that names them; how many there were."""
    signer.refresh()
    with database.transaction(REMOVES_EXPIRED) as session:
        return event_seals.remove(session, event_seals.expired(session, now - KEPT), _sign(signer), now=now)


def verify(
    database: Database,
    signer: Signer,
    witness: Witness | None,
    found: Callable[[Finding], None],
    *,
    now: datetime,
    is_copy: bool = False,
    **options: Any,
) -> Check:
    """Compare all events with their seals, and the seals with the witness; the counts, with each fault told to `found`.

    Everything is seen as it is at one moment. Of a witness that `is_copy` the latest seals may be missing. Raises
    WitnessAway, also where the witness has no seal and should have some, and Unavailable.
    """
    taken: list[WitnessedStatement] = []
    noted: Sequence[int] = []
    if witness is not None:
        with database.read_session() as session:
            noted = session.scalars(select(WitnessedSeal.number)).all()
        taken = list(witness.taken())
        if not taken and (noted or is_copy):
            raise WitnessAway(f"the witness has no seal, {len(noted)} are noted as taken")
    if is_copy:
        last = max((seal.number for seal in taken), default=0)
        noted = [number for number in noted if number < last]
    with database.read_session() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        check = Check(session, claims_reader(signer), now, taken, noted, **options)
        for finding in check.findings():
            found(finding)
        return check


def claims_reader(signer: Signer) -> Callable[[str], dict[str, Any] | None]:
    """What reads the claims of a statement that one of the keys for seals signed."""

    def read(statement: str) -> dict[str, Any] | None:
        try:
            return signer.verify(KeyPurpose.SEAL, statement)
        except InvalidSignature:
            return None

    return read


def _sign(signer: Signer) -> event_seals.Sign:
    return lambda claims: signer.sign(KeyPurpose.SEAL, claims)


def _hand_over(database: Database, witness: Witness, now: datetime, stopping: Callable[[], bool]) -> None:
    """Hand over the seals that the witness has not taken, in their order, and note which it took."""
    while not stopping() and (waiting := list(_waiting(database))):
        for each in waiting:
            witness.take(each)
            with database.transaction() as session:
                session.execute(
                    insert(WitnessedSeal).values(number=each.number, witnessed_at=now).on_conflict_do_nothing()
                )


def _waiting(database: Database) -> Iterator[WitnessedStatement]:
    taken = select(WitnessedSeal.number)
    query = select(Seal.number, Seal.statement, Seal.leaves).where(Seal.number.not_in(taken)).order_by(Seal.number)
    with database.read_session() as session:
        rows = session.execute(query.limit(_HANDED)).all()
    return (WitnessedStatement(row.number, row.statement, bytes(row.leaves)) for row in rows)
