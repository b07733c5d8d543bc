"""One phone for several people: each keeps their messages there, which say whom they are for; no stranger gets in."""

import uuid

import pytest

from devtools.standins import fcm
from foundation.config import Settings
from notifications import rounds
from notifications.channels.fcm import FcmChannel
from notifications.channels.webpush import CHANNEL as WEBPUSH
from notifications.channels.webpush import WebPushChannel
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import activate, arrived, load, query, row, together
from tests.linking import relay
from tests.push_service import push_service

PHONE = str(uuid.UUID(int=7))
DEVICE = {"platform": "android", "kind": "fid", "target": "a-phone", "language": "en"}


@pytest.fixture
def anna(app):
    arrived(app)
    return activate(app)


@pytest.fixture
def boris(app):
    load(app, "passports", row("passports", document_number="TEST00002", given_names="BORIS"))
    load(app, "movements", row("movements", document_number="TEST00002"))
    return activate(app, "TEST00002")


def put(person, device_id=PHONE, **changes):
    return person.client.put(f"/api/v1/devices/{device_id}", json=DEVICE | changes, headers=person.headers)


def live(app):
    return {str(person) for (person,) in query(app, "select person_id from devices where removed_at is null")}


def pushed(app):
    """What the phone gets by Firebase: the title as it shows it, and the initial."""
    return sorted((each["notification"]["title"], each["data"].get("initial")) for each in sent_by_firebase(app))


def sent_by_firebase(app):
    relay(app)
    services = services_of(app)
    with fcm.start() as google:
        channel = FcmChannel(Settings(fcm_endpoint=google.url))
        rounds.send_round(services.database, channel, NOW, routing=services.routing)
        channel.close()
        return [each["message"] for each in google.messages]


def file(*people):
    for person in people:
        assert person.file().status_code == 201


def test_both_keep_their_messages_and_each_says_whom_it_is_for(app, anna, boris):
    assert put(anna).status_code == put(boris).status_code == put(anna).status_code == 200
    assert live(app) == {anna.id, boris.id}
    file(anna, boris)
    sent = pushed(app)
    assert ("A: Your report is accepted", "A") in sent
    assert {(title[:3], initial) for title, initial in sent} == {("A: ", "A"), ("B: ", "B")}


def test_a_phone_of_one_person_needs_no_initial(app, anna):
    put(anna)
    file(anna)
    assert ("Your report is accepted", None) in pushed(app)


@pytest.mark.parametrize("device_id", [str(uuid.UUID(int=8)), "phone"])
def test_a_stranger_who_does_not_know_the_phone_gets_nothing(app, anna, boris, device_id):
    assert put(anna, "phone" if device_id == "phone" else PHONE).status_code == 200
    answer = put(boris, device_id)
    assert (answer.status_code, answer.json["code"]) == (409, "device-of-another")
    assert live(app) == {anna.id}


def test_one_who_signs_out_takes_nobody_along(app, anna, boris):
    put(anna)
    put(boris)
    anna.post("/tokens/revocation")
    relay(app)
    assert live(app) == {boris.id}
    assert put(boris).status_code == 200


def test_what_moves_to_another_device_moves_for_its_person_only(app, anna, boris):
    put(anna)
    put(boris)
    assert put(boris, "x" * 40).status_code == 409
    boris.client.delete(f"/api/v1/devices/{PHONE}", headers=boris.headers)
    assert live(app) == {anna.id}
    assert put(anna, "x" * 40).status_code == 200
    assert query(app, "select device_id from devices where removed_at is null") == [("x" * 40,)]


def test_both_at_the_same_moment_are_two(app, anna, boris):
    answers = together([lambda: put(anna), lambda: put(boris)] * 3)
    assert {answer.status_code for answer in answers} == {200}
    assert live(app) == {anna.id, boris.id}


def test_a_browser_learns_the_initial_of_each_message(app, anna):
    services = services_of(app)
    with push_service() as browser:
        target = browser.subscription()
        assert put(anna, platform="web", kind="webpush", target=target).status_code == 200
        file(anna)
        relay(app)
        channel = WebPushChannel(services.settings)
        rounds.send_round(services.database, channel, NOW, kind=WEBPUSH, routing=services.routing)
        channel.close()
    assert {each["content"]["initial"] for each in browser.received} == {"A"}


def test_a_browser_learns_the_initial_by_firebase_too(app, anna, boris):
    """Each person of a browser has an address of their own there: that there are several, the browser knows alone."""
    for person, installation in ((anna, "annas-installation"), (boris, "boris-installation")):
        assert put(person, str(uuid.uuid4()), platform="web", target=installation).status_code == 200
    file(anna, boris)
    sent = {(each["fid"], each["data"]["initial"], "notification" in each) for each in sent_by_firebase(app)}
    assert sent == {("annas-installation", "A", False), ("boris-installation", "B", False)}


def test_one_who_switches_off_in_a_browser_leaves_the_other_there(app, anna, boris):
    put(anna, "1" * 36, platform="web", target="annas-installation")
    put(boris, "2" * 36, platform="web", target="boris-installation")
    assert anna.client.delete(f"/api/v1/devices/{'1' * 36}", headers=anna.headers).status_code == 204
    assert live(app) == {boris.id}
    file(anna, boris)
    assert {each["fid"] for each in sent_by_firebase(app)} == {"boris-installation"}
