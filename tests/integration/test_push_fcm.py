"""The FCM channel: the real firebase-admin against the stand-in, one try each, every answer understood."""

import subprocess
import sys
import time
import uuid
from datetime import timedelta
from queue import SimpleQueue

import pytest
import requests

from devtools.standins import fcm
from foundation.config import Settings
from notifications.channels import acknowledgements
from notifications.channels.channel import Envelope
from notifications.channels.fcm import FcmChannel
from notifications.rules import Outcome

MESSAGE = uuid.UUID(int=42)


@pytest.fixture
def google():
    with fcm.start() as standin:
        yield standin


@pytest.fixture
def channel(google):
    made = FcmChannel(Settings(fcm_endpoint=google.url, fcm_project_id="demo"), timeout=0.5)
    yield made
    made.close()


def envelope(target="a-phone", *, kind="fid", lane=1, **more):
    return Envelope(
        delivery_id=uuid.uuid4(),
        notification_id=MESSAGE,
        kind="reminder.due-day",
        lane=lane,
        target_kind=kind,
        target=target,
        title="90-day report due on 14 April 2026",
        body="รายงานตัว 90 วัน",
        **more,
    )


def send_one(channel, **about):
    (result,) = channel.send([envelope(**about)])
    return result


def test_the_private_names_that_the_channel_uses_are_still_there(channel):
    from firebase_admin import messaging  # noqa: PLC0415 - the channel, too, imports it late

    service = messaging._get_messaging_service(channel._app)
    assert service._fcm_headers["X-GOOG-API-FORMAT-VERSION"] == "2"
    assert service._credential.token
    assert service.encode_message(messaging.Message(fid="a", data={"b": "c"})) == {"fid": "a", "data": {"b": "c"}}
    error = service._handle_fcm_error(requests.exceptions.ConnectionError())
    assert error.code == "UNAVAILABLE"


@pytest.mark.parametrize("kind", ["fid", "token"])
def test_a_message_goes_to_the_kind_of_target_it_is_for(google, channel, kind):
    result = send_one(channel, kind=kind)
    (message,) = google.messages
    assert (result.outcome, result.provider_id) == (Outcome.SENT, message["name"])
    assert (message["kind"], message["target"], message["project"]) == (kind, "a-phone", "demo")


def test_a_message_carries_its_words_and_one_id_to_drop_repeats_by(google, channel):
    send_one(channel)
    (sent,) = google.messages
    message, same = sent["message"], str(MESSAGE)
    assert message["notification"] == {"title": "90-day report due on 14 April 2026", "body": "รายงานตัว 90 วัน"}
    mark = message["data"].pop("acknowledgement")
    assert acknowledgements.read(mark) is not None
    assert message["data"] == {"notification_id": same, "kind": "reminder.due-day"}
    assert message["android"]["collapse_key"] == message["android"]["notification"]["tag"] == same
    assert message["apns"]["headers"]["apns-collapse-id"] == same


def test_a_browser_gets_data_only_which_the_app_itself_shows_once(google, channel):
    send_one(channel, platform="web", language="th", initial="A")
    (sent,) = google.messages
    message = sent["message"]
    assert acknowledgements.read(message["data"].pop("acknowledgement")) is not None
    assert message == {
        "fid": "a-phone",
        "data": {
            "title": "90-day report due on 14 April 2026",
            "body": "รายงานตัว 90 วัน",
            "notification_id": str(MESSAGE),
            "kind": "reminder.due-day",
            "language": "th",
            "initial": "A",
        },
        "webpush": {"headers": {"Urgency": "normal", "Topic": MESSAGE.hex, "TTL": "259200"}},
    }


def test_what_is_urgent_comes_to_a_browser_at_once_and_waits_longer_for_it(google, channel):
    send_one(channel, platform="web", lane=0)
    (sent,) = google.messages
    assert sent["message"]["webpush"]["headers"] == {"Urgency": "high", "Topic": MESSAGE.hex}


def test_a_phone_shows_by_itself_whom_a_message_is_for(google, channel):
    for platform in ("android", "ios", None):
        send_one(channel, platform=platform, initial="A")
    titles = {sent["message"]["notification"]["title"] for sent in google.messages}
    assert titles == {"A: 90-day report due on 14 April 2026"}


def test_urgent_messages_wake_the_phone_and_wait_longer_for_it(google, channel):
    send_one(channel, lane=0)
    send_one(channel, lane=1)
    urgent, reminder = (message["message"]["android"] for message in google.messages)
    assert (urgent["priority"], urgent.get("ttl")) == ("high", None)
    assert (reminder["priority"], reminder["ttl"]) == ("normal", "259200s")


@pytest.mark.parametrize(
    ("target", "code", "outcome", "alarm"),
    [
        ("unregistered", "UNREGISTERED", Outcome.DROP_DEVICE, False),
        ("invalid", "INVALID_ARGUMENT", Outcome.DROP_DEVICE, False),
        ("sender-mismatch", "SENDER_ID_MISMATCH", Outcome.MISMATCH, True),
        ("quota", "QUOTA_EXCEEDED", Outcome.RETRY, False),
        ("unavailable", "UNAVAILABLE", Outcome.RETRY, False),
        ("internal", "INTERNAL", Outcome.RETRY, False),
        ("thirdparty", "THIRD_PARTY_AUTH_ERROR", Outcome.RETRY, True),
    ],
)
def test_every_error_of_fcm_is_understood(channel, target, code, outcome, alarm):
    result = send_one(channel, target=target)
    assert (result.error_code, result.outcome, result.alarm) == (code, outcome, alarm)


def test_an_error_is_tried_once_and_retry_after_is_passed_on(google, channel):
    google.script([{"error_code": "QUOTA_EXCEEDED", "retry_after": 90}])
    assert send_one(channel).retry_after == timedelta(seconds=90)
    google.script([{"error_code": "UNAVAILABLE", "retry_after": 60}])
    assert send_one(channel).retry_after == timedelta(seconds=60)
    assert len(google.attempts) == 2


def test_an_invalid_argument_that_is_not_the_target_keeps_the_device(google, channel):
    # FCM refuses a payload over 4,096 bytes with the same code
    letter = envelope()
    big = Envelope(**{name: getattr(letter, name) for name in letter.__dataclass_fields__} | {"body": "x" * 5000})
    (result,) = channel.send([big])
    assert (result.error_code, result.outcome, result.alarm) == ("INVALID_ARGUMENT", Outcome.FAILED, True)


def test_an_address_that_is_not_found_is_our_fault_and_drops_nothing(google):
    channel = FcmChannel(Settings(fcm_endpoint=google.url + "/elsewhere"))
    result = send_one(channel)
    channel.close()
    assert (result.error_code, result.outcome, result.alarm) == ("NOT_FOUND", Outcome.RETRY, True)


def test_an_answer_that_does_not_come_is_not_waited_for_long(google, channel):
    google.script([{"delay": 5}])
    began = time.monotonic()
    result = send_one(channel)
    assert (result.error_code, result.outcome) == ("DEADLINE_EXCEEDED", Outcome.RETRY)
    assert time.monotonic() - began < 3


def test_fcm_that_cannot_be_reached_is_tried_again_later(google, channel):
    google.stop()
    result = send_one(channel)
    assert (result.error_code, result.outcome, result.alarm) == ("UNAVAILABLE", Outcome.RETRY, False)


def test_a_web_push_subscription_is_answered_as_unsupported_without_a_call(google, channel):
    result = send_one(channel, kind="webpush")
    assert (result.error_code, result.outcome, result.alarm) == ("UNSUPPORTED", Outcome.FAILED, False)
    assert not google.attempts


def test_a_message_that_cannot_be_made_does_not_take_the_others_with_it(google, channel):
    results = channel.send([envelope("one"), envelope(""), envelope("two")])
    assert [result.outcome for result in results] == [Outcome.SENT, Outcome.FAILED, Outcome.SENT]


def test_many_messages_are_answered_in_order(google):
    channel = FcmChannel(Settings(fcm_endpoint=google.url), timeout=20)
    letters = [envelope("unregistered" if number % 7 == 0 else f"phone-{number}") for number in range(200)]
    results = channel.send(letters)
    assert [result.delivery_id for result in results] == [letter.delivery_id for letter in letters]
    assert [result.outcome is Outcome.DROP_DEVICE for result in results] == [n % 7 == 0 for n in range(200)]
    channel.close()


def test_nothing_to_send_is_no_call(google, channel):
    assert channel.send([]) == []
    assert not google.attempts


def test_a_target_is_not_shown_when_an_envelope_is_printed():
    assert "a-phone" not in repr(envelope())


def test_without_a_credential_and_without_an_endpoint_there_is_no_channel():
    with pytest.raises(ValueError, match="service account"):
        FcmChannel(Settings(fcm_endpoint=None))


@pytest.mark.parametrize("library", ["firebase_admin", "uvloop"])
def test_what_is_heavy_is_not_imported_before_a_channel_is_made(library):
    code = f"import sys, notifications.rounds, notifications.channels.fcm; sys.exit({library!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_senders_that_all_end_at_once_leave_no_message_behind(channel):
    envelopes = [envelope(f"phone-{number}", kind="webpush") for number in range(1000)]  # answered without waiting
    results = SimpleQueue()
    channel.start(envelopes, results.put)
    assert {results.get(timeout=5).error_code for _ in envelopes} == {"UNSUPPORTED"}
