"""Benchmark data of the size of a nation: people with a year of stays, four reports each, and the rows that these made.

Ninety people are created through the service itself: they are imported, and file four reports each in time. Their
rows are then copied, set by set, until there are as many people as wanted. So every row is one that the service made,
but for ids, numbers and blind indexes; numbers are as long as real ones. Of history, only the newest report of a person
has its events and idempotency key.

The data stay under `var/` and are used again. `BENCH_PEOPLE` sets the size.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text

from app import create_app
from benchmarks import copies, forms, names
from benchmarks.tables import say
from devtools.demo.places import Place, choose_place
from devtools.postgres import Server, local_server
from foundation.config import Settings
from foundation.db import Database
from foundation.identity import Principal, Role
from foundation.sealing import Keyring, use_keyring
from immigration.schemas.reports import filed_json
from immigration.services import reports
from notifications.rules import Platform, TargetKind
from notifications.services import devices
from operations import migrating
from operations.services import services_of
from tests.factories import load, row

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SECRET = "a-secret-of-the-benchmarks-that-is-long-enough"  # noqa: S105 - of made-up people
TEMPLATES = 90
REPORTS = 4
PENDING = 30
"""Of this many people one has lost the passport when the newest report is filed, so that it waits for an officer."""

SETTINGS = {
    "shared_buffers": "4GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "work_mem": "64MB",
    "maintenance_work_mem": "1GB",
    "random_page_cost": "1.1",
}
LOADING = {"fsync": "off", "wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off"}


@dataclass(frozen=True)
class Nation:
    """A database full of people: its server and its URL."""

    people: int
    server: Server
    url: str
    only: Collection[str] | None = None
    """The tables that are full, where not all are."""

    def database(self) -> Database:
        """A database without statement timeout, of this process."""
        return Database(self.url, statement_timeout=0)

    def restore(self) -> None:
        """Undo every filing since the nation was made, so that the same people can file again."""
        with psycopg.connect(self.url) as connection:
            last = connection.execute("select last_report, last_event, last_key from nation_rows").fetchone()
            assert last
            values = dict(zip(("report", "event", "key"), last, strict=True))  # in the text: the planner has to know
            for statement in _RESTORE:
                connection.execute(statement.format(**values))


_REMEMBER = (
    """create table nation_rows as select (select max(id) from reports) as last_report,
        (select max(id) from events) as last_event, (select max(created_at) from idempotency_keys) as last_key""",
    "create table nation_before as select * from obligations",
    "alter table nation_before add primary key (person_id)",
    "analyze nation_before",
)
_NEW = "select id from reports where id > {report}"
_RESTORE = (
    "select set_config('app.removes_expired', 'on', true)",
    f"delete from receipts where report_id in ({_NEW})",
    f"delete from decisions where report_id in ({_NEW})",
    "delete from events where id > {event}",
    "delete from idempotency_keys where created_at > '{key}'",
    """update obligations o set revision = b.revision, basis = b.basis, due_on = b.due_on, opens_on = b.opens_on,
        online_closes_on = b.online_closes_on, grace_ends_on = b.grace_ends_on, late_after = b.late_after,
        expected = b.expected from nation_before b where o.person_id = b.person_id
        and o.person_id in (select person_id from reports where id > {report})""",
    "delete from reports where id > {report}",
)


def wanted(otherwise: int = 400_000) -> int:
    """How many people are asked for."""
    return int(os.environ.get("BENCH_PEOPLE", str(otherwise)))


@contextmanager
def nation(people: int, *, only: Collection[str] | None = None) -> Iterator[Nation]:
    """A nation of that many people, made if there is none yet; with `only` some of its tables, which is made sooner."""
    server = local_server(ROOT / "var" / f"nation-{people}{'-in-part' if only else ''}")
    try:
        url = server.ensure_database("nation")
        nation_data = Nation(people, server, url, only)
        if not _is_complete(url):
            _make(nation_data)
        nation_data = Nation(people, server, server.url("nation"), only)
        _bring_up_to_date(nation_data)
        with psycopg.connect(nation_data.url) as connection:
            if connection.execute("select to_regclass('nation_rows')").fetchone() == (None,):
                for statement in _REMEMBER:
                    connection.execute(statement)
        nation_data.restore()
        yield nation_data
    finally:
        server.leave()


def alone(database: Database, statement: str) -> None:
    """A statement outside any transaction, however long it takes."""
    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


def application(database: Database, clock: Any = lambda: NOW) -> Any:
    """The application on a nation's database."""
    return create_app(Settings(environment="test", secret_keys=(SECRET,)), database=database, clock=clock)


def _is_complete(url: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute("select to_regclass('nation_is_complete')").fetchone()
        return row is not None and row[0] is not None


def _bring_up_to_date(nation_data: Nation) -> None:
    database = nation_data.database()
    migrating.bring_up_to_date(database)
    database.close()


def _make(made: Nation) -> None:
    say(f"Making a nation of {made.people:,} people and {made.people * REPORTS:,} reports, once ...")
    _configure(made.server, SETTINGS | LOADING)
    with psycopg.connect(made.server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database if exists nation")
    database = Database(made.server.ensure_database("nation"), statement_timeout=0)
    migrating.bring_up_to_date(database)
    _create_templates(database)
    with database.engine.begin() as connection:
        copies.make(connection, made.people // TEMPLATES - 1, only=made.only)
        if not made.only:
            names.give(connection)
    alone(database, "vacuum analyze")
    alone(database, "create table nation_is_complete ()")
    database.close()
    _configure(made.server, SETTINGS)


def _configure(server: Server, settings: dict[str, str]) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("alter system reset all")
        for name, value in settings.items():
            connection.execute(f"alter system set {name} = '{value}'")
    server.stop()
    server.start()


def _create_templates(database: Database) -> None:
    """Import the templates with residence and phone, and file REPORTS reports of each."""
    moment = [NOW]
    app = application(database, lambda: moment[0])
    # Sealed to their columns only, since the copies share them; processes open such fields while no row says otherwise.
    use_keyring(Keyring((SECRET,), binds=False))
    alone(database, "delete from key_checks where name = 'sealed-to-rows'")
    # In the order of time: what is imported is judged as of its day, and so is everybody whose dates it may concern.
    steps = [(_instant(_arrival(number)), number, 0) for number in range(TEMPLATES)]
    people: dict[int, UUID] = {}
    while steps:
        moment[0], number, nth = heappop(steps)
        if nth == 0:
            people[number] = _enter(app, number, _arrival(number))
        else:
            if number % PENDING == 0 and nth == REPORTS:
                load(app, "passports", row("passports", document_number=f"NATION{number:03}", status="lost"))
            _file(app, people[number], number, nth - 1)
        if nth < REPORTS:
            heappush(steps, (_filing_time(database, people[number]), number, nth + 1))


def _instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


def _arrival(number: int) -> date:
    """So that the next due dates lie evenly from a week ago to 82 days from now."""
    return NOW.date() - timedelta(days=90 * (REPORTS + 1) - 1 - 82 + number)


def _place(number: int) -> Place:
    return choose_place(Random(number), "west")


def _enter(app: Any, number: int, arrived: date) -> UUID:
    place, own = _place(number), {"document_number": f"NATION{number:03}"}
    granted = arrived  # on the day itself, so that it moves no date
    load(app, "passports", row("passports", surname=f"TEMPLATE{number}", **own))
    until = str(arrived + timedelta(days=300))
    load(app, "movements", row("movements", occurred_on=str(arrived), permitted_until=until, **own))
    until = str(arrived + timedelta(days=700))
    load(app, "permissions", row("permissions", granted_on=str(granted), permitted_until=until, **own))
    home = {"subdistrict_code": place.subdistrict_code, "address": place.line, "from_on": str(arrived)}
    load(app, "residences", row("residences", **home, **own))
    now = services_of(app).clock()
    with services_of(app).database.transaction() as session:
        person: UUID = session.execute(text("select person_id from passports order by id desc limit 1")).scalar_one()
        phone = devices.Registration(Platform.ANDROID, TargetKind.FID, f"target-{number:0150}", "en")
        devices.register(session, "phone", person_id=person, family=None, registration=phone, now=now)
    return person


def _filing_time(database: Database, person: UUID) -> datetime:
    """Noon of a day on which the person's window is open."""
    with database.read_session() as session:
        opens_on: date = session.execute(
            text("select opens_on from obligations where person_id = :person"), {"person": person}
        ).scalar_one()
    return datetime(opens_on.year, opens_on.month, opens_on.day, 5, tzinfo=UTC) + timedelta(days=4)


def _file(app: Any, person: UUID, number: int, nth: int) -> None:
    author = Principal(Role.RESIDENT, person, assurance="counter")
    submission = forms.submission(_place(number).subdistrict_code, str(UUID(int=number * REPORTS + nth)))
    with services_of(app).database.transaction() as session:
        reports.file(
            session.connection(),
            submission,
            author=author,
            context=services_of(app).filing,
            render=filed_json,
            now=services_of(app).clock(),
        )
