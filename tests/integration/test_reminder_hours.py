"""At which hour of the day reminders go out, and what a person may choose."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from notifications.channels.channel import Result
from notifications.models import Notification
from notifications.rules import Outcome
from notifications.services import addressing, delivery, preferences
from notifications.services.preferences import Wanted
from tests.factories import activate, arrived
from tests.integration.test_notifications_planning import ANNA, PARAMS, due, phone, plan
from tests.integration.test_push_rounds import look, message

NINE = datetime(2026, 4, 14, 2, 0, tzinfo=UTC)
"""Nine o'clock in Bangkok."""


def someone(byte: int) -> uuid.UUID:
    """A person whose share of the spread is `byte` 256ths."""
    return uuid.UUID(bytes=bytes([*[1] * 10, byte, *[0] * 5]))


def ready(database, at):
    """How many deliveries may go at a moment, which are then gone."""
    with database.transaction() as session:
        addressing.fan_out(session, now=at)
    with database.transaction() as session:
        claimed = delivery.claim(session, now=at, limit=10_000)
        delivery.settle(session, [Result(each.delivery_id, Outcome.SENT) for each in claimed], now=at)
    return len(claimed)


def choose(database, person, **choice):
    with database.transaction() as session:
        preferences.choose(session, person, Wanted(**choice), now=NINE)


def test_a_window_that_opens_at_midnight_does_not_ring_before_nine(database):
    people = [someone(byte) for byte in range(0, 256, 16)]
    for person in people:
        phone(database, person)
    midnight = NINE - timedelta(hours=9)
    plan(database, due(*people), midnight)
    sent = {}
    for minutes in range(0, 15 * 60, 15):
        if count := ready(database, midnight + timedelta(minutes=minutes)):
            sent[minutes / 60] = count
    assert min(sent) == 9
    assert max(sent) == 10.5
    assert sum(sent.values()) == 16
    assert max(sent.values()) <= 3


def test_a_chosen_hour_counts(database):
    early, late = someone(128), someone(129)
    for person, hour in ((early, 8), (late, 18)):
        phone(database, person)
        choose(database, person, hour=hour)
    plan(database, due(early, late), NINE - timedelta(hours=9))
    assert ready(database, NINE - timedelta(hours=1)) == 0
    assert ready(database, NINE - timedelta(minutes=30)) == 1
    assert ready(database, NINE + timedelta(hours=8, minutes=59)) == 0
    assert ready(database, NINE + timedelta(hours=9, minutes=30)) == 1


@pytest.mark.parametrize(("hour", "expected"), [(19, 1), (20, 0), (23, 0), (24 + 7, 0), (24 + 8, 1)])
def test_nothing_routine_rings_at_night(database, hour, expected):
    person = someone(0)
    phone(database, person)
    plan(database, due(person), NINE)
    with database.transaction() as session:
        addressing.fan_out(session, now=NINE)
    assert ready(database, NINE + timedelta(hours=hour - 9)) == expected


def test_what_a_person_waits_for_goes_at_night(database):
    phone(database, ANNA)
    message(database)
    assert ready(database, NINE + timedelta(hours=14)) == 1


def test_a_due_date_that_changed_at_night_waits_for_the_day(database):
    phone(database, ANNA)
    message(database, kind="obligation.due-date-changed")
    assert ready(database, NINE + timedelta(hours=14)) == 0
    assert ready(database, NINE + timedelta(hours=23)) == 1


def test_after_an_outage_the_step_that_stands_is_sent_and_the_one_before_it_is_not(database):
    person = someone(0)
    phone(database, person)
    plan(database, due(person, step="one-day"), NINE - timedelta(days=1))
    plan(database, due(person, step="due-day"), NINE)
    with database.transaction() as session:
        addressing.fan_out(session, now=NINE)
    with database.transaction() as session:
        sent = delivery.claim(session, now=NINE, due=due(person, step="due-day"))
    assert [envelope.kind for envelope in sent] == ["reminder.due-day"]


def test_what_may_be_switched_off_is_skipped_and_the_reason_kept(database):
    person = someone(0)
    phone(database, person)
    choose(database, person, optional_reminders=False)
    plan(database, due(person, step="seven-days", params=PARAMS | {"optional": True}))
    plan(database, due(person, step="due-day", params=PARAMS | {"optional": False}))
    kept = look(database, Notification.kind, Notification.status, Notification.reason)
    assert kept == [("reminder.due-day", "pending", None), ("reminder.seven-days", "skipped", "opted-out")]
    assert ready(database, NINE) == 1


def test_a_person_chooses_by_the_app(app):
    arrived(app)
    resident = activate(app)
    everybody = resident.get("/me/reminders").json
    assert (everybody["hour"], everybody["optional_reminders"], everybody["mail"]) == (None, True, True)
    nothing = {"hour": 18, "optional_reminders": False, "mail": False}
    answer = resident.client.put("/api/v1/me/reminders", json=nothing, headers=resident.headers)
    assert answer.status_code == 200
    assert "due day" in answer.json["always"]
    assert {name: resident.get("/me/reminders").json[name] for name in nothing} == nothing


@pytest.mark.parametrize(
    "wrong",
    [{"hour": 20}, {"hour": 7}, {"hour": "9"}, {"hour": 9.5}, {"mail": "perhaps"}, {"mail": None}, {"more": 1}],
    ids=str,
)
def test_what_cannot_be_chosen_is_refused(app, wrong):
    arrived(app)
    resident = activate(app)
    body = {"hour": 9, "optional_reminders": True, "mail": True} | wrong
    answer = resident.client.put("/api/v1/me/reminders", json=body, headers=resident.headers)
    assert answer.status_code == 422
    other = app.test_client().put("/api/v1/me/reminders", json=body)
    assert other.status_code == 401
