"""What became of a message: the phone says so with the mark that came with it, and the person sees its whole life."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from devtools.standins import fcm, mailbox
from foundation.config import Settings
from foundation.events import EventRecord
from notifications import rounds
from notifications.channels import acknowledgements
from notifications.channels.fcm import FcmChannel
from notifications.channels.mail import CHANNEL as MAIL
from notifications.channels.mail import MailChannel
from notifications.channels.webpush import CHANNEL as WEBPUSH
from notifications.channels.webpush import WebPushChannel
from notifications.models import Delivery, Notification
from notifications.rules import Outcome, failure
from notifications.services.notifying import notify
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import ADDRESS, activate, arrived
from tests.integration.test_push_rounds import Slow
from tests.push_service import push_service

AT = NOW + timedelta(minutes=45)


@pytest.fixture
def person(app):
    arrived(app)
    return activate(app, assurance="mail")


def person_of(app, person):
    with services_of(app).database.read_session() as session:
        return services_of(app).person_of(session, uuid.UUID(person.id))


def register(person, target="a-phone", kind="token", platform="android"):
    body = {"platform": platform, "kind": kind, "target": target, "language": "en"}
    assert person.client.put("/api/v1/devices/phone", json=body, headers=person.headers).status_code == 200


def remind(app):
    services = services_of(app)
    rounds.plan_round(services.database, services.due_today, NOW, routing=services.routing)


def push(app, channel, at=AT, **more):
    services = services_of(app)
    return rounds.send_round(
        services.database, channel, at, due_today=services.due_today, routing=services.routing, **more
    )


def say(client, mark, *, opened=False):
    return client.post("/api/v1/notifications/acknowledgements", json={"acknowledgement": mark, "opened": opened})


def messages(person):
    answer = person.client.get("/api/v1/notifications", headers=person.headers)
    return [item for item in answer.json["items"] if item["kind"].startswith("reminder")]


def life(person):
    (message,) = messages(person)
    return [(each["stage"], each["channel"], each["why"]) for each in message["life"]]


def test_a_message_that_was_pushed_is_acknowledged_and_opened_by_its_mark(app, client, person):
    register(person)
    remind(app)
    with fcm.start() as google:
        channel = FcmChannel(Settings(fcm_endpoint=google.url))
        push(app, channel)
        channel.close()
        (sent,) = [each for each in google.messages if each["message"]["data"]["kind"].startswith("reminder")]
    mark = sent["message"]["data"]["acknowledgement"]
    assert life(person) == [("planned", None, None), ("sent", "push", None)]
    assert say(client, mark).status_code == 204
    assert say(client, mark).status_code == 204
    assert sorted(stage for stage, _, _ in life(person)) == ["delivered", "planned", "sent"]
    assert messages(person)[0]["read_at"] is None
    assert say(client, mark, opened=True).status_code == 204
    stages = [stage for stage, _, _ in life(person)]
    assert sorted(stages) == ["delivered", "opened", "planned", "sent"]
    assert messages(person)[0]["read_at"] is not None


def test_what_was_opened_on_the_phone_is_not_sent_by_mail_as_well(app, client, person, database):
    register(person)
    remind(app)
    push(app, Slow(database, Outcome.SENT))
    with database.read_session() as session:
        (delivery_id,) = session.scalars(
            select(Delivery.id).join(Notification).where(Notification.kind.startswith("reminder"))
        )
        waits = select(Notification.fall_back_at).where(Notification.kind.startswith("reminder"))
        assert session.scalar(waits) is not None
    assert say(client, acknowledgements.mark(delivery_id), opened=True).status_code == 204
    with database.read_session() as session:
        assert session.scalar(waits) is None


def test_web_push_carries_the_mark_as_well(app, client, person, database):
    with push_service() as browser:
        register(person, target=browser.subscription(), kind="webpush", platform="web")
        remind(app)
        channel = WebPushChannel(services_of(app).settings)
        assert push(app, channel, kind=WEBPUSH) >= 1
        channel.close()
    marks = [each["content"]["acknowledgement"] for each in browser.received]
    assert [say(client, mark).status_code for mark in marks] == [204] * len(marks)


def test_what_failed_and_was_replaced_by_mail_says_so(app, client, person, database):
    register(person, target="unregistered")
    remind(app)
    with fcm.start() as google, mailbox.start() as post:
        channel = FcmChannel(Settings(fcm_endpoint=google.url))
        push(app, channel)
        channel.close()
        later = AT + timedelta(minutes=1)
        push(app, MailChannel(Settings(smtp_url=post.url)), later, kind=MAIL)
        assert len(post.messages) >= 1
    assert life(person) == [
        ("planned", None, None),
        ("failed", "push", "device-gone"),
        ("replaced", "mail", None),
        ("sent", "mail", None),
    ]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("UNREGISTERED", "device-gone"),
        ("INVALID_ARGUMENT", "refused"),
        ("SMTP 550", "refused"),
        ("UNAVAILABLE", "provider-away"),
        ("MAIL_SERVER_DOWN: TimeoutError", "provider-away"),
        ("UNAUTHENTICATED", "our-fault"),
        ("UNPRINTABLE", "our-fault"),
        (None, "refused"),
    ],
)
def test_why_a_message_failed_is_said_in_one_word(code, why):
    assert failure(code) == why


def flipped(mark):
    return ("B" if mark[0] != "B" else "C") + mark[1:]


def test_a_mark_that_this_service_did_not_make_says_nothing(app, client, person, database):
    register(person)
    remind(app)
    push(app, Slow(database, Outcome.SENT))
    with database.read_session() as session:
        delivery_id = session.scalars(select(Delivery.id)).first()
    good, unknown = acknowledgements.mark(delivery_id), acknowledgements.mark(uuid.UUID(int=7))
    wrong_proof = good[:-4] + "AAAA"
    assert [say(client, mark).status_code for mark in (flipped(good), wrong_proof, unknown, "A" * 43)] == [404] * 4
    with database.read_session() as session:
        assert session.scalars(select(Delivery.delivered_at).where(Delivery.delivered_at.is_not(None))).all() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"acknowledgement": "x", "opened": True},
        {"acknowledgement": "A" * 5000, "opened": True},
        {"acknowledgement": 7, "opened": True},
        {"acknowledgement": "A" * 43, "opened": "yes"},
        {"acknowledgement": "A" * 43},
        {"acknowledgement": "A" * 43, "opened": False, "more": 1},
    ],
)
def test_what_is_no_acknowledgement_is_refused(client, body):
    assert client.post("/api/v1/notifications/acknowledgements", json=body).status_code == 422


def test_letters_that_are_no_base64_are_no_mark(client):
    assert [say(client, text).status_code for text in ("é" * 43, "!" * 43, " " * 43)] == [404] * 3


def test_many_at_once_note_the_first_time_only(app, person, database):
    register(person)
    remind(app)
    push(app, Slow(database, Outcome.SENT))
    with database.read_session() as session:
        mark = acknowledgements.mark(session.scalars(select(Delivery.id)).first())
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: say(app.test_client(), mark, opened=True).status_code, range(16)))
    assert codes == [204] * 16
    with database.read_session() as session:
        assert len(session.scalars(select(Delivery.opened_at).where(Delivery.opened_at.is_not(None))).all()) == 1


def test_a_reminder_of_what_is_filed_leaves_the_inbox_and_other_messages_stay(app, person, database):
    register(person)
    remind(app)
    push(app, Slow(database, Outcome.SENT))
    event = EventRecord(id=1, at=NOW, kind="case.answered", subject="C-1", person_id=person_of(app, person), data={})
    with database.transaction() as session:
        notify(session, event)
    before = person.client.get("/api/v1/notifications", headers=person.headers).json["items"]
    assert [item["kind"] for item in messages(person)] == ["reminder.seven-days"]
    filed = person.client.post(
        "/api/v1/reports", json={"address": ADDRESS}, headers=person.headers | {"Idempotency-Key": "k"}
    )
    assert filed.status_code == 201
    assert messages(person) == []
    after = person.client.get("/api/v1/notifications", headers=person.headers).json["items"]
    assert [item["id"] for item in after] == [i["id"] for i in before if not i["kind"].startswith("reminder")] != []
