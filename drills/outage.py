"""Drill: Firebase is away for 72 hours while many are due. All of them are reminded once afterwards, but for who filed.

The rounds run on a clock of their own, half an hour at a time, on a real database, and with real stand-ins.
"""

import json
import logging
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Date,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    Uuid,
    func,
    insert,
    literal,
    null,
    select,
    text,
    true,
)

from devtools.postgres import temporary_server
from devtools.standins import mailbox
from drills.installation import SECRET, eventually, free_ports
from drills.rows import Row
from drills.sizes import Sizes
from foundation.config import Settings
from foundation.db import Base, Database
from foundation.sealing import Keyring, bound, keyring, use_keyring
from notifications import rounds
from notifications.channels.fcm import CHANNEL as PUSH
from notifications.channels.fcm import FcmChannel
from notifications.channels.mail import CHANNEL as MAIL
from notifications.channels.mail import MailChannel
from notifications.models import Device
from notifications.services.addressing import Routing

MIDNIGHT = datetime(2026, 4, 13, 17, 3, tzinfo=UTC)
"""Three minutes past midnight in Bangkok, when the window of everybody opens."""
AWAY = timedelta(hours=72)
STEP = timedelta(minutes=30)
PATIENCE = 60.0
"""Seconds that the answer to a push may take: on a busy machine the stand-in is slow, and no answer is to be lost."""
FILED_AFTER = timedelta(hours=30)
ONE_IN_FILES, ONE_IN_HAS_MAIL = 10, 50
_DUE = date(2026, 4, 20)
_TABLES = MetaData()
_OWES = Table("owes", _TABLES, Column("person_id", Uuid, primary_key=True), Column("number", Integer))
_BOOK = Table("book", _TABLES, Column("person_id", Uuid, primary_key=True), Column("target", Text))
_REMINDED = """select count(distinct n.person_id) filter (where d.status = 'sent'), count(distinct n.id), count(d.id)
    from owes o join notifications n on n.person_id = o.person_id left join deliveries d on d.notification_id = n.id
    and d.channel = 'push'"""
_DOUBLED = """select count(*) from (
    select 1 from notifications group by person_id, dedupe having count(*) > 1
    union all select 1 from deliveries group by notification_id, device_id having count(*) > 1) d"""


def run(sizes: Sizes) -> Row:
    """The drill: a row."""
    logging.getLogger("notifications").setLevel(logging.ERROR)  # that the provider is away is known
    row, people = Row("outage"), [UUID(int=number) for number in range(1, sizes.storm + 1)]
    use_keyring(Keyring((SECRET,)))
    (port,) = free_ports(1)
    with (
        temporary_server() as server,
        tempfile.TemporaryDirectory() as folder,
        mailbox.start(keep=Path(folder)) as post,
    ):
        database = Database(server.ensure_database("outage"), statement_timeout=0)
        Base.metadata.create_all(database.engine)
        _TABLES.create_all(database.engine)
        _add(database, people)
        settings = Settings(fcm_endpoint=f"http://127.0.0.1:{port}", smtp_url=post.url)
        push, mail = FcmChannel(settings, timeout=PATIENCE), MailChannel(settings)
        tried = _live(database, push, mail, MIDNIGHT, MIDNIGHT + AWAY)
        kept = Path(folder) / "pushed.jsonl"
        with _provider(port, kept):
            back = MIDNIGHT + AWAY
            _live(database, push, mail, back, back + timedelta(hours=24), until=lambda: _waiting(database) == 0)
        push.close()
        row.figure(people=len(people), away="72 h", tries_meanwhile=tried)
        _count(row, database, kept, Path(folder), people)
        database.close()
    return row


def _live(
    database: Database,
    push: FcmChannel,
    mail: MailChannel,
    begin: datetime,
    end: datetime,
    *,
    until: Callable[[], bool] = lambda: False,
) -> int:
    """Run the rounds as the worker does, from one moment to another; how many messages were tried and put off."""
    routing, now = Routing(kinds=(PUSH, MAIL), addresses={"mail": _address}), begin
    while now < end:
        if now - MIDNIGHT >= FILED_AFTER:
            _file(database)
        if (now - begin) % timedelta(hours=1) < STEP:
            rounds.plan_round(database, _due_today, now, routing=routing)
        for channel, kind in ((push, PUSH), (mail, MAIL)):
            rounds.send_round(database, channel, now, due_today=_due_today, kind=kind, routing=routing)
        now += STEP
        if until():
            break
    with database.read_session() as session:
        return session.scalar(text("select coalesce(sum(tries), 0) from deliveries where channel = 'push'")) or 0


def _count(row: Row, database: Database, kept: Path, mails: Path, people: list[UUID]) -> None:
    """Compare who owes a report with what the phones got."""
    taken = [json.loads(line) for line in kept.read_text("utf-8").splitlines()]
    shown = Counter((each["target"], each["message"]["data"]["notification_id"]) for each in taken)
    ids_of_phone = Counter(target for target, _ in shown)
    filed = {f"phone-{person.int}" for person in people if person.int % ONE_IN_FILES == 0}
    with database.read_session() as session:
        reminded, _, _ = session.execute(text(_REMINDED)).one()
        owing = session.scalar(select(func.count()).select_from(_OWES)) or 0
        doubled = session.scalar(text(_DOUBLED))
    after_filing = sum(target in filed for target, _ in shown)
    by_mail = len(list(mails.glob("*.eml")))
    twice = sum(count > 1 for count in ids_of_phone.values())
    row.figure(owing=owing, lost=owing - reminded, doubled_in_our_books=doubled, shown_twice=twice)
    row.figure(after_filing=after_filing, repeats_at_Firebase=shown.total() - len(shown), by_mail_meanwhile=by_mail)
    row.require("everybody who still owes a report is reminded", reminded == owing == len(people) - len(filed))
    row.require("no reminder is in the books twice", doubled == 0)
    row.require("no phone shows a reminder twice", twice == 0)
    row.require("who filed meanwhile gets none", after_filing == 0)
    row.require("Firebase gets nothing again: every answer arrived", shown.total() == len(shown))
    row.require("mail replaced push for who has an address", by_mail > 0)


def _add(database: Database, people: list[UUID]) -> None:
    """Phones, addresses of some, and that everybody owes a report."""
    for first in range(0, len(people), 5000):
        part = people[first : first + 5000]
        with database.transaction() as session:
            session.execute(insert(_OWES), [{"person_id": person, "number": person.int} for person in part])
            session.execute(insert(Device), [_phone(person) for person in part])
            reached = [person for person in part if person.int % ONE_IN_HAS_MAIL == 1]
            session.execute(insert(_BOOK), [{"person_id": p, "target": f"p{p.int}@example.org"} for p in reached])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))


def _phone(person: UUID) -> dict[str, Any]:
    target = f"phone-{person.int}"
    return {
        "person_id": person,
        "device_id": "phone",
        "platform": "android",
        "kind": "fid",
        "target": bound(target, person, "phone"),
        "target_index": keyring().index("devices.target", "fid", target),
        "language": "en",
        "updated_at": MIDNIGHT,
    }


def _file(database: Database) -> None:
    """One in ten files; that is over after the first time."""
    with database.transaction() as session:
        session.execute(text("delete from owes where number % :one_in = 0"), {"one_in": ONE_IN_FILES})


def _waiting(database: Database) -> int:
    with database.read_session() as session:
        return session.scalar(text("select count(*) from deliveries where status = 'pending'")) or 0


def _due_today(today: date, /, *, begun: date | None = None, with_answered: bool = False) -> Select[Any]:
    params = func.jsonb_build_object("grace_ends_on", "2026-04-27", "regime", "90-day", "opens_on", "2026-04-14")
    return select(
        _OWES.c.person_id,
        literal("arrival:A-1").label("basis"),
        literal("due-day").label("step"),
        literal(_DUE, Date).label("due_on"),
        params.label("params"),
    )


def _address(person_id: Any) -> Select[Any]:
    known = _BOOK.alias()
    target = (null().label("former"), known.c.target.label("target"))
    found = select(literal("en").label("language"), true().label("own"), *target)
    return found.where(known.c.person_id == person_id)


@contextmanager
def _provider(port: int, keep: Path) -> Iterator[None]:
    """The stand-in for Firebase, back again."""
    command = [sys.executable, "-m", "devtools.standins.fcm", "--port", str(port), "--keep", str(keep)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        eventually(process.stdout.readline, 30, "the stand-in is back")
        yield
    finally:
        process.terminate()
        process.wait()
