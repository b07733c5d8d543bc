"""A channel whose provider takes nothing stops, for all workers, and costs nobody a device or a thread."""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select, text

from devtools.standins import fcm, mailbox
from foundation.config import Settings
from foundation.errors import Unavailable
from notifications import rounds, rules
from notifications.channels import limits
from notifications.channels.channel import Result
from notifications.channels.fcm import FcmChannel
from notifications.channels.limits import Bucket
from notifications.channels.mail import CHANNEL as MAIL
from notifications.channels.mail import MailChannel
from notifications.channels.webpush import CHANNEL as WEBPUSH
from notifications.channels.webpush import WebPushChannel
from notifications.models import ChannelState, Delivery, Device, Notification
from notifications.rules import Outcome
from notifications.services import admission, devices
from tests.integration.test_mail_channel import routing
from tests.integration.test_push_rounds import NOW, Slow, look, message, phone, send, statuses
from tests.push_service import push_service

MINUTE = timedelta(minutes=1)
PEOPLE = [uuid.UUID(int=number) for number in range(1, 41)]


@pytest.fixture
def google():
    with fcm.start() as standin:
        yield standin


@pytest.fixture
def channel(google):
    made = FcmChannel(Settings(fcm_endpoint=google.url), timeout=20)
    yield made
    made.close()


def write_to(database, *targets):
    """A device with each target, of a person each, and a message to it."""
    for person, target in zip(PEOPLE, targets, strict=False):
        phone(database, person, target=target)
        message(database, person, event_id=person.int)


def state(database):
    with database.read_session() as session:
        return session.get(ChannelState, "push")


def removed(database):
    return [because for (because,) in look(database, Device.removed_because) if because]


def test_a_single_device_of_another_sender_is_removed_where_others_got_theirs(database, google, channel, caplog):
    write_to(database, "one", "sender-mismatch", "three")
    assert send(database, channel) == 2
    assert removed(database) == ["SENDER_ID_MISMATCH"]
    assert sorted(statuses(database)) == [("sent", "sent"), ("sent", "sent"), ("unreachable", "failed")]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "sender-mismatch" not in caplog.text


def test_many_devices_of_another_sender_stop_the_channel_and_no_device_is_touched(database, google, channel, caplog):
    write_to(database, *(f"sender-mismatch-{number}" for number in range(20)))
    assert send(database, channel) == 0
    assert removed(database) == []
    assert set(statuses(database)) == {("pending", "pending")}
    assert "20 messages answered with SENDER_ID_MISMATCH" in caplog.text
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert (state(database).fault, state(database).error) == (True, "SENDER_ID_MISMATCH")
    google.clear()
    assert send(database, channel, NOW + 4 * MINUTE) == 0
    assert len(google.attempts) == 0


def test_devices_of_another_sender_one_by_one_are_no_single_ones_while_nothing_else_is_sent(database, google, channel):
    for number in range(5):
        phone(database, PEOPLE[number], target=f"sender-mismatch-{number}")
        message(database, PEOPLE[number], event_id=number)
        assert send(database, channel, NOW + number * timedelta(seconds=1)) == 0
        assert removed(database) == []
    assert state(database).fault


@pytest.mark.parametrize("code", ["THIRD_PARTY_AUTH_ERROR", "UNAUTHENTICATED"])
def test_a_wrong_credential_stops_the_channel_at_once_and_everything_goes_out_when_it_is_right(
    database, google, channel, code
):
    write_to(database, *(f"phone-{number}" for number in range(40)))
    answer = {"error_code": "THIRD_PARTY_AUTH_ERROR"} if code.startswith("THIRD") else {"status": 401}
    google.script([answer] * 40)
    assert send(database, channel, batch=40) == 0
    assert (state(database).fault, state(database).error) == (True, code)
    assert send(database, channel, NOW + 4 * MINUTE) == 0
    assert len(google.attempts) == 40
    assert send(database, channel, NOW + 6 * MINUTE) == 40
    assert removed(database) == []
    assert (state(database).fault, state(database).stopped_until) == (False, None)
    assert set(statuses(database)) == {("sent", "sent")}


def test_the_key_of_one_phone_maker_that_is_wrong_stops_the_channel_where_others_get_theirs(
    database, google, channel, caplog
):
    write_to(database, "one", "thirdparty", *(f"phone-{number}" for number in range(30)))
    taken = send(database, channel, batch=4)
    assert taken < 31  # what was on its way went out, and no more was claimed
    assert (state(database).fault, state(database).error) == (True, "THIRD_PARTY_AUTH_ERROR")
    assert removed(database) == []
    assert "ERROR" in [record.levelname for record in caplog.records]
    assert send(database, channel, NOW + 4 * MINUTE) == 0
    google.script([{}] * 100)  # the key is put right
    assert taken + send(database, channel, NOW + 6 * MINUTE, batch=4) == 32
    assert (state(database).fault, state(database).stopped_until) == (False, None)


def test_a_browser_that_subscribed_with_another_key_stops_nobody(database):
    """The owner of such a subscription gets 403 for each of its messages."""
    with push_service() as good, push_service() as forged:
        forged.status = 403
        with database.transaction() as session:
            for number, service in enumerate((good, forged, good)):
                target = service.subscription(endpoint=f"{service.origin}/send/{number}")
                new = devices.Registration("web", "webpush", target, "en")
                devices.register(session, "web", person_id=PEOPLE[number], family=None, registration=new, now=NOW)
        for number in range(3):
            message(database, PEOPLE[number], event_id=number)
        sender = WebPushChannel(Settings())
        assert rounds.send_round(database, sender, NOW, kind=WEBPUSH) == 2
        sender.close()
    with database.read_session() as session:
        assert session.get(ChannelState, "webpush") is None or not session.get(ChannelState, "webpush").stopped_until
    assert removed(database) == ["SENDER_ID_MISMATCH"]


def test_a_provider_that_is_away_is_asked_less_and_less_and_with_a_few_messages(database, google, channel):
    write_to(database, *(f"unavailable-{number}" for number in range(40)))
    asked, at = [], NOW
    for _ in range(20 * 60 // 3):
        send(database, channel, at)
        asked.append(len(google.attempts))
        at += timedelta(seconds=3)
    assert asked[0] == 40
    assert state(database).failures >= 3
    assert 60 < asked[-1] < 40 + 20 * limits.terms().tries


def test_after_a_stop_one_worker_tries_and_the_others_wait_for_it(database):
    with database.transaction() as session:
        session.add(
            ChannelState(
                channel="push", left=100, refilled_at=NOW, failures=5, mismatches=0, stopped_until=NOW, changed_at=NOW
            )
        )

    def admit(now=NOW):
        with database.transaction() as session:
            return admission.admit(session, "push", Bucket(600, 100), limits.terms(), now=now, most=50).granted

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: admit(), range(4))) == [0, 0, 0, 10]
    assert admit(NOW + MINUTE) == 0
    assert admit(NOW + rules.LEASE) == 10


def test_a_try_for_which_there_is_no_message_is_the_next_workers(database, google, channel):
    write_to(database, "unavailable-1")
    for _ in range(4):
        send(database, channel)
    with database.transaction() as session:
        session.execute(text("update channel_states set stopped_until = :at, failures = 3"), {"at": NOW})
        session.execute(text("update deliveries set next_try_at = :at"), {"at": NOW + timedelta(hours=1)})
    assert send(database, channel, NOW + MINUTE) == 0
    message(database, PEOPLE[1], event_id=99)
    phone(database, PEOPLE[1], target="two")
    assert send(database, channel, NOW + MINUTE + timedelta(seconds=3)) == 1


def test_all_workers_share_one_bucket_and_none_sends_more(database, monkeypatch):
    monkeypatch.setitem(limits.buckets(), "push", Bucket(per_minute=600, burst=15))
    write_to(database, *(f"phone-{number}" for number in range(40)))
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: send(database, Slow(database, Outcome.SENT), batch=5), range(4)))
    refilled = 10 * (time.monotonic() - began)
    assert 15 <= sum(counts) <= 15 + refilled
    left, began = 40 - sum(counts), time.monotonic()
    again = send(database, Slow(database, Outcome.SENT), NOW + MINUTE, batch=5)
    assert min(15, left) <= again <= 15 + 10 * (time.monotonic() - began)


def test_what_was_granted_and_not_needed_is_given_back(database, monkeypatch):
    monkeypatch.setitem(limits.buckets(), "push", Bucket(per_minute=1, burst=15))
    write_to(database, "one", "two")
    assert send(database, Slow(database, Outcome.SENT)) == 2
    assert 13 <= state(database).left < 14


def test_a_mail_that_is_put_off_says_nothing_of_the_channel(database):
    ways = routing(*((person, "en", f"later-{person.int}@example.org") for person in PEOPLE[:5]))
    for person in PEOPLE[:5]:
        message(database, person, event_id=person.int)
    with mailbox.start() as post:
        mail = MailChannel(Settings(smtp_url=post.url))
        for second in range(5):
            rounds.send_round(database, mail, NOW + second * MINUTE, kind=MAIL, routing=ways, batch=1)
    with database.read_session() as session:
        assert session.get(ChannelState, "mail").stopped_until is None


def test_while_firebase_asks_for_a_minute_no_thread_waits_and_urgent_mail_leaves(database, google, channel):
    """In real time, with the rounds in threads as the worker has them."""
    google.script([{"error_code": "QUOTA_EXCEEDED", "retry_after": 60}] * 1000)
    write_to(database, *(f"phone-{number}" for number in range(30)))
    anna = uuid.UUID(int=999)
    ways = routing((anna, "en", "anna@example.org"))
    stop, arrived_at = threading.Event(), []
    with mailbox.start() as post, ThreadPoolExecutor(2) as pool:
        mail = MailChannel(Settings(smtp_url=post.url))

        def again(run):
            longest = 0.0
            while not stop.is_set():
                began = time.monotonic()
                run(NOW + timedelta(seconds=began - start))
                longest = max(longest, time.monotonic() - began)
                stop.wait(0.2)
            return longest

        start = time.monotonic()
        push_rounds = pool.submit(again, lambda at: send(database, channel, at, routing=ways))
        mail_rounds = pool.submit(again, lambda at: rounds.send_round(database, mail, at, kind=MAIL, routing=ways))
        while len(google.attempts) < 30:
            stop.wait(0.01)
        message(database, anna, event_id=999)
        written = time.monotonic()
        while not post.messages and time.monotonic() < written + 20:
            stop.wait(0.01)
        arrived_at.append(time.monotonic() - written)
        stop.set()
        longest = max(push_rounds.result(), mail_rounds.result())
    assert arrived_at[0] < 10
    assert longest < 5
    assert len(google.attempts) == 30
    assert state(database).stopped_until >= NOW + timedelta(seconds=60)
    waiting = select(Delivery.next_try_at).where(Delivery.channel == "push")
    with database.read_session() as session:
        again_at = [moment for moment in session.scalars(waiting) if moment > NOW + timedelta(seconds=59)]
    assert len(again_at) == 30
    assert len(set(again_at)) > 20


def test_who_has_only_a_device_that_was_not_seen_for_a_month_gets_mail_as_well(database, google, channel):
    stale, fresh = PEOPLE[0], PEOPLE[1]
    phone(database, stale, target="old", at=NOW - timedelta(days=31))
    phone(database, fresh, target="new", at=NOW - timedelta(days=29))
    ways = routing((stale, "en", "stale@example.org"), (fresh, "en", "fresh@example.org"))
    for person in (stale, fresh):
        message(database, person, event_id=person.int)
    assert send(database, channel, routing=ways) == 2
    with database.read_session() as session:
        joined = select(Delivery.channel).join(Notification).where(Notification.person_id == stale)
        assert sorted(session.scalars(joined)) == ["mail", "push"]
        assert list(session.scalars(joined.where(Notification.person_id == fresh))) == []
        assert [row.channel for row in session.scalars(select(Delivery).where(Delivery.person_id == fresh))] == ["push"]


class Leaving:
    """A provider that takes every message, and while it does the database goes away for a while."""

    def __init__(self, database, seconds):
        self.database, self.seconds, self.sent, self.back = database, seconds, [], []

    def send(self, envelopes):
        self.sent += envelopes
        if not self.back:
            allow_connections(self.database, allowed=False)
            self.back.append(threading.Timer(self.seconds, allow_connections, [self.database], {"allowed": True}))
            self.back[0].start()
        return [Result(each.delivery_id, Outcome.SENT, provider_id="p") for each in envelopes]

    def close(self):
        """Nothing is held."""


def allow_connections(database, *, allowed):
    """Let a real database take connections, or none, and end those that there are of its owner."""
    url = database.url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"alter database tests with allow_connections {allowed}")
        if not allowed:
            ended = "select pg_terminate_backend(pid) from pg_stat_activity where (datname, usename) = ('tests', 'app')"
            connection.execute(ended)


def test_what_was_answered_while_the_database_was_away_is_written_down_when_it_is_back(database):
    write_to(database, *(f"phone-{number}" for number in range(10)))
    provider = Leaving(database, 1.0)
    taken = rounds.send_round(database, provider, NOW, batch=4)
    provider.back[0].join()
    assert taken + rounds.send_round(database, Slow(database, Outcome.SENT), NOW) == 10
    assert len({each.delivery_id for each in provider.sent}) == len(provider.sent) == taken >= 4
    assert set(statuses(database)) == {("sent", "sent")}


def test_a_database_that_stays_away_for_longer_than_the_lease_ends_the_round(database, monkeypatch):
    monkeypatch.setattr(rules, "LEASE", timedelta(seconds=0.1))
    write_to(database, "phone-1")
    provider = Leaving(database, 2.0)
    with pytest.raises(Unavailable):
        rounds.send_round(database, provider, NOW)
    provider.back[0].join()
