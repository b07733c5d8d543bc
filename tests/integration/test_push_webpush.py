"""The web push channel: to a push service on loopback, which decrypts and checks what it gets."""

import json
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from foundation.config import Settings
from foundation.events import EventRecord
from foundation.sealing import Keyring, keyring, use_keyring
from notifications import catalogue, rounds, rules
from notifications.channels import acknowledgements, webpush
from notifications.channels.channel import Envelope
from notifications.channels.webpush import NotSubscription, WebPushChannel, public_key, read_subscription
from notifications.models import Device
from notifications.rules import URGENT, Outcome, Platform, TargetKind
from notifications.services import devices
from notifications.services.addressing import Routing
from notifications.services.devices import Registration
from notifications.services.notifying import notify
from tests.push_service import push_service

MESSAGE, ANNA = uuid.UUID(int=42), uuid.UUID(int=1)
NOW = datetime(2026, 4, 14, 2, 0, tzinfo=UTC)
GOOGLE = "https://fcm.googleapis.com/fcm/send/x"


@pytest.fixture
def service():
    with push_service() as running:
        yield running


@pytest.fixture
def channel():
    made = WebPushChannel(Settings(), timeout=2)
    yield made
    made.close()


def envelope(target, *, lane=1, body="File it in this app on or before 14 April 2026."):
    return Envelope(
        delivery_id=uuid.uuid4(),
        notification_id=MESSAGE,
        kind="reminder.due-day",
        lane=lane,
        target_kind="webpush",
        target=target,
        title="90-day report due on 14 April 2026",
        body=body,
        language="th",
    )


def send_one(channel, target, **about):
    (result,) = channel.send([envelope(target, **about)])
    return result


def test_the_browser_reads_what_was_written(channel, service):
    assert send_one(channel, service.subscription(), body="รายงานตัว 90 วัน").outcome is Outcome.SENT
    (message,) = service.received
    assert acknowledgements.read(message["content"].pop("acknowledgement")) is not None
    assert message["content"] == {
        "title": "90-day report due on 14 April 2026",
        "body": "รายงานตัว 90 วัน",
        "notification_id": str(MESSAGE),
        "kind": "reminder.due-day",
        "language": "th",
    }
    assert b"report" not in message["raw"]


def test_it_is_signed_with_the_key_that_browsers_subscribe_with(channel, service):
    send_one(channel, service.subscription())
    (message,) = service.received
    assert message["key"] == public_key()
    assert message["claims"]["aud"] == service.origin
    assert message["claims"]["sub"] == "mailto:no-reply@localhost"


@pytest.mark.parametrize(("lane", "urgency", "life"), [(URGENT, "high", 28 * 86_400), (1, "normal", 3 * 86_400)])
def test_a_reminder_is_kept_for_a_browser_for_three_days(channel, service, lane, urgency, life):
    send_one(channel, service.subscription(), lane=lane)
    headers = {name.lower(): value for name, value in service.received[0]["headers"].items()}
    assert (headers["urgency"], headers["ttl"], headers["topic"]) == (urgency, str(life), MESSAGE.hex)


@pytest.mark.parametrize(
    ("status", "outcome", "code", "alarm"),
    [
        (404, Outcome.DROP_DEVICE, "UNREGISTERED", False),
        (410, Outcome.DROP_DEVICE, "UNREGISTERED", False),
        (400, Outcome.FAILED, "INVALID_ARGUMENT", True),
        (413, Outcome.FAILED, "INVALID_ARGUMENT", True),
        (401, Outcome.MISMATCH, "SENDER_ID_MISMATCH", True),
        (403, Outcome.MISMATCH, "SENDER_ID_MISMATCH", True),
        (500, Outcome.RETRY, "UNAVAILABLE", False),
        (503, Outcome.RETRY, "UNAVAILABLE", False),
    ],
)
def test_an_answer_is_understood(channel, service, status, outcome, code, alarm):
    service.status = status
    result = send_one(channel, service.subscription())
    assert (result.outcome, result.error_code, result.alarm) == (outcome, code, alarm)


def test_a_push_service_says_when_to_try_again(channel, service):
    service.status, service.headers = 429, {"Retry-After": "120"}
    result = send_one(channel, service.subscription())
    assert (result.outcome, result.retry_after) == (Outcome.RETRY, timedelta(seconds=120))


def test_a_redirection_is_not_followed(channel, service):
    with push_service() as elsewhere:
        service.status, service.headers = 307, {"Location": f"{elsewhere.origin}/send/1"}
        elsewhere.key, elsewhere.secret = service.key, service.secret
        assert send_one(channel, service.subscription()).outcome is Outcome.RETRY
        assert elsewhere.received == []


def test_a_push_service_that_is_away_is_asked_again_later(channel):
    with push_service() as gone:
        target = gone.subscription()
    result = send_one(channel, target)
    assert (result.outcome, result.error_code) == (Outcome.RETRY, "UNAVAILABLE")


def test_one_that_fails_does_not_take_the_others_with_it(channel, service):
    results = channel.send([envelope(service.subscription()), envelope("{}"), envelope(service.subscription())])
    assert [result.outcome for result in results] == [Outcome.SENT, Outcome.DROP_DEVICE, Outcome.SENT]


def test_the_key_outlasts_a_new_secret():
    def key_with(*secrets):
        use_keyring(Keyring(secrets))
        return public_key()

    present = keyring()
    try:
        assert key_with("a" * 32) == key_with("b" * 32, "a" * 32) != key_with("b" * 32)
    finally:
        use_keyring(present)


@pytest.mark.parametrize(
    "endpoint",
    [
        GOOGLE,
        "https://updates.push.services.mozilla.com/wpush/v2/x",
        "https://web.push.apple.com/x",
        "https://wns2-par02p.notify.windows.com/w/?token=x",
    ],
)
def test_the_push_services_of_browsers_are_known(service, endpoint):
    assert read_subscription(service.subscription(endpoint=endpoint), loopback=False).endpoint == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com.example/x",
        "https://fcm.googleapis.com@127.0.0.1/x",
        "https://user@fcm.googleapis.com/x",
        "https://notfcm.googleapis.com.evil.example/x",
        "https://evilpush.apple.com/x",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/x",
        "http://127.0.0.1:5432/",
        "file:///etc/passwd",
        "",
        5,
        None,
        ["https://fcm.googleapis.com/x"],
        "https://[::1",
    ],
)
def test_nobody_has_this_service_call_another_address(service, endpoint):
    with pytest.raises(NotSubscription):
        read_subscription(service.subscription(endpoint=endpoint), loopback=False)


@pytest.mark.parametrize(
    "changes",
    [{"keys": None}, {"keys": {}}, {"keys": {"p256dh": "AAAA", "auth": "AAAA"}}, {"keys": {"p256dh": 5, "auth": []}},
     {"keys": {"p256dh": "\U0001f600", "auth": "\U0001f600"}}],
)  # fmt: skip
def test_keys_that_encrypt_nothing_are_refused(service, changes):
    with pytest.raises(NotSubscription):
        read_subscription(service.subscription(endpoint=GOOGLE, **changes), loopback=False)


def test_a_short_secret_is_refused(service):
    service.secret = b"short"
    with pytest.raises(NotSubscription):
        read_subscription(service.subscription(endpoint=GOOGLE), loopback=False)


@pytest.mark.parametrize("text", ["", "null", "[]", "5", '"x"', "{", "[" * 4000, "\x00", "NaN"])
def test_what_is_no_subscription_is_refused(text):
    with pytest.raises(NotSubscription):
        read_subscription(text, loopback=True)


def test_nothing_of_an_address_is_shown_in_a_log_line(service):
    assert GOOGLE not in repr(read_subscription(service.subscription(endpoint=GOOGLE), loopback=False))


def test_web_processes_do_not_carry_the_library():
    program = "import sys, notifications.routes; sys.exit('pywebpush' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_message_fits_what_push_services_take():
    for table in (catalogue.TEMPLATES, catalogue.YEARLY):
        for template in (template for kinds in table.values() for template in kinds.values()):
            content = json.dumps({"title": template.title, "body": max(template.bodies, key=len)})
            assert len(content) < 3500  # octets of 3993 (RFC 8291, 4), the rest for ids and dates


def test_a_batch_is_over_before_its_lease_is():
    assert webpush.CHANNEL.batch / webpush.THREADS * webpush.TIMEOUT < rules.LEASE.total_seconds()


def send_round(database, channel):
    return rounds.send_round(database, channel, NOW, kind=webpush.CHANNEL, routing=Routing(kinds=(webpush.CHANNEL,)))


def browser(database, service, device_id="browser"):
    registration = Registration(Platform.WEB, TargetKind.WEBPUSH, service.subscription(), "th")
    with database.transaction() as session:
        devices.register(session, device_id, person_id=ANNA, family=None, registration=registration, now=NOW)


def reopened(database, event_id=1):
    event = EventRecord(id=event_id, at=NOW, kind="report.reopened", subject="R-1", person_id=ANNA, data={})
    with database.transaction() as session:
        notify(session, event)


def test_a_message_reaches_the_browser_of_its_person_once(database, channel, service):
    browser(database, service)
    reopened(database)
    assert send_round(database, channel) == 1
    assert send_round(database, channel) == 0
    (message,) = service.received
    assert message["content"]["title"] == "รายงานของท่านกำลังถูกพิจารณาใหม่"


def test_a_subscription_that_ended_is_removed(database, channel, service):
    browser(database, service)
    reopened(database)
    service.status = 410
    send_round(database, channel)
    with database.read_session() as session:
        device = session.scalars(select(Device)).one()
    assert device.removed_at is not None
    service.status = 201
    reopened(database, event_id=2)
    assert send_round(database, channel) == 0
    assert service.received == []
