"""Sets up many residents whose report is due: imported as records, with a phone and an access token each."""

import csv
import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text

from drills.installation import Installation
from foundation.clock import bangkok_date, system_clock
from foundation.sealing import keyring
from immigration.registries.law import law
from immigration.registries.records import ImportedRecords
from immigration.rules.codes import KeyPurpose
from immigration.rules.rows import KINDS
from immigration.services import records
from immigration.services.keys import Signer
from immigration.services.tokens import audience
from notifications import rounds
from notifications.models import Device
from operations.services import services_of

ARRIVED = timedelta(days=79)
"""Before today: the window is open, and no other reminder step begins for some days."""
TOKEN_LIFE = timedelta(days=1)
_numbers = itertools.count(1)
_PERSONS = text(
    """select p.person_id from movements m join passports p on p.id = m.passport_id
    where m.movement_id like :pattern order by m.movement_id"""
)
_REMINDED = text(
    "update notifications set status = 'sent', settled_at = now() where status in ('pending', 'unreachable')"
)


@dataclass(frozen=True, slots=True)
class Resident:
    """A person who may file now, and the access token of a signed-in phone."""

    id: UUID
    token: str

    @property
    def target(self) -> str:
        """The push address of their phone."""
        return f"phone-of-{self.id}"


def add(system: Installation, count: int, *, assurance: str = "counter", reminded: bool = True) -> list[Resident]:
    """Add residents who are due, each with a phone; `reminded` marks the reminder of this step as sent.

    Without a phone activated at a counter a first report waits for an officer.
    """
    prefix = f"{next(_numbers):04}"
    now = system_clock()
    _import(system, prefix, count)
    with system.database.read_session() as session:
        ids = list(session.scalars(_PERSONS, {"pattern": f"{prefix}-%"}))
    if reminded:
        rounds.plan_round(system.database, services_of(system.app).due_today, now)
        with system.database.transaction() as session:
            session.execute(_REMINDED)
    residents = [Resident(id_, _token(system, id_, assurance)) for id_ in ids]
    with system.database.transaction() as session:
        session.execute(insert(Device), [_phone(resident) for resident in residents])
    return residents


def _import(system: Installation, prefix: str, count: int) -> None:
    arrived = bangkok_date(system_clock()) - ARRIVED
    for kind in ("passports", "movements"):
        path = system.folder / f"{kind}.csv"
        columns = KINDS[kind].columns
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(_rows(prefix, count, columns, arrived.isoformat()))
        outcome = records.import_file(
            system.database, kind, path, records=ImportedRecords(), law=law(), now=system_clock()
        )
        if outcome.counts["imported"] != count:
            raise RuntimeError(f"{kind}: {outcome}")


def _rows(prefix: str, count: int, columns: tuple[str, ...], arrived: str) -> Iterator[dict[str, str]]:
    defaults = {
        "issuing_state": "FRA",
        "nationality": "FRA",
        "surname": "DRILL",
        "given_names": "ALIX",
        "birth_date": "1990-01-02",
        "sex": "F",
        "expires_on": "2099-01-01",
        "status": "valid",
        "direction": "arrival",
        "occurred_on": arrived,
        "checkpoint": "Suvarnabhumi",
        "visa_class": "NON-O",
        "permitted_until": "2099-01-01",
    }
    kept = {name: value for name, value in defaults.items() if name in columns}
    for number in range(count):
        own = {"document_number": f"D{prefix}{number:06}", "movement_id": f"{prefix}-{number:06}"}
        yield kept | {name: value for name, value in own.items() if name in columns}


def _token(system: Installation, person_id: UUID, assurance: str) -> str:
    settings, signer, now = services_of(system.app).settings, services_of(system.app).filing.signer, system_clock()
    claims = {
        "iss": settings.public_url,
        "aud": audience(settings),
        "sub": str(person_id),
        "fam": str(uuid.uuid4()),
        "asr": assurance,
        "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LIFE).timestamp()),
    }
    typed: Signer = signer
    return typed.sign(KeyPurpose.ACCESS, claims)


def _phone(resident: Resident) -> dict[str, Any]:
    return {
        "person_id": resident.id,
        "device_id": "phone",
        "platform": "android",
        "kind": "fid",
        "target": resident.target,
        "target_index": keyring().index("devices.target", "fid", resident.target),
        "language": "en",
        "updated_at": system_clock(),
    }
