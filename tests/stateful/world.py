"""The service that lives are lived with: one application, database and worker a process, and a clock that lives set."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app import create_app
from devtools.standins import fcm
from foundation.config import Settings
from foundation.db import Base, Database
from foundation.identity import Role
from immigration.models.access import Officer
from immigration.registries.law import FOLDER, Law
from immigration.registries.mail import SmtpMailer
from immigration.services import officers
from immigration.services.judging import FilingContext
from notifications.channels.fcm import FcmChannel
from operations import worker
from operations.services import services_of
from tests.conftest import NOW, SECRET, emptied
from tests.factories import PASSWORD, Resident

STAFF = {"one": Role.OFFICER, "two": Role.OFFICER, "boss": Role.SUPERVISOR}
STAYS = {"officers", "signing_keys"}  # between lives: making them anew is slow, and they belong to nobody's life
_EMPTY = " ".join(f"delete from {t.name};" for t in reversed(Base.metadata.sorted_tables) if t.name not in STAYS)
NOTICES = """
[[waiver]]
kind = "outage"
name = "The service was away"
from = 2026-12-07
until = 2026-12-09
grade = "OWN"
source = "made up"

[[waiver]]
kind = "waiver"
name = "Floods"
from = 2027-02-20
until = 2027-03-05
grade = "OWN"
source = "made up"
"""
EARLIER = """
[[window]]
channel = "online"
opens_before = 20
closes_after = 0
effective_from = 2027-02-01
grade = "OWN"
source = "made up"
"""


@dataclass
class Seat:
    """An officer's sign-in, good for the moment it was made at."""

    officer: Resident
    at: datetime


class World:
    """Everything that stays from life to life; `begin` makes it new."""

    def __init__(self, database: Database, google: fcm.StandIn) -> None:
        settings = Settings(environment="test", secret_keys=(SECRET,), fcm_endpoint=google.url)
        self.now = NOW
        self.database, self.google = emptied(database), google
        self.app = create_app(settings, database=database, clock=lambda: self.now)
        self.app.testing = True
        self.client = self.app.test_client()
        self.channel = FcmChannel(settings, threads=1)
        self._mailer = SmtpMailer("smtp://127.0.0.1:1", "nobody@localhost")  # no life asks for a mail
        self.happened: Counter[str] = Counter()
        self._seats: dict[str, Seat] = {}
        self._known = self._hire()

    @property
    def filing(self) -> FilingContext:
        """Records, law and signer, as the service has them now."""
        found: FilingContext = services_of(self.app).filing
        return found

    def begin(self) -> None:
        """A new life: the first day, the first law, no rows but those of the staff."""
        self.now = NOW
        self.publish(notices=False)
        with self.database.engine.begin() as connection:
            connection.exec_driver_sql(f"do $$ begin {_EMPTY} end $$")
        self._seats.clear()
        self.google.clear()

    def publish(self, *, notices: bool) -> None:
        """The law in force from now on: the one that ships, or with notices of outages and an earlier window."""
        services_of(self.app).filing = replace(self.filing, law=law_with(NOTICES, EARLIER) if notices else law_with())

    def officer(self, name: str) -> Resident:
        """An officer, or the supervisor, signed in at this moment. The password was checked once, when they came."""
        seat = self._seats.get(name)
        if seat is None or seat.at != self.now:
            with self.database.transaction() as session:
                signed_in = officers.sign_in(session, self._known[name], matches=True, totp=None, now=self.now)
            assert signed_in is not None
            resident = Resident(self.client, {"Authorization": f"Bearer {signed_in.access_token}"}, "")
            seat = self._seats[name] = Seat(resident, self.now)
        return seat.officer

    def round(self, *names: str) -> None:
        """The worker's rounds of these names once, all of them if none is named, at this moment."""
        due_today = services_of(self.app).due_today
        context = worker.WorkerContext(
            self.database, lambda: self.now, self.filing, self._mailer, self.channel, due_today
        )
        for each in worker.ROUNDS:
            if not names or each.name in names:
                each.run(context, self.now)

    def _hire(self) -> dict[str, officers.Credentials]:
        with self.database.transaction() as session:
            for name, role in STAFF.items():
                officers.add(session, name, password=PASSWORD, role=role, office=None, actor="test", now=self.now)
        with self.database.read_session() as session:
            rows = session.execute(select(Officer.name, Officer.id, Officer.password_hash))
            return {name: officers.Credentials(id_, hashed) for name, id_, hashed in rows}


@contextmanager
def world(database: Database) -> Iterator[World]:
    """A world on a database whose rows go."""
    with fcm.start() as google:
        made = World(database, google)
        try:
            yield made
        finally:
            made.channel.close()
            emptied(database)


@cache
def law_with(waivers: str = "", windows: str = "") -> Law:
    """The law that ships, with more entries."""
    more: dict[str, Any] = {"waivers": waivers, "windows": windows}
    with tempfile.TemporaryDirectory() as folder:
        for path in FOLDER.glob("*.toml"):
            Path(folder, path.name).write_text(path.read_text("utf-8") + more.get(path.stem, ""), "utf-8")
        return Law(Path(folder))
