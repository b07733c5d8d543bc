"""Messages on their way hold up no others: what is urgent overtakes them, and what goes wrong meanwhile loses none."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from devtools.standins import fcm
from foundation.config import Settings
from foundation.events import EventRecord
from notifications import rounds
from notifications.channels.channel import Result
from notifications.channels.fcm import ATTEMPT, FcmChannel
from notifications.models import Delivery, Device, Notification
from notifications.rules import ROUTINE, Outcome
from notifications.services import devices
from notifications.services.devices import Registration
from notifications.services.notifying import notify

NOW = datetime(2026, 4, 14, 2, 0, tzinfo=UTC)


class Held:
    """A channel that answers when it is told to."""

    def __init__(self):
        self.targets, self.held, self.came = [], [], threading.Condition()

    def start(self, envelopes, done):
        with self.came:
            self.targets += [envelope.target for envelope in envelopes]
            self.held += [(envelope, done) for envelope in envelopes]
            self.came.notify_all()

    def wait_for(self, number):
        with self.came:
            assert self.came.wait_for(lambda: len(self.targets) >= number, 10)
            return list(self.targets)

    def answer(self):
        with self.came:
            held, self.held = self.held, []
        for envelope, done in held:
            done(Result(envelope.delivery_id, Outcome.SENT, provider_id="p"))

    def send(self, envelopes):
        """Not used: it streams."""

    def close(self):
        """Nothing is held."""


@pytest.fixture
def google():
    with fcm.start() as standin:
        yield standin


def message(database, number, *, routine=False):
    person = uuid.UUID(int=number)
    with database.transaction() as session:
        registration = Registration("android", "fid", f"phone-{number}", "en")
        devices.register(session, "phone", person_id=person, family=None, registration=registration, now=NOW)
        event = EventRecord(id=number, at=NOW, kind="report.reopened", subject="R-1", person_id=person, data={})
        notify(session, event)
        if routine:
            session.execute(update(Notification).where(Notification.person_id == person).values(lane=ROUTINE))


def in_background(send):
    outcome = {}

    def run():
        try:
            outcome["sent"] = send()
        except Exception as error:
            outcome["error"] = error

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def statuses(database):
    with database.read_session() as session:
        return sorted(session.scalars(select(Delivery.status)))


def test_an_urgent_message_does_not_wait_for_those_on_their_way(database):
    for number in range(1, 11):
        message(database, number, routine=True)
    channel = Held()
    thread, outcome = in_background(lambda: rounds.send_round(database, channel, NOW, batch=10))
    channel.wait_for(10)
    message(database, 99)
    assert channel.wait_for(11)[10:] == ["phone-99"]
    channel.answer()
    thread.join()
    assert (outcome, statuses(database)) == ({"sent": 11}, ["sent"] * 11)


def test_a_routine_message_waits_for_those_on_their_way(database):
    for number in range(1, 11):
        message(database, number, routine=True)
    channel = Held()
    thread, outcome = in_background(lambda: rounds.send_round(database, channel, NOW, batch=10))
    channel.wait_for(10)
    message(database, 98, routine=True)
    message(database, 99)
    assert channel.wait_for(11)[10:] == ["phone-99"]
    channel.answer()
    assert channel.wait_for(12)[11:] == ["phone-98"]
    channel.answer()
    thread.join()
    assert outcome == {"sent": 12}


def test_what_goes_wrong_while_claiming_loses_no_answer(database):
    for number in range(1, 11):
        message(database, number)
    channel, asked = Held(), []

    def due_today(day, **_):
        asked.append(day)
        if len(asked) > 1:
            raise ZeroDivisionError
        return select(Device.person_id)  # nobody has a reminder, so nothing else of it is asked for

    thread, outcome = in_background(lambda: rounds.send_round(database, channel, NOW, batch=10, due_today=due_today))
    channel.wait_for(10)
    message(database, 99)
    while len(asked) < 2:
        pass
    channel.answer()
    thread.join()
    assert isinstance(outcome["error"], ZeroDivisionError)
    assert statuses(database) == ["pending"] + ["sent"] * 10


def test_urgent_messages_leave_before_all_that_was_given_earlier(google, database):
    for number in range(1, 31):
        message(database, number, routine=True)
    google.script([{"delay": 0.4}] * 6)
    channel = FcmChannel(Settings(fcm_endpoint=google.url), connections=1, timeout=20)
    thread, outcome = in_background(lambda: rounds.send_round(database, channel, NOW, batch=30))
    message(database, 99)
    thread.join()
    channel.close()
    targets = [attempt["target"] for attempt in google.attempts]
    assert outcome == {"sent": 31}
    assert targets.index("phone-99") < 30


def test_each_request_says_of_which_delivery_it_is_and_which_try(google, database):
    message(database, 1)
    google.script([{"error_code": "UNAVAILABLE"}])
    channel = FcmChannel(Settings(fcm_endpoint=google.url))
    for at in (NOW, NOW + timedelta(hours=1)):
        rounds.send_round(database, channel, at)
    channel.close()
    with database.read_session() as session:
        (delivery,) = session.scalars(select(Delivery.id))
    said = [attempt["headers"][ATTEMPT.lower()] for attempt in google.attempts]
    assert said == [f"{delivery}.1", f"{delivery}.2"]
