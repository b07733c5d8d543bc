"""Messages to browsers by Firebase's real SDK, and by the browser's own way where Firebase does not help."""

import json
import re
import urllib.request

import pytest
from playwright.sync_api import expect

from devtools.postgres import temporary_server
from notifications.rules import SECRET_ID
from tests.browser.firebase import SETTINGS, VAPID_KEY, FirebaseServers, handed_to_browser, subscriptions
from tests.browser.looking import look
from tests.browser.phones import Phone
from tests.push_service import push_service
from tests.serving import eventually, serving

ON = "Messages come to this phone."
SCOPES = """async () => (await navigator.serviceWorker.getRegistrations())
    .map((each) => new URL(each.scope).pathname).filter((each) => each !== "/").sort()"""
SHOWN = """async () => {
    const all = await navigator.serviceWorker.getRegistrations();
    const shown = (await Promise.all(all.map((each) => each.getNotifications()))).flat();
    return shown.map((each) => [each.title, each.body, each.lang]);
}"""
ADDRESS_GONE = """() => Object.keys(localStorage).filter((name) => name.startsWith("subscription"))
    .forEach((name) => localStorage.removeItem(name))"""
SAID_BY_SDK = re.compile(r"FirebaseError|Installations|status of 500|too long")


@pytest.fixture(scope="module")
def service():
    """The whole service, set up for Firebase's web app."""
    with temporary_server() as server, serving(server, DEV_NOW="", **SETTINGS) as running:
        yield running


@pytest.fixture
def google():
    return FirebaseServers()


@pytest.fixture
def phone(contexts, service, google):
    context = contexts()
    context.grant_permissions(["notifications"])
    google.serve(context)
    phone = Phone(context, service)
    phone.registered = []
    context.on("request", lambda request: _note(phone, request))
    with push_service() as browser:
        context.add_init_script(subscriptions(browser.subscription()))
        yield phone


def _note(phone, request):
    if "/api/v1/devices/" in request.url and request.method in ("PUT", "DELETE"):
        phone.registered.append((request.method, request.url.rpartition("/")[2], request.post_data_json))


def switch_on(phone):
    phone.open("/#/reminders")
    phone.tap("button", "Show messages here")
    expect(phone.page.get_by_text(ON)).to_be_visible(timeout=25_000)


def sent_to(service, target, title):
    """The messages with a title that the service sent to a target by FCM.

    That an activation code was issued is said too, to a phone that is fast enough to be there by then.
    """
    with urllib.request.urlopen(f"{service.push}/messages") as answer:
        messages = [each["message"] for each in json.load(answer)["messages"] if each["target"] == target]
    return [each for each in messages if each["data"]["title"] == title]


def deliver(phone, service, person, *payloads):
    """Hand payloads to the service worker of a person, as the browser does when they come."""
    tools = phone.context.new_cdp_session(phone.page)
    found = {}
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.update({each["scopeURL"]: each["registrationId"] for each in event["registrations"]}),
    )
    tools.send("ServiceWorker.enable")
    scope = f"http://localhost:{service.port}{person}"
    eventually(lambda: (phone.page.evaluate("1"), scope in found)[1], 10)
    origin = {"origin": f"http://localhost:{service.port}", "registrationId": found[scope]}
    for payload in payloads:
        tools.send("ServiceWorker.deliverPushMessage", origin | {"data": payload})


def test_a_browser_registers_and_a_message_reaches_it_once(phone, google, person, service):
    loaded = []
    phone.context.on("request", lambda request: loaded.append(request.url))
    phone.activate(person("open"))
    phone.have_app_offline()
    assert google.asked == []
    assert not [url for url in loaded if "/assets/firebase-" in url]
    switch_on(phone)
    (fid,) = google.registrations
    ((_, device, body),) = phone.registered
    assert body == {"platform": "web", "kind": "fid", "target": fid, "language": "en"}
    assert len(device) >= SECRET_ID
    assert google.registrations[fid]["applicationPubKey"] == VAPID_KEY

    phone.open("/#/home")
    phone.tap("link", "File my report")
    phone.give_address()
    phone.tap("button", "Send my report")
    expect(phone.heading).to_have_text("Accepted")
    (message,) = eventually(lambda: sent_to(service, fid, title="Your report is accepted"), 20)
    (scope,) = phone.page.evaluate(SCOPES)
    said = []
    phone.context.on("request", lambda request: said.append(request) if "acknowledgements" in request.url else None)
    deliver(phone, service, scope, *[handed_to_browser(message) for _ in range(2)], "{}", "no json")
    eventually(lambda: (phone.page.evaluate("1"), said)[1], 10)
    data = message["data"]
    assert phone.page.evaluate(SHOWN) == [["Your report is accepted", data["body"], "en"]]
    assert said[0].post_data_json == {"acknowledgement": data["acknowledgement"], "opened": False}
    assert phone.faults == []


@pytest.mark.parametrize("trouble", ["refuses", "never answers", "does not load"])
def test_the_browsers_own_way_is_taken_where_firebase_does_not_help(phone, google, person, trouble):
    google.status = {"refuses": 500, "never answers": None}.get(trouble, 200)
    if trouble == "does not load":
        phone.context.route(re.compile(r"/assets/firebase-"), lambda route: route.abort())
    phone.activate(person("not-open"))
    switch_on(phone)
    ((method, _, body),) = phone.registered
    assert (method, body["kind"]) == ("PUT", "webpush")
    assert json.loads(body["target"])["endpoint"].startswith("http://127.0.0.1:")
    key = phone.page.evaluate("Object.entries(localStorage).find(([name]) => name.startsWith('subscription'))[1]")
    assert json.loads(key)["key"] not in ("", VAPID_KEY)
    assert google.registrations == {}
    assert [fault for fault in phone.faults if not SAID_BY_SDK.search(fault)] == []


def test_two_people_on_one_phone_each_get_their_own_and_one_leaves_alone(phone, google, person, service):
    phone.activate(person("in-grace"))
    switch_on(phone)
    (first,) = google.registrations
    (scope,) = phone.page.evaluate(SCOPES)
    phone.add(person("returned-report"))
    switch_on(phone)
    (second,) = google.registrations.keys() - {first}
    (others,) = set(phone.page.evaluate(SCOPES)) - {scope}
    assert len({each["endpoint"] for each in google.registrations.values()}) == 2
    phone.open("/#/home")
    names = phone.page.get_by_role("group", name="People on this phone").get_by_role("button").all_inner_texts()
    for place, title in ((scope, "One"), (others, "Two")):
        data = {"title": title, "body": "", "notification_id": title, "language": "en", "initial": "X"}
        deliver(phone, service, place, handed_to_browser({"data": data}))
    eventually(lambda: len(phone.page.evaluate(SHOWN)) == 2, 10)
    titles = {title for title, _, _ in phone.page.evaluate(SHOWN)}
    assert titles == {f"{name}: {title}" for name, title in zip(names, ("One", "Two"), strict=True)}

    phone.open("/#/more")
    phone.tap("button", "Sign out")
    phone.tap("button", "Sign out and delete")
    expect(phone.page.locator("[data-situation]")).to_be_visible()
    eventually(lambda: (phone.page.evaluate("1"), second not in google.installations)[1], 10)
    assert google.registrations.keys() == {first}
    assert phone.page.evaluate(SCOPES) == [scope]
    assert [method for method, _, _ in phone.registered] == ["PUT", "PUT", "DELETE"]
    phone.open("/#/reminders")
    expect(phone.page.get_by_text(ON)).to_be_visible()
    assert phone.faults == []


def test_switched_off_nothing_is_left_at_firebase_and_on_again_is_a_new_address(phone, google, person):
    phone.activate(person("yearly"))
    switch_on(phone)
    (before,) = google.registrations
    look(phone, "reminders-firebase")
    phone.tap("button", "Show none here")
    expect(phone.page.get_by_role("button", name="Show messages here")).to_be_visible()
    assert (google.installations, google.registrations) == ({}, {})
    assert phone.page.evaluate(SCOPES) == []
    switch_on(phone)
    (after,) = google.registrations
    assert after != before
    assert [(method, body and body["target"]) for method, _, body in phone.registered] == [
        ("PUT", before),
        ("DELETE", None),
        ("PUT", after),
    ]
    assert phone.faults == []


def test_it_is_off_in_seconds_where_firebase_does_not_answer(phone, google, person):
    phone.activate(person("exempt"))
    switch_on(phone)
    google.status = None
    phone.tap("button", "Show none here")
    expect(phone.page.get_by_role("button", name="Show messages here")).to_be_visible(timeout=8_000)
    assert phone.page.evaluate(SCOPES) == []
    assert phone.registered[-1][0] == "DELETE"


def test_a_browser_with_another_address_is_registered_again_when_the_app_is_opened(phone, google, person):
    phone.activate(person("abroad"))
    switch_on(phone)
    (before,) = google.registrations
    phone.page.reload()
    expect(phone.page.get_by_text(ON)).to_be_visible()
    phone.page.wait_for_timeout(500)
    assert len(phone.registered) == 1  # nothing changed
    phone.page.evaluate(ADDRESS_GONE)
    phone.page.reload()
    eventually(lambda: (phone.page.evaluate("1"), len(phone.registered) == 2)[1], 10)
    (after,) = google.registrations
    assert after != before
    assert phone.registered[1][1:] == (phone.registered[0][1], phone.registered[0][2] | {"target": after})
    expect(phone.page.get_by_text(ON)).to_be_visible()
    assert phone.faults == []


def test_where_firebase_is_away_by_then_the_device_stays_one_and_takes_the_other_way(phone, google, person):
    phone.activate(person("late"))
    switch_on(phone)
    google.status = 500
    phone.page.evaluate(ADDRESS_GONE)
    phone.page.reload()
    eventually(lambda: (phone.page.evaluate("1"), len(phone.registered) == 2)[1], 20)
    (_, device, before), (_, again, after) = phone.registered
    assert (before["kind"], after["kind"]) == ("fid", "webpush")
    assert device == again
    expect(phone.page.get_by_text(ON)).to_be_visible()
