"""The service under test: one application, database and worker for a test process, and a clock that histories set."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app import create_app
from devtools.standins import fcm
from foundation.config import Settings
from foundation.db import Base, Database
from foundation.identity import Role
from foundation.mail import SmtpMailer
from immigration.models.access import Officer
from immigration.services import officers
from immigration.services.judging import FilingContext
from notifications.channels.fcm import FcmChannel
from operations import worker
from operations.services import services_of
from tests.conftest import NOW, SECRET, emptied
from tests.factories import PASSWORD, Resident
from tests.laws import law_with

STAFF = {"one": Role.OFFICER, "two": Role.OFFICER, "colleague": Role.OFFICER, "boss": Role.SUPERVISOR}
KEPT_TABLES = {"officers", "signing_keys"}  # not deleted between histories: creating them is slow
_EMPTY = "set local session_replication_role = replica; " + " ".join(  # events may only be added to
    f"delete from {t.name};" for t in reversed(Base.metadata.sorted_tables) if t.name not in KEPT_TABLES
)
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
class SignedInOfficer:
    """An officer's session, and the moment of the sign-in."""

    officer: Resident
    moment: datetime


ALL_REMINDED = NOW + timedelta(minutes=45)
"""A quarter to eleven in Bangkok: by then the reminders of a day have gone out."""
RETAINED_EVERY = timedelta(days=20)
"""How often expired rows are removed at most: the round asks every table, which would be a fifth of all the time."""


class Service:
    """What all histories share; `begin` resets it."""

    def __init__(self, database: Database, google: fcm.StandIn) -> None:
        settings = Settings(environment="test", secret_keys=(SECRET,), fcm_endpoint=google.url)
        self.now = ALL_REMINDED
        self.database, self.google = emptied(database), google
        self.app = create_app(settings, database=database, clock=lambda: self.now)
        self.app.testing = True
        self.client = self.app.test_client()
        self.channel = FcmChannel(settings, connections=1)
        self._mailer = SmtpMailer("smtp://127.0.0.1:1", "tests@localhost")  # no history asks for a mail
        self.counts: Counter[str] = Counter()
        self._retained_at = self.now - RETAINED_EVERY
        self._signed_in: dict[str, SignedInOfficer] = {}
        self._credentials = self._add_staff()

    @property
    def filing(self) -> FilingContext:
        """Records, law and signer, as the service has them now."""
        context: FilingContext = services_of(self.app).filing
        return context

    def begin(self) -> None:
        """Begin a history: the first day, the law that ships, no rows but those of the staff."""
        self.now = ALL_REMINDED
        self._retained_at = self.now - RETAINED_EVERY
        self.publish(notices=False)
        with self.database.engine.begin() as connection:
            connection.exec_driver_sql(f"do $$ begin {_EMPTY} end $$")
        self._signed_in.clear()
        self.google.clear()

    def publish(self, *, notices: bool) -> None:
        """Replace the law: the one that ships, or one with outages and an earlier window."""
        law = law_with(waivers=NOTICES, windows=EARLIER) if notices else law_with()
        services_of(self.app).filing = replace(self.filing, law=law)

    def officer(self, name: str) -> Resident:
        """An officer or the supervisor, signed in at this moment; the password check is skipped because it is slow."""
        known = self._signed_in.get(name)
        if known is None or known.moment != self.now:
            with self.database.transaction() as session:
                signed_in = officers.sign_in(
                    session,
                    self._credentials[name],
                    matches=True,
                    totp=None,
                    factor_required=False,
                    last_try=False,
                    now=self.now,
                )
            assert isinstance(signed_in, officers.SignedIn)
            resident = Resident(self.client, {"Authorization": f"Bearer {signed_in.access_token}"}, "")
            known = self._signed_in[name] = SignedInOfficer(resident, self.now)
        return known.officer

    def post_approved(self, name: str, path: str, body: dict[str, Any]) -> Any:
        """An officer's POST; where it waits for another person, one who decides nothing approves; it is sent again."""
        answer = self.officer(name).post(path, body)
        if answer.status_code != 202:
            return answer
        approval = f"/review/approvals/{answer.json['approval']}"
        settled = self.officer("colleague").post(approval, {"outcome": "approved", "note": "Seen."})
        assert settled.status_code == 200, settled.json
        return self.officer(name).post(path, body)

    def round(self, *names: str) -> None:
        """Run the worker's rounds of these names, or all of them but those that are not due, once at this moment."""
        due_today = services_of(self.app).due_today
        context = worker.WorkerContext(
            self.database, lambda: self.now, self.filing, self._mailer, {"push": self.channel}, due_today
        )
        unused = {"send-mail", "send-webpush"}
        if self.now < self._retained_at + RETAINED_EVERY:
            unused.add("retain")
        for each in worker.ROUNDS:
            if each.name not in unused and (not names or each.name in names):
                each.run(context, self.now)
                if each.name == "retain":
                    self._retained_at = self.now

    def _add_staff(self) -> dict[str, officers.Credentials]:
        with self.database.transaction() as session:
            for name, role in STAFF.items():
                officers.add(session, name, password=PASSWORD, role=role, office=None, actor="test", now=self.now)
        with self.database.read_session() as session:
            rows = session.execute(select(Officer.name, Officer.id, Officer.password_hash))
            return {name: officers.Credentials(id_, hashed) for name, id_, hashed in rows}


@contextmanager
def run_service(database: Database) -> Iterator[Service]:
    """The service on a database, which is emptied before and afterwards."""
    with fcm.start() as google:
        service = Service(database, google)
        try:
            yield service
        finally:
            service.channel.close()
            emptied(database)
