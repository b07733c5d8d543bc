"""A changed contact is told by every channel, also to the address that was changed, which hears of strangers a week."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from devtools.standins import mailbox
from foundation import retention
from foundation.config import Settings
from notifications import rounds
from notifications.channels.mail import CHANNEL as MAIL
from notifications.channels.mail import MailChannel
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import activate, arrived, query
from tests.linking import relay

OWN, NEW, NEWER, ON_ARRIVAL = "alix@home.example", "thief@new.example", "thief@newer.example", "alix@hotel.example"
CHANGED = "Your contact data were changed"


@pytest.fixture(scope="module")
def server():
    with mailbox.start() as box:
        yield box


@pytest.fixture
def post(server):
    server.clear()
    return server


@pytest.fixture
def person(app, post):
    """A resident who gave an address, and was told so."""
    arrived(app, contact_email="")
    person = activate(app)
    change(person, email=OWN)
    deliver(app, post)
    post.clear()
    return person


def change(person, **details):
    answer = person.client.patch("/api/v1/me", json=details, headers=person.headers)
    assert answer.status_code == 200, answer.json


def deliver(app, post, at=NOW + timedelta(minutes=1)):
    """What the worker does by mail: who got which subject."""
    relay(app)
    services = services_of(app)
    channel = MailChannel(Settings(smtp_url=post.url, public_url="https://reports.example"))
    rounds.send_round(services.database, channel, at, kind=MAIL, routing=services.routing)
    return sorted((mail.recipients[0], mail.subject) for mail in post.messages)


def inbox(person):
    return [each["title"] for each in person.get("/notifications").json["items"]]


def test_a_first_address_is_told_to_it_and_in_the_inbox(app, post):
    arrived(app, contact_email="")
    person = activate(app)
    change(person, email=OWN)
    assert (OWN, CHANGED) in deliver(app, post)
    assert CHANGED in inbox(person)


def test_the_former_address_is_told_beside_the_new_one(app, post, person):
    change(person, email=NEW)
    assert deliver(app, post) == [(OWN, CHANGED), (NEW, CHANGED)]


def test_the_address_given_on_arrival_is_told_too(app, post):
    arrived(app, contact_email=ON_ARRIVAL)
    person = activate(app)
    change(person, email=OWN)
    change(person, email=NEW)
    assert {address for address, subject in deliver(app, post) if subject == CHANGED} == {OWN, NEW, ON_ARRIVAL}


def test_an_ordinary_message_goes_to_the_new_address_only(app, post, person):
    change(person, email=NEW)
    deliver(app, post)
    post.clear()
    assert person.file().json["status"] == "accepted"
    assert deliver(app, post) == [(NEW, "Your report is accepted")]


def test_who_changes_it_again_does_not_silence_the_first(app, post, person):
    change(person, email=NEW)
    deliver(app, post)
    post.clear()
    change(person, email=NEWER)
    assert deliver(app, post) == [(OWN, CHANGED), (NEWER, CHANGED)]


def test_who_removes_it_does_not_either_and_nothing_else_is_sent_there(app, post, person):
    change(person, email=None)
    assert deliver(app, post) == [(OWN, CHANGED)]
    post.clear()
    assert person.file().json["status"] == "accepted"
    assert deliver(app, post) == []
    status = "select status from notifications where kind = 'report.decided.accepted'"
    assert query(app, status) == [("unreachable",)]


def test_a_changed_phone_number_is_told_and_a_language_is_not(app, post, person):
    change(person, language="th")
    assert deliver(app, post) == []
    change(person, language="en", phone="+66812345678")
    assert deliver(app, post) == [(OWN, CHANGED)]


def test_after_a_week_the_former_address_is_forgotten(app, post, person, clock):
    change(person, email=NEW)
    deliver(app, post)
    post.clear()
    retention.enforce(services_of(app).database, now=NOW + timedelta(days=7, seconds=-1))
    assert query(app, "select count(*) from former_contacts") == [(1,)]
    retention.enforce(services_of(app).database, now=NOW + timedelta(days=7, seconds=1))
    assert query(app, "select count(*) from former_contacts") == [(0,)]
    activate(app)
    told = deliver(app, post)
    assert told
    assert {address for address, _ in told} == {NEW}


def test_it_is_kept_sealed_exported_to_its_person_and_erased(app, post, person):
    change(person, email=NEW)
    assert OWN.encode() not in query(app, "select email from former_contacts")[0][0]
    assert OWN in person.get("/me/export").get_data(as_text=True)
    assert person.post("/me/erasure").status_code == 200
    assert query(app, "select count(*) from former_contacts") == [(0,)]


def test_changes_at_once_keep_one_former_address(app, post, person):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: change(person, email=f"thief{n}@new.example"), range(8)))
    assert query(app, "select count(*) from former_contacts") == [(1,)]
    assert OWN in {address for address, _ in deliver(app, post)}
