"""How long errors wait, and what a provider's answer means."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications import rules
from notifications.channels import limits
from notifications.rules import Mismatches, Outcome

NOW = datetime(2026, 4, 14, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "message", "outcome", "alarm"),
    [
        ("UNREGISTERED", "", Outcome.DROP_DEVICE, False),
        ("INVALID_ARGUMENT", "The registration token is not a valid FCM token", Outcome.DROP_DEVICE, False),
        ("INVALID_ARGUMENT", "Invalid value at 'message.fid'", Outcome.DROP_DEVICE, False),
        ("INVALID_ARGUMENT", "Invalid data payload key: from", Outcome.FAILED, True),
        ("SENDER_ID_MISMATCH", "SenderId mismatch", Outcome.MISMATCH, True),
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


@pytest.mark.parametrize(
    ("mismatched", "sent", "meaning"),
    [
        (1, 1, Mismatches.SINGLE),
        (10, 1000, Mismatches.SINGLE),
        (1, 0, Mismatches.UNDECIDED),
        (4, 0, Mismatches.UNDECIDED),
        (3, 1, Mismatches.UNDECIDED),
        (5, 0, Mismatches.MANY),
        (5, 1, Mismatches.MANY),
        (11, 1000, Mismatches.MANY),
    ],
)
def test_single_devices_of_another_sender_are_told_from_a_wrong_sender_of_ours(mismatched, sent, meaning):
    assert rules.judge_mismatches(limits.terms(), mismatched=mismatched, sent=sent) == meaning


@pytest.mark.parametrize(
    ("failures", "fault", "asked", "seconds"),
    [
        (1, False, None, 0),
        (2, False, None, 0),
        (3, False, None, 30),
        (4, False, None, 60),
        (40, False, None, 300),
        (1, True, None, 300),
        (1, False, 60, 60),
        (3, False, 10, 30),
        (1, True, 900, 900),
        (1, False, 10**9, 6 * 3600),
    ],
)
def test_a_channel_stops_for_as_long_as_is_asked_or_as_its_failures_say(failures, fault, asked, seconds):
    wanted = None if asked is None else timedelta(seconds=asked)
    stop = rules.stop_for(limits.terms(), failures=failures, fault=fault, asked=wanted)
    assert stop == timedelta(seconds=seconds)


def test_a_minute_of_push_stays_below_the_quota_of_firebase():
    bucket = limits.buckets()["push"]
    assert bucket.per_minute + bucket.burst < 600_000
    row = {"name": "push", "per_minute": 590_000, "burst": 20_000, "quota_per_minute": 600_000}
    with pytest.raises(ValueError, match="quota"):
        limits.read_bucket(row)


def test_a_bucket_fills_with_the_time_up_to_its_burst_and_not_with_a_clock_that_goes_back():
    bucket = limits.Bucket(per_minute=600, burst=100)
    assert [bucket.refilled(0, seconds) for seconds in (0, 1, 5, 3600, -10)] == [0, 10, 50, 100, 0]
