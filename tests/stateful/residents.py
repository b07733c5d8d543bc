"""A simulated resident: the passports, and the phone."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from immigration.models.people import document_index
from tests.factories import Resident, activate
from tests.stateful.service import Service
from tests.stateful.snapshot import Snapshot

TOKEN_LASTS = timedelta(minutes=9)


@cache
def _index(passport: str) -> bytes:
    return document_index("FRA", passport)


@dataclass
class SimulatedResident:
    """A resident. `assurance` is how the phone in use was, or will be, activated."""

    service: Service
    assurance: str
    passports: list[str] = field(default_factory=list)
    _phone: Resident | None = None
    _fresh_until: datetime | None = None

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
        if self._phone is None or (self._fresh_until and self.service.now > self._fresh_until and not self._refresh()):
            self.activate(self.assurance)
        assert self._phone is not None
        return self._phone

    @property
    def has_phone(self) -> bool:
        """Whether a phone was ever activated."""
        return self._phone is not None

    def activate(self, assurance: str) -> None:
        """Activate a phone and register it for messages, as the app does."""
        self.assurance = assurance
        self._phone = activate(self.service.app, self.passport, assurance=assurance)
        self._fresh_until = self.service.now + TOKEN_LASTS
        device = {"platform": "android", "kind": "fid", "target": f"phone-{self.passport}", "language": "th"}
        answer = self.service.client.put("/api/v1/devices/phone", json=device, headers=self._phone.headers)
        assert answer.status_code == 200, answer.json

    def _refresh(self) -> bool:
        assert self._phone is not None
        answer = self.service.client.post("/api/v1/tokens", json={"refresh_token": self._phone.refresh_token})
        if answer.status_code != 201 and answer.status_code != 200:
            assert answer.status_code == 401, answer.json
            return False
        headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
        self._phone = Resident(self.service.client, headers, answer.json["resident_id"], answer.json["refresh_token"])
        self._fresh_until = self.service.now + TOKEN_LASTS
        return True

    def merge(self, other: "SimulatedResident") -> None:
        """Take over another resident who is the same person; the phone of the other is used from now on."""
        self.passports += other.passports
        if other._phone:
            self._phone, self.assurance = other._phone, other.assurance
            self._fresh_until = self.service.now - timedelta(minutes=1)  # its access token names the merged person
