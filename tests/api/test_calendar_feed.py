"""The private calendar feed: its days in a strict parser, and that nobody finds them without the address."""

import re
from datetime import date

import icalendar
import pytest

from foundation import ics
from foundation.ics import Day
from foundation.words import LANGUAGES
from tests.conftest import NOW
from tests.factories import activate, arrived, load, row


@pytest.fixture
def person(app):
    arrived(app)
    return activate(app)


def give(person):
    answer = person.post("/me/calendar")
    assert answer.status_code == 201
    return re.sub(r"^https?://[^/]+", "", answer.json["address"])


def days(text):
    """The events as a strict parser reads them."""
    calendar = icalendar.Calendar.from_ical(text)
    assert calendar.errors == []
    return [(event["SUMMARY"], event["DTSTART"].dt) for event in calendar.walk("VEVENT") if not event.errors]


def test_any_calendar_program_finds_the_days_without_a_sign_in(client, person):
    answer = client.get(give(person))
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    assert days(answer.data) == [
        ("90-day report due on 29 November 2026", date(2026, 11, 14)),
        ("90-day report due on 29 November 2026", date(2026, 11, 29)),
        ("90-day report was due on 29 November 2026", date(2026, 12, 6)),
    ]
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_every_language_of_the_app_in_lines_that_are_not_too_long(client, person, language):
    person.client.patch("/api/v1/me", json={"language": language}, headers=person.headers)
    content = client.get(give(person)).data
    assert len(days(content)) == 3
    assert content.endswith(b"\r\n")
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_a_day_that_moves_is_the_same_event(app, client, person):
    address = give(person)

    def keys():
        calendar = icalendar.Calendar.from_ical(client.get(address).data)
        return [(str(event["UID"]), event["DTSTART"].dt) for event in calendar.walk("VEVENT")]

    before = keys()
    arrived(app, "2026-09-03")
    after = keys()
    assert [key for key, _ in before] == [key for key, _ in after]
    assert [(new - old).days for (_, old), (_, new) in zip(before, after, strict=True)] == [2, 2, 2]


def test_who_has_filed_has_no_day_until_the_next_is_known(client, person):
    address = give(person)
    assert person.file().status_code == 201
    next_days = [day for _, day in days(client.get(address).data)]
    assert next_days == [] or min(next_days) > date(2026, 12, 6)


def test_another_address_ends_the_one_before_and_each_can_be_revoked(client, person):
    assert person.get("/me/calendar").json == {"given": False}
    first = give(person)
    second = give(person)
    assert first != second
    assert (client.get(first).status_code, client.get(second).status_code) == (404, 200)
    assert person.get("/me/calendar").json == {"given": True}
    for _ in range(2):
        assert person.client.delete("/api/v1/me/calendar", headers=person.headers).status_code == 204
    assert client.get(second).status_code == 404
    assert person.get("/me/calendar").json == {"given": False}


def test_it_is_the_persons_own(app, client, person):
    load(app, "passports", row("passports", document_number="TEST00002"))
    other = activate(app, "TEST00002")
    address = give(other)
    assert days(client.get(address).data) == []
    assert person.get("/me/calendar").json == {"given": False}


@pytest.mark.parametrize("secret", ["x", "A" * 32, "A" * 5000, "%00", "..%2f..%2fme", "é", "'; drop table people --"])
def test_an_address_that_was_not_given_finds_nothing(client, person, secret):
    give(person)
    assert client.get(f"/api/v1/calendar/{secret}.ics").status_code in (404, 414)


def test_it_takes_a_resident_to_ask_for_one(client):
    calls = [
        client.get("/api/v1/me/calendar"),
        client.post("/api/v1/me/calendar"),
        client.delete("/api/v1/me/calendar"),
    ]
    assert [call.status_code for call in calls] == [401] * 3


def test_text_that_means_something_in_a_calendar_is_taken_as_text():
    text = "a;b,c\\d\ne\rBEGIN:VEVENT " + "ภาษาไทย" * 40
    day = Day(key="k", on=date(2026, 1, 31), summary=text, description=text)
    calendar = icalendar.Calendar.from_ical(ics.calendar([day], domain="x.example", link="https://x/", written_at=NOW))
    (event,) = calendar.walk("VEVENT")
    assert event["SUMMARY"] == event["DESCRIPTION"] == text.replace("\r", "")
    assert event["DTEND"].dt == date(2026, 2, 1)
