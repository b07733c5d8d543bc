"""A person as a life knows them: their passports, and the phone they use."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from immigration.models.people import document_index
from tests.factories import Resident, activate
from tests.stateful.picture import Picture
from tests.stateful.world import World

TOKEN_LASTS = timedelta(minutes=9)


@cache
def _index(passport: str) -> bytes:
    return document_index("FRA", passport)


@dataclass
class Soul:
    """A person. `assurance` is how their phone is activated, or was."""

    world: World
    assurance: str
    passports: list[str] = field(default_factory=list)
    _phone: Resident | None = None
    _fresh_until: datetime | None = None

    @property
    def passport(self) -> str:
        """The one they hold now."""
        return self.passports[-1]

    def id_in(self, picture: Picture) -> str:
        """The service's id of this person."""
        return picture.person_of(_index(self.passports[0]))

    @property
    def phone(self) -> Resident:
        """Their phone, signed in: activated at its first use, and when it was not used for so long that it must be."""
        if self._phone is None or (self._fresh_until and self.world.now > self._fresh_until and not self._refresh()):
            self.activate(self.assurance)
        assert self._phone is not None
        return self._phone

    @property
    def has_phone(self) -> bool:
        """Whether a phone was ever activated."""
        return self._phone is not None

    def activate(self, assurance: str) -> None:
        """Join a phone anew; it asks to be told, as every app does."""
        self.assurance = assurance
        self._phone = activate(self.world.app, self.passport, assurance=assurance)
        self._fresh_until = self.world.now + TOKEN_LASTS
        device = {"platform": "android", "kind": "fid", "target": f"phone-{self.passport}", "language": "th"}
        said = self.world.client.put("/api/v1/devices/phone", json=device, headers=self._phone.headers)
        assert said.status_code == 200, said.json

    def _refresh(self) -> bool:
        assert self._phone is not None
        answer = self.world.client.post("/api/v1/tokens", json={"refresh_token": self._phone.refresh_token})
        if answer.status_code != 201 and answer.status_code != 200:
            assert answer.status_code == 401, answer.json
            return False
        headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
        self._phone = Resident(self.world.client, headers, answer.json["resident_id"], answer.json["refresh_token"])
        self._fresh_until = self.world.now + TOKEN_LASTS
        return True

    def take_in(self, other: "Soul") -> None:
        """The other is the same person. Phones of both go on; the other's is the one in use if there was none."""
        self.passports += other.passports
        if other._phone:
            self._phone, self.assurance = other._phone, other.assurance
            self._fresh_until = self.world.now - timedelta(minutes=1)  # its access token names one who is gone
