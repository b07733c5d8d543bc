"""The signed-in resident."""

import pytest
from sqlalchemy import select

from foundation.events import EventRecord
from immigration.models.people import Person
from immigration.services import tokens
from operations.services import services_of
from tests.access import SETTINGS, SetClock, add_person, make_app


@pytest.fixture
def person(database):
    return add_person(database)


@pytest.fixture
def client(database, person):
    """A client that a resident is signed in with."""
    clock = SetClock()
    app = make_app(database, clock)
    with database.transaction() as session:
        grant = tokens.begin(session, person, assurance="mail", passport_id=None, refresh_token="x", now=clock())
        token = tokens.pair(services_of(app).filing.signer, SETTINGS, grant, now=clock()).access_token
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def test_a_resident_sees_who_they_are(client, person):
    assert client.get("/api/v1/me").json == {
        "resident_id": str(person),
        "document_number": "••••••001",
        "issuing_state": "FRA",
        "surname": "MARTIN",
        "given_names": "CHLOE",
        "name": "CHLOE MARTIN",
        "nationality": "FRA",
        "language": "en",
        "email": None,
        "phone": None,
        "assurance": "mail",
    }


def test_the_passport_shown_is_the_one_that_no_other_replaces(client, database, person):
    add_person(database, "EX2000777", replaces="EX1000001", person_id=person)
    assert client.get("/api/v1/me").json["document_number"] == "••••••777"


def test_a_resident_changes_language_and_contact(client, database, person):
    changes = {"language": "th", "email": "chloe@example.org", "phone": "+66 81 234 5678"}
    answer = client.patch("/api/v1/me", json=changes)
    assert answer.status_code == 200
    assert {name: answer.json[name] for name in changes} == changes
    with database.read_session() as session:
        event = session.scalars(select(EventRecord)).one()
        assert session.get_one(Person, person).email == "chloe@example.org"
    assert (event.kind, event.data) == ("resident.contact-changed", {"fields": ["language", "email", "phone"]})
    assert event.actor == f"resident:{person}"


def test_what_is_left_out_stays_and_null_takes_away(client):
    client.patch("/api/v1/me", json={"email": "chloe@example.org", "phone": "0812345678"})
    answer = client.patch("/api/v1/me", json={"email": None})
    assert (answer.json["email"], answer.json["phone"]) == (None, "0812345678")


@pytest.mark.parametrize("nothing", [None, "", " ", "\u200b"])
def test_an_empty_contact_takes_it_away(client, nothing):
    client.patch("/api/v1/me", json={"email": "chloe@example.org", "phone": "0812345678"})
    answer = client.patch("/api/v1/me", json={"email": nothing, "phone": nothing})
    assert (answer.json["email"], answer.json["phone"]) == (None, None)


def test_contact_is_cleaned_before_it_is_kept_and_compared(client, database):
    body = {"email": "\u200bchloe@example.org ", "phone": "＋66 (0)81\u2011234 ๕๖๗๘"}
    answer = client.patch("/api/v1/me", json=body)
    assert (answer.json["email"], answer.json["phone"]) == ("chloe@example.org", "+66 (0)81-234 5678")
    client.patch("/api/v1/me", json={"email": "chloe@example.org", "phone": "+66 (0)81-234 5678"})
    with database.read_session() as session:
        assert len(session.scalars(select(EventRecord)).all()) == 1


def test_a_refusal_says_in_a_sentence_and_a_code_how_to_mend_it(client):
    answer = client.patch("/api/v1/me", json={"phone": "call me", "email": "nobody"})
    assert answer.json["errors"]["json"]["phone"] == ["Enter a phone number, like 081 234 5678 or +66 81 234 5678."]
    codes = {(fault["in"], fault["field"], fault["code"]) for fault in answer.json["field_errors"]}
    assert codes == {("json", "phone", "phone-invalid"), ("json", "email", "email-invalid")}


def test_what_is_the_same_is_no_change(client, database):
    client.patch("/api/v1/me", json={"language": "en", "email": None})
    with database.read_session() as session:
        assert session.scalars(select(EventRecord)).all() == []


@pytest.mark.parametrize(
    "body",
    [
        {"language": "pt"},
        {"language": None},
        {"email": "no address"},
        {"email": "a@b.example\r\nBcc: c@d.example"},
        {"email": "x" * 250 + "@example.org"},
        {"phone": "call me"},
        {"phone": "081\n2345678"},
        {"email": "a@localhost"},
        {"phone": "1" * 30},
        {"surname": "OTHER"},
        [],
    ],
)
def test_what_cannot_be_is_refused(client, body):
    assert client.patch("/api/v1/me", json=body).status_code in (400, 422)
