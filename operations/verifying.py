"""The round that verifies the audit trail: once a day, and when an auditor asks for it."""

import logging
from datetime import datetime

from foundation import verifications
from foundation.clock import Clock
from foundation.db import Database
from foundation.errors import Unavailable
from foundation.seal_checks import Check, Finding
from foundation.verifications import Verification
from foundation.witnesses import Witness, WitnessAway
from immigration.services.keys import Signer
from operations import auditing

log = logging.getLogger(__name__)


def verify_round(
    database: Database, signer: Signer, now: datetime, *, clock: Clock, witness: Witness | None = None
) -> int:
    """Make the verification that waits, or the one of the day; how many were made. One worker at a time does it."""
    with database.transaction() as session:
        verification = verifications.find_open(session)
        if verification is None and verifications.is_due(session, now):
            verification, _ = verifications.ask(session, asked_as=None, now=now)
        if verification is None:
            return 0
        verification.began_at = now
        number = verification.id
    signer.refresh()
    patient, found = database.without_timeout(pool_size=1), _Found()
    try:
        result = _result(auditing.verify(patient, signer, witness, found, now=now), found, witness)
    except (WitnessAway, Unavailable) as problem:
        result = {"first_fault": str(problem)}
    finally:
        patient.close()
    with database.transaction() as session:
        ended = session.get_one(Verification, number)
        ended.ended_at = clock()
        for name, value in result.items():
            setattr(ended, name, value)
        if ended.faults:
            log.error("the audit trail has %d faults: %s", ended.faults, ended.first_fault)
    return 1


class _Found:
    """The faults that were found: how many, and the first."""

    count = 0
    first: str | None = None

    def __call__(self, finding: Finding) -> None:
        """Take one."""
        self.count += 1
        self.first = self.first or str(finding)


def _result(check: Check, found: _Found, witness: Witness | None) -> dict[str, object]:
    return {
        "up_to_seal": check.seals,
        "events": check.events,
        "removed": check.removed,
        "waiting": check.waiting,
        "witnessed": witness is not None,
        "faults": found.count,
        "first_fault": found.first,
    }
