"""The way of a message from the outbox to the provider, through everything that can go wrong on it."""

import signal
import subprocess
import sys
import textwrap
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from devtools.standins import fcm
from foundation.config import Settings
from foundation.events import EventRecord
from notifications import rounds, rules
from notifications.channels.channel import Result
from notifications.channels.fcm import FcmChannel
from notifications.models import Delivery, Device, Notification
from notifications.rules import Outcome
from notifications.services import addressing, delivery, devices
from notifications.services.devices import Registration
from notifications.services.notifying import notify

NOW = datetime(2026, 4, 14, 2, 0, tzinfo=UTC)
ANNA, BORIS = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def google():
    with fcm.start() as standin:
        yield standin


@pytest.fixture
def channel(google):
    made = FcmChannel(Settings(fcm_endpoint=google.url), timeout=20)
    yield made
    made.close()


def phone(database, person=ANNA, target="a-phone", device_id="phone", at=NOW - timedelta(days=1)):
    with database.transaction() as session:
        registration = Registration("android", "fid", target, "en")
        devices.register(session, device_id, person_id=person, family=None, registration=registration, now=at)


def message(database, person=ANNA, event_id=1, kind="report.reopened"):
    event = EventRecord(id=event_id, at=NOW, kind=kind, subject="R-1", person_id=person, data={})
    with database.transaction() as session:
        notify(session, event)


def send(database, channel, at=NOW, **more):
    return rounds.send_round(database, channel, at, **more)


def look(database, *columns):
    with database.read_session() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(*columns))]


def statuses(database):
    """Of every notification with its deliveries."""
    joined = select(Notification.status, Delivery.status).outerjoin(Delivery).order_by(Notification.person_id)
    with database.read_session() as session:
        return [tuple(row) for row in session.execute(joined)]


def test_a_message_reaches_every_device_and_counts_as_sent(database, google, channel):
    phone(database, target="one", device_id="one")
    phone(database, target="two", device_id="two")
    message(database)
    assert send(database, channel) == 2
    assert send(database, channel) == 0
    assert sorted(sent["target"] for sent in google.messages) == ["one", "two"]
    assert statuses(database) == [("sent", "sent")] * 2
    ((provider_id,), _) = look(database, Delivery.provider_id)
    assert provider_id.startswith("projects/demo/messages/")


def test_killed_between_sending_and_settling_it_is_sent_again_after_the_lease_under_the_same_id(
    database, google, channel
):
    phone(database)
    message(database)
    url = database.url.render_as_string(hide_password=False)
    worker = f"""
        import os, signal
        from datetime import datetime
        from foundation.config import Settings
        from foundation.db import Database
        from foundation.sealing import Keyring, use_keyring
        from notifications import rounds
        from notifications.channels.fcm import FcmChannel

        use_keyring(Keyring(("a-secret-of-the-tests-that-is-long-enough",)))
        channel = FcmChannel(Settings(fcm_endpoint={google.url!r}))
        inner = channel.start
        channel.start = lambda envelopes, done: inner(envelopes, lambda _: os.kill(os.getpid(), signal.SIGKILL))
        rounds.send_round(Database({url!r}), channel, datetime.fromisoformat({NOW.isoformat()!r}))
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(worker)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(google.messages) == 1
    assert send(database, channel, NOW + rules.LEASE - timedelta(seconds=5)) == 0
    assert send(database, channel, NOW + rules.LEASE + timedelta(seconds=5)) == 1
    assert len({sent["message"]["data"]["notification_id"] for sent in google.messages}) == 1
    assert len({sent["message"]["android"]["notification"]["tag"] for sent in google.messages}) == 1
    assert len(google.messages) == 2
    assert statuses(database) == [("sent", "sent")]


def test_a_device_that_fcm_no_longer_knows_is_removed_and_nothing_else(database, google, channel):
    phone(database, target="unregistered", device_id="gone")
    phone(database, target="alive", device_id="alive")
    phone(database, BORIS, target="another")
    message(database)
    assert send(database, channel) == 1
    removed = look(database, Device.device_id, Device.removed_because)
    assert removed == [("alive", None), ("gone", "UNREGISTERED"), ("phone", None)]
    assert sorted(statuses(database)) == [("sent", "failed"), ("sent", "sent")]
    message(database, event_id=2)
    google.clear()
    assert send(database, channel) == 1
    assert [attempt["target"] for attempt in google.attempts] == ["alive"]


def test_what_else_waits_for_a_dead_device_is_dropped_when_its_turn_comes(database, google, channel):
    phone(database, target="unregistered")
    message(database, event_id=1)
    message(database, event_id=2)
    assert send(database, channel, batch=1) == 0
    assert len(google.attempts) == 1
    assert sorted(statuses(database)) == [("unreachable", "dropped"), ("unreachable", "failed")]


def test_a_device_registered_anew_while_its_old_address_failed_stays(database, google, channel):
    phone(database, target="unregistered")
    message(database)
    with database.transaction() as session:
        addressing.fan_out(session, now=NOW)
    with database.transaction() as session:
        envelopes = delivery.claim(session, now=NOW)
    results = channel.send(envelopes)
    phone(database, target="fresh", at=NOW + timedelta(seconds=1))
    with database.transaction() as session:
        delivery.settle(session, results, now=NOW + timedelta(seconds=2))
    assert look(database, Device.removed_at) == [(None,)]


def test_too_many_requests_waits_as_long_as_fcm_asks(database, google, channel):
    phone(database)
    message(database)
    google.script([{"error_code": "QUOTA_EXCEEDED", "retry_after": 600}])
    assert send(database, channel) == 0
    assert send(database, channel, NOW + timedelta(minutes=9)) == 0
    assert len(google.attempts) == 1
    assert send(database, channel, NOW + timedelta(minutes=16)) == 1


def test_fcm_down_loses_nothing_and_all_is_sent_when_it_is_back(database):
    people = [uuid.UUID(int=number) for number in range(1, 51)]
    for number, person in enumerate(people):
        phone(database, person, target=f"phone-{number}")
        message(database, person, event_id=number)
    with fcm.start() as gone:
        pass
    channel = FcmChannel(Settings(fcm_endpoint=gone.url), timeout=0.5)
    at = NOW
    for _ in range(6):
        assert send(database, channel, at, batch=20) == 0
        at += timedelta(minutes=10)
    assert {status for status, _ in statuses(database)} == {"pending"}
    with fcm.start(gone.port) as back:
        assert send(database, channel, at + timedelta(hours=2)) == 50
        assert {sent["target"] for sent in back.messages} == {f"phone-{number}" for number in range(50)}
        assert len(back.messages) == 50
    channel.close()
    assert statuses(database) == [("sent", "sent")] * 50


def test_a_provider_that_is_away_is_asked_for_one_batch_a_round(database, google, channel):
    for number in range(1, 31):
        phone(database, uuid.UUID(int=number), target=f"unavailable-{number}")
        message(database, uuid.UUID(int=number), event_id=number)
    assert send(database, channel, batch=10) == 0
    assert len(google.attempts) == 10


def test_after_72_hours_a_message_is_given_up_and_stays_in_the_inbox(database, google, channel):
    phone(database, target="unavailable")
    message(database)
    at = NOW
    while statuses(database) in ([("pending", None)], [("pending", "pending")]):
        send(database, channel, at)
        ((again,),) = look(database, Delivery.next_try_at)
        at = again + timedelta(seconds=1)
    ((error,),) = look(database, Delivery.error)
    assert statuses(database) == [("unreachable", "failed")]
    assert error == "UNAVAILABLE"
    assert timedelta(hours=72) <= at - NOW <= timedelta(hours=72) + 2 * rules.LEASE


def test_a_device_whose_kind_no_channel_serves_is_not_reached(database, channel):
    with database.transaction() as session:
        registration = Registration("web", "pigeon", "a loft", "th")
        devices.register(session, "browser", person_id=ANNA, family=None, registration=registration, now=NOW)
    message(database)
    assert send(database, channel) == 0
    assert statuses(database) == [("unreachable", None)]
    assert look(database, Device.removed_at) == [(None,)]


def test_every_device_is_told_in_its_own_language(database, google, channel):
    phone(database, target="english", device_id="english")
    with database.transaction() as session:
        registration = Registration("ios", "token", "thai", "th")
        devices.register(session, "thai", person_id=ANNA, family=None, registration=registration, now=NOW)
    message(database)
    send(database, channel)
    titles = {sent["target"]: sent["message"]["notification"]["title"] for sent in google.messages}
    assert titles == {
        "english": "Your report is being looked at again",
        "thai": "รายงานของท่านกำลังถูกพิจารณาใหม่",
    }


class Slow:
    """Answers as it is told to, and notes whether a transaction was open while it did."""

    def __init__(self, database, outcome):
        self.database, self.outcome, self.open_connections = database, outcome, []

    def send(self, envelopes):
        self.open_connections.append(self.database.engine.pool.checkedout())
        return [Result(envelope.delivery_id, self.outcome, provider_id="p") for envelope in envelopes]

    def close(self):
        """Nothing is held."""


def test_no_connection_is_held_while_the_provider_answers(database):
    phone(database)
    message(database)
    slow = Slow(database, Outcome.SENT)
    assert send(database, slow) == 1
    assert slow.open_connections == [0]


def test_a_slower_worker_does_not_take_back_what_another_sent(database):
    phone(database)
    message(database)
    with database.transaction() as session:
        addressing.fan_out(session, now=NOW)
    with database.transaction() as session:
        (first,) = delivery.claim(session, now=NOW)
    later = NOW + rules.LEASE + timedelta(seconds=1)
    assert send(database, Slow(database, Outcome.SENT), later) == 1
    with database.transaction() as session:
        delivery.settle(session, [Result(first.delivery_id, Outcome.RETRY, error_code="UNAVAILABLE")], now=later)
    assert statuses(database) == [("sent", "sent")]
    assert send(database, Slow(database, Outcome.SENT), later + timedelta(days=1)) == 0


def test_two_workers_with_one_device_each_settle_the_message_between_them(database):
    for _ in range(10):
        with database.transaction() as session:
            for table in (Delivery, Notification):
                session.query(table).delete()
        phone(database, target="one", device_id="one")
        phone(database, target="two", device_id="two")
        message(database)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: send(database, Slow(database, Outcome.FAILED), batch=1), range(2)))
        assert statuses(database) == [("unreachable", "failed")] * 2


def test_several_workers_at_once_send_each_message_once(database, google, channel):
    for number in range(1, 121):
        phone(database, uuid.UUID(int=number), target=f"phone-{number}")
        message(database, uuid.UUID(int=number), event_id=number)
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: send(database, channel, batch=10), range(4)))
    assert sum(counts) == 120
    assert len({sent["target"] for sent in google.messages}) == len(google.messages) == 120
