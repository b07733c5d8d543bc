"""A simulated resident: the passports, and the phones."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from uuid import uuid4

from immigration.models.people import document_index
from tests.factories import Resident, activate
from tests.stateful.service import Service
from tests.stateful.snapshot import Snapshot

TOKEN_LASTS = timedelta(minutes=9)


@cache
def _index(passport: str) -> bytes:
    return document_index("FRA", passport)


@dataclass
class Phone:
    """A signed-in phone: the passport and the assurance of its activation, and until when its access token lasts."""

    passport: str
    assurance: str
    signed_in: Resident
    fresh_until: datetime


@dataclass
class SimulatedResident:
    """A resident. `assurance` is how the phone in use was, or will be, activated; the last of the phones is used."""

    service: Service
    assurance: str
    passports: list[str] = field(default_factory=list)
    phones: list[Phone] = field(default_factory=list)

    @property
    def passport(self) -> str:
        """The newest passport."""
        return self.passports[-1]

    def id_in(self, snapshot: Snapshot) -> str:
        """The service's id of this person."""
        return snapshot.person_of(_index(self.passports[0]))

    @property
    def phone(self) -> Resident:
        """The signed-in phone: activated at its first use, and again when its refresh token has expired."""
        if not self.phones or (self.service.now > self.phones[-1].fresh_until and not self._refresh()):
            self.activate(self.assurance)
        return self.phones[-1].signed_in

    @property
    def has_phone(self) -> bool:
        """Whether a phone was ever activated."""
        return bool(self.phones)

    def activate(self, assurance: str) -> None:
        """Activate a phone and register it for messages, as the app does."""
        self.assurance = assurance
        signed_in = activate(self.service.app, self.passport, assurance=assurance)
        self.phones.append(Phone(self.passport, assurance, signed_in, self.service.now + TOKEN_LASTS))
        device = {"platform": "android", "kind": "fid", "target": f"phone-{uuid4()}", "language": "th"}
        answer = self.service.client.put(f"/api/v1/devices/{device['target']}", json=device, headers=signed_in.headers)
        assert answer.status_code == 200, answer.json

    def _refresh(self) -> bool:
        phone = self.phones[-1]
        body = {"refresh_token": phone.signed_in.refresh_token}
        answer = self.service.client.post("/api/v1/tokens", json=body)
        if answer.status_code != 201 and answer.status_code != 200:
            assert answer.status_code == 401, answer.json
            return False
        headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
        phone.signed_in = Resident(
            self.service.client, headers, answer.json["resident_id"], answer.json["refresh_token"]
        )
        phone.fresh_until = self.service.now + TOKEN_LASTS
        return True

    def merge(self, other: "SimulatedResident") -> None:
        """Take over another resident who is the same person; the phone of the other is used from now on."""
        self.passports += other.passports
        self.phones += other.phones
        if other.phones:
            self.assurance = other.assurance

    def separate(self, number: int) -> "SimulatedResident":
        """Give all but so many of the passports to another resident, with the phones that were activated with them."""
        other = SimulatedResident(self.service, self.assurance, self.passports[number:])
        self.passports = self.passports[:number]
        other.phones = [phone for phone in self.phones if phone.passport in other.passports]
        self.phones = [phone for phone in self.phones if phone.passport in self.passports]
        for resident in (self, other):
            if resident.phones:
                resident.assurance = resident.phones[-1].assurance
        return other
