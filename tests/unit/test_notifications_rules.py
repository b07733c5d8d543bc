"""How long errors wait, and what a provider's answer means."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications import rules
from notifications.rules import Outcome

NOW = datetime(2026, 4, 14, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "message", "outcome", "alarm"),
    [
        ("UNREGISTERED", "", Outcome.DROP_DEVICE, False),
        ("INVALID_ARGUMENT", "The registration token is not a valid FCM token", Outcome.DROP_DEVICE, False),
        ("INVALID_ARGUMENT", "Invalid value at 'message.fid'", Outcome.DROP_DEVICE, False),
        ("INVALID_ARGUMENT", "Invalid data payload key: from", Outcome.FAILED, True),
        ("SENDER_ID_MISMATCH", "SenderId mismatch", Outcome.FAILED, True),
        ("QUOTA_EXCEEDED", "", Outcome.RETRY, False),
        ("UNAVAILABLE", "", Outcome.RETRY, False),
        ("INTERNAL", "", Outcome.RETRY, False),
        ("DEADLINE_EXCEEDED", "", Outcome.RETRY, False),
        ("THIRD_PARTY_AUTH_ERROR", "", Outcome.RETRY, True),
        ("NOT_FOUND", "no such project", Outcome.RETRY, True),
        ("SOMETHING_NEW", "", Outcome.RETRY, True),
        ("UNSUPPORTED", "", Outcome.FAILED, False),
    ],
)
def test_only_an_error_about_the_target_itself_drops_a_device(code, message, outcome, alarm):
    assert rules.classify(code, message) == rules.Verdict(outcome, alarm)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Tue, 14 Apr 2026 02:05:00 GMT", 300),
        ("Tue, 14 Apr 2026 01:00:00 GMT", 0),
        ("9999999999999999999999", 6 * 3600),
        ("Tue, 14 Apr 2036 02:05:00 GMT", 6 * 3600),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header, seconds):
    assert rules.retry_after(header, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1.5"])
def test_a_retry_after_that_cannot_be_read_is_ignored(header):
    assert rules.retry_after(header, NOW) is None


def test_waiting_doubles_from_half_a_minute_to_an_hour():
    waits = [rules.wait(tries, None, 0).total_seconds() for tries in range(1, 10)]
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert rules.wait(30_000, None, 0) == timedelta(hours=1)


def test_jitter_adds_up_to_a_half():
    assert rules.wait(1, None, 1) == timedelta(seconds=45)


def test_a_provider_that_asks_for_longer_is_given_longer():
    assert rules.wait(1, timedelta(minutes=10), 0) == timedelta(minutes=10)
    assert rules.wait(5, timedelta(seconds=1), 0) == timedelta(minutes=8)


def test_the_last_try_falls_on_the_end_of_72_hours_and_is_the_last():
    since = NOW - timedelta(hours=71, minutes=50)
    end = since + timedelta(hours=72)
    assert rules.next_try(tries=20, since=since, now=NOW, asked=None, jitter=0) == end
    assert rules.next_try(tries=21, since=since, now=end, asked=None, jitter=0) is None
