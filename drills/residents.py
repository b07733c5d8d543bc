"""Sets up many residents whose report is due: imported as records, with a phone and an access token each."""

import csv
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, text

from drills.installation import Installation
from foundation.clock import bangkok_date, system_clock
from foundation.sealing import bound, keyring
from immigration.registries.access import terms
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
    """A person who may file now, and how their signed-in phone gets an access token."""

    id: UUID
    sign: Callable[[], str]

    @property
    def token(self) -> str:
        """An access token that was just issued: one lives for minutes, a drill for hours."""
        return self.sign()

    @property
    def target(self) -> str:
        """The push address of their phone."""
        return f"phone-of-{self.id}"


def add(
    system: Installation, count: int, *, assurance: str = "counter", reminded: bool = True, by_mail: bool = False
) -> list[Resident]:
    """Add residents who are due, each with a phone; `reminded` marks the reminder of this step as sent.

    With `by_mail` they have no phone, and gave an address on arrival.

    Without a phone activated at a counter a first report waits for an officer.
    """
    prefix = f"{next(_numbers):04}"
    now = system_clock()
    _import(system, prefix, count, by_mail=by_mail)
    with system.database.read_session() as session:
        ids = list(session.scalars(_PERSONS, {"pattern": f"{prefix}-%"}))
    if reminded:
        rounds.plan_round(system.database, services_of(system.app).due_today, now)
        with system.database.transaction() as session:
            session.execute(_REMINDED)
    residents = [Resident(id_, partial(_token, system, id_, assurance, uuid4())) for id_ in ids]
    if not by_mail:
        with system.database.transaction() as session:
            session.execute(insert(Device), [_phone(resident) for resident in residents])
    return residents


def _import(system: Installation, prefix: str, count: int, *, by_mail: bool) -> None:
    arrived = bangkok_date(system_clock()) - ARRIVED
    for kind in ("passports", "movements"):
        path = system.folder / f"{kind}.csv"
        columns = KINDS[kind].columns
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            domain = "example.org" if by_mail else ""
            writer.writerows(_rows(prefix, count, columns, arrived.isoformat(), domain))
        outcome = records.import_file(
            system.database, kind, path, records=ImportedRecords(), law=law(), now=system_clock()
        )
        if outcome.counts["imported"] != count:
            raise RuntimeError(f"{kind}: {outcome}")


def _rows(prefix: str, count: int, columns: tuple[str, ...], arrived: str, domain: str) -> Iterator[dict[str, str]]:
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
        if domain:
            own["contact_email"] = f"{prefix}-{number:06}@{domain}"
        yield kept | {name: value for name, value in own.items() if name in columns}


def _token(system: Installation, person_id: UUID, assurance: str, family: UUID) -> str:
    settings, signer, now = services_of(system.app).settings, services_of(system.app).filing.signer, system_clock()
    claims = {
        "iss": settings.public_url,
        "aud": audience(settings),
        "sub": str(person_id),
        "fam": str(family),
        "asr": assurance,
        "iat": int(now.timestamp()),
        "exp": int((now + terms(bangkok_date(now)).access_token).timestamp()),
    }
    typed: Signer = signer
    return typed.sign(KeyPurpose.ACCESS, claims)


def _phone(resident: Resident) -> dict[str, Any]:
    return {
        "person_id": resident.id,
        "device_id": "phone",
        "platform": "android",
        "kind": "fid",
        "target": bound(resident.target, resident.id, "phone"),
        "target_index": keyring().index("devices.target", "fid", resident.target),
        "language": "en",
        "updated_at": system_clock(),
    }
