"""Devices and the inbox over HTTP: mine are mine, and what is another's does not exist."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select

from foundation import http
from foundation.config import FirebaseWebSettings, Settings
from foundation.errors import Problem, Unauthenticated
from foundation.identity import Principal, Role
from foundation.services import Services, use_services
from foundation.words import LANGUAGES
from notifications.channels.webpush import public_key
from notifications.models import Delivery, Device, Notification
from notifications.routes import blueprint
from operations.services import services_of
from tests.push_service import PushService

NOW = datetime(2026, 4, 14, 2, 0, tzinfo=UTC)
ANNA, BORIS = uuid.UUID(int=1), uuid.UUID(int=2)
DEVICE = {"platform": "android", "kind": "fid", "target": "a-phone", "language": "en"}


def authenticate(token):
    people = {
        "anna": Principal(Role.RESIDENT, ANNA, family=uuid.UUID(int=11)),
        "boris": Principal(Role.RESIDENT, BORIS),
        "officer": Principal(Role.OFFICER, uuid.UUID(int=3)),
    }
    if token not in people:
        raise Unauthenticated
    return people[token]


@pytest.fixture
def client(database):
    return client_of(database, Settings())


def client_of(database, settings):
    app = Flask(__name__)
    app.config.update(API_TITLE="90-day reporting", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    use_services(app, Services(settings=settings, clock=lambda: NOW, database=database, authenticate=authenticate))
    app.register_error_handler(Problem, http.render_problem)
    http.Api(app).register_blueprint(blueprint)
    http.guard(app)
    return app.test_client()


def as_(person):
    return {"Authorization": f"Bearer {person}"}


def put(client, device_id="phone", person="anna", **changes):
    return client.put(f"/api/v1/devices/{device_id}", json=DEVICE | changes, headers=as_(person))


def tell(database, person=ANNA, *, count=1, **changes):
    """Messages to a person, a minute apart, the last one newest; their ids from first to last."""
    rows = [
        {
            "id": uuid.uuid4(),
            "person_id": person,
            "kind": "reminder.seven-days",
            "dedupe": uuid.uuid4().hex,
            "lane": 1,
            "due_on": date(2026, 4, 21),
            "params": {"due_on": "2026-04-21"},
            "status": "sent",
            "created_at": NOW + timedelta(minutes=number),
        }
        | changes
        for number in range(count)
    ]
    with database.transaction() as session:
        session.execute(insert(Notification), rows)
    return [str(row["id"]) for row in rows]


def inbox(client, person="anna", **query):
    return client.get("/api/v1/notifications", query_string=query, headers=as_(person))


def test_registering_a_device_twice_gives_the_same_answer(client):
    first, second = put(client), put(client)
    assert first.status_code == second.status_code == 200
    assert first.json == second.json
    assert first.json == {
        "device_id": "phone",
        "platform": "android",
        "kind": "fid",
        "language": "en",
        "updated_at": "2026-04-14T09:00:00+07:00",
    }


def test_a_device_remembers_the_sign_in_that_registered_it(client, database):
    put(client)
    with database.read_session() as session:
        assert session.scalars(select(Device.family)).all() == [uuid.UUID(int=11)]


@pytest.mark.parametrize(
    "changes",
    [
        {"platform": "windows"},
        {"kind": "sms"},
        {"target": ""},
        {"target": "x" * 4097},
        {"language": "pt"},
        {"extra": 1},
        {"target": None},
    ],
)
def test_a_device_that_makes_no_sense_is_refused(client, changes):
    answer = put(client, **changes)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")


def test_a_target_may_be_4096_characters_long(client):
    assert put(client, target="x" * 4096).status_code == 200


@pytest.mark.parametrize("device_id", ["a b", "x" * 65, "กข", "a%0Ab"])
def test_a_device_id_of_other_characters_is_refused(client, device_id):
    answer = put(client, device_id)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")


def test_a_removed_device_is_gone(client):
    put(client)
    assert client.delete("/api/v1/devices/phone", headers=as_("anna")).status_code == 204
    assert client.delete("/api/v1/devices/another", headers=as_("anna")).status_code == 404


def test_another_persons_device_is_not_found_in_the_same_words_as_none(client, database):
    put(client)
    anothers = client.delete("/api/v1/devices/phone", headers=as_("boris"))
    nobodys = client.delete("/api/v1/devices/nobodys", headers=as_("boris"))
    assert (anothers.status_code, anothers.data) == (nobodys.status_code, nobodys.data) == (404, nobodys.data)
    with database.read_session() as session:
        assert session.scalars(select(Device.removed_at)).all() == [None]


def test_another_person_may_use_the_same_device_id(client, database):
    put(client)
    put(client, person="boris", target="another-phone")
    with database.read_session() as session:
        assert len(session.scalars(select(Device).where(Device.removed_at.is_(None))).all()) == 2


def test_the_inbox_says_what_was_told_and_what_became_of_it(client, database):
    put(client)
    (told,) = tell(database)
    with database.transaction() as session:
        ids = {"notification_id": uuid.UUID(told), "person_id": ANNA, "device_id": "phone"}
        session.add(Delivery(**ids, lane=1, status="sent", next_try_at=NOW, sent_at=NOW))
    at = "2026-04-14T09:00:00+07:00"
    assert inbox(client).json == {
        "items": [
            {
                "id": told,
                "kind": "reminder.seven-days",
                "title": "90-day report due on 21 April 2026",
                "body": "If you have not filed it yet, file it in this app, on or before 21 April 2026.",
                "english": None,
                "report": None,
                "due_on": "2026-04-21",
                "status": "sent",
                "created_at": at,
                "read_at": None,
                "deliveries": [
                    {
                        "channel": "push",
                        "device_id": "phone",
                        "platform": "android",
                        "status": "sent",
                        "sent_at": at,
                        "delivered_at": None,
                        "opened_at": None,
                    }
                ],
                "life": [
                    {"at": at, "stage": stage, "channel": channel, "why": None}
                    for stage, channel in (("planned", None), ("sent", "push"))
                ],
            }
        ],
        "next_cursor": None,
    }


def test_the_inbox_is_read_page_by_page_without_gaps_or_repeats(client, database):
    told = tell(database, count=7)
    told += tell(database, count=2, created_at=NOW + timedelta(minutes=3))  # three at one instant
    seen, cursor = [], {}
    while True:
        page = inbox(client, limit=2, **cursor).json
        seen += [item["id"] for item in page["items"]]
        if not page["next_cursor"]:
            break
        cursor = {"cursor": page["next_cursor"]}
        tell(database, created_at=NOW + timedelta(days=1))  # new arrivals do not disturb
    assert sorted(seen) == sorted(told)
    assert len(seen) == len(set(seen)) == 9
    assert seen[0] == told[6]


@pytest.mark.parametrize("cursor", ["x", "กข", "bm90LWEtY3Vyc29y", "MjAyNi0wNC0xNHwx"])
def test_a_made_up_cursor_is_refused(client, cursor):
    answer = inbox(client, cursor=cursor)
    assert (answer.status_code, answer.json["code"]) == (400, "unknown-cursor")


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"language": "pt"}])
def test_a_query_that_makes_no_sense_is_refused(client, query):
    assert inbox(client, **query).status_code == 422


@pytest.mark.parametrize(("header", "title"), [("th-TH,en;q=0.5", "รายงานตัว"), ("pt", "90-day"), ("", "90-day")])
def test_the_inbox_speaks_the_language_that_is_asked_for(client, database, header, title):
    tell(database)
    answer = client.get("/api/v1/notifications", headers=as_("anna") | {"Accept-Language": header})
    assert answer.json["items"][0]["title"].startswith(title)
    assert inbox(client, language="th").json["items"][0]["title"].startswith("รายงานตัว")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_that_no_speaker_has_read_has_english_beside_it(client, database, language):
    (told,) = tell(database)
    (item,) = inbox(client, language=language).json["items"]
    said = "90-day report due on 21 April 2026. If you have not filed it yet, file it in this app"
    assert (item["english"] or "").startswith("" if language in ("en", "th") else said)
    assert (item["english"] is None) == (language in ("en", "th"))
    answer = client.post(f"/api/v1/notifications/{told}/read", headers=as_("anna") | {"Accept-Language": language})
    assert answer.json["english"] == item["english"]


def test_what_was_taken_back_unsent_is_not_shown(client, database):
    tell(database, status="stale")
    assert inbox(client).json["items"] == []


def test_another_persons_messages_are_not_shown(client, database):
    tell(database, BORIS)
    assert inbox(client).json["items"] == []


def test_a_message_is_read_once(client, database):
    (told,) = tell(database)
    first = client.post(f"/api/v1/notifications/{told}/read", headers=as_("anna"))
    assert (first.status_code, first.json["read_at"]) == (200, "2026-04-14T09:00:00+07:00")
    services_of(client.application).clock = lambda: NOW + timedelta(hours=1)
    again = client.post(f"/api/v1/notifications/{told}/read", headers=as_("anna"))
    assert again.json["read_at"] == first.json["read_at"]


def test_another_persons_message_is_not_found_in_the_same_words_as_none(client, database):
    (told,) = tell(database, BORIS)
    anothers = client.post(f"/api/v1/notifications/{told}/read", headers=as_("anna"))
    nobodys = client.post(f"/api/v1/notifications/{uuid.uuid4()}/read", headers=as_("anna"))
    assert (anothers.status_code, anothers.data) == (nobodys.status_code, nobodys.data) == (404, nobodys.data)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("put", "/devices/phone"),
        ("delete", "/devices/phone"),
        ("get", "/notifications"),
        ("post", f"/notifications/{uuid.UUID(int=5)}/read"),
    ],
)
def test_only_residents_have_devices_and_an_inbox(client, method, path):
    call = getattr(client, method)
    assert call("/api/v1" + path).status_code == 401
    assert call("/api/v1" + path, headers=as_("officer")).status_code == 403


def test_a_browser_is_told_the_key_to_subscribe_with(client):
    answer = client.get("/api/v1/devices/webpush-key", headers=as_("anna"))
    assert (answer.status_code, answer.json) == (200, {"public_key": public_key(), "firebase": None})
    assert client.get("/api/v1/devices/webpush-key").status_code == 401
    assert client.get("/api/v1/devices/webpush-key", headers=as_("officer")).status_code == 403


def test_a_browser_is_told_of_firebase_where_that_is_set_up(database):
    web = FirebaseWebSettings(api_key="a-key", app_id="1:2:web:3", sender_id="2", vapid_key="a-point")
    settings = Settings(firebase_web=web, fcm_project_id="reports-90")
    answer = client_of(database, settings).get("/api/v1/devices/webpush-key", headers=as_("anna"))
    assert answer.json["public_key"] == public_key()
    assert answer.json["firebase"] == {
        "project_id": "reports-90",
        "api_key": "a-key",
        "app_id": "1:2:web:3",
        "sender_id": "2",
        "vapid_key": "a-point",
    }


def test_a_subscription_of_a_browser_is_taken(client):
    target = PushService(port=9).subscription(endpoint="https://updates.push.services.mozilla.com/wpush/v2/x")
    assert put(client, platform="web", kind="webpush", target=target).status_code == 200


@pytest.mark.parametrize("target", ["a-phone", "{}", "https://fcm.googleapis.com/x", "5", "null", "[" * 4000])
def test_another_target_is_no_subscription(client, target):
    answer = put(client, platform="web", kind="webpush", target=target)
    assert answer.status_code == 422
    (fault,) = answer.json["field_errors"]
    assert (fault["field"], fault["code"]) == ("target", "wrong-form")


def test_a_subscription_to_an_address_of_our_own_network_is_refused(client):
    target = PushService(port=9).subscription(endpoint="https://10.0.0.7/send")
    assert put(client, platform="web", kind="webpush", target=target).status_code == 422
