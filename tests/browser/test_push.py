"""Messages to the phone: shown by the service worker as the browser delivers them, and switched on and off."""

import json

from playwright.sync_api import expect

from tests.browser.looking import look
from tests.browser.phones import Phone
from tests.push_service import push_service
from tests.serving import eventually

SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map((each) => [each.title, each.body, each.tag, each.lang])"""
MESSAGE = {
    "title": "90-day report due on 14 April 2026",
    "body": "File it in this app on or before 14 April 2026.",
    "notification_id": "0b1d4b5e-3a55-4a7c-9a53-5ad7f1a0c0de",
    "kind": "reminder.due-day",
    "language": "en",
    "initial": "A",
}
SUBSCRIBED = """{
    let own = null;
    PushManager.prototype.getSubscription = async () => own;
    PushManager.prototype.subscribe = async (options) => {
        if (options.applicationServerKey.length !== 87 || !options.userVisibleOnly) throw new Error("not a key");
        return (own = { ...%s, unsubscribe: async () => { own = null; return true; } });
    };
}"""
"""In place of the browser's own push service, which is not reached from here; what it gives is a real subscription."""


def test_a_message_that_is_delivered_is_shown_once_and_acknowledged(contexts, person, service):
    context = contexts()
    context.grant_permissions(["notifications"])
    phone = Phone(context, service)
    phone.activate(person("not-open"))
    phone.have_app_offline()
    said = []
    context.on("request", lambda request: said.append(request) if "acknowledgements" in request.url else None)
    tools = context.new_cdp_session(phone.page)
    registrations = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"]))
    tools.send("ServiceWorker.enable")
    eventually(lambda: (phone.page.evaluate("1"), registrations)[1], 10)
    sent = {"origin": f"http://localhost:{service.port}", "registrationId": registrations[0]["registrationId"]}
    message = json.dumps(MESSAGE | {"acknowledgement": "A" * 43})
    for data in (message, message, "{}"):
        tools.send("ServiceWorker.deliverPushMessage", sent | {"data": data})
    eventually(lambda: phone.page.evaluate(SHOWN), 10)
    eventually(lambda: (phone.page.evaluate("1"), said)[1], 10)
    assert phone.page.evaluate(SHOWN) == [
        [MESSAGE["title"], MESSAGE["body"], MESSAGE["notification_id"], MESSAGE["language"]]
    ]
    assert said[0].post_data_json == {"acknowledgement": "A" * 43, "opened": False}
    assert phone.faults == []


def test_messages_are_switched_on_and_off(contexts, person, service):
    context = contexts()
    context.grant_permissions(["notifications"])
    phone = Phone(context, service)
    with push_service() as browser:
        phone.page.add_init_script(SUBSCRIBED % browser.subscription())
        phone.activate(person("open"))
        phone.open("/#/reminders")
        phone.tap("button", "Show messages here")
        expect(phone.page.get_by_text("Messages come to this phone.")).to_be_visible()
        with phone.page.expect_response(lambda answer: "/devices/" in answer.url) as removed:
            phone.tap("button", "Show none here")
        assert (removed.value.request.method, removed.value.status) == ("DELETE", 204)
        expect(phone.page.get_by_role("button", name="Show messages here")).to_be_visible()
    assert phone.faults == []


ASKED = """{
    window.asked = 0;
    const ask = Notification.requestPermission.bind(Notification);
    Notification.requestPermission = () => { window.asked += 1; return ask(); };
    window.badges = [];
    navigator.setAppBadge = async (count) => { window.badges.push(count); };
}"""


def test_reminders_are_offered_after_the_first_report_and_not_before(contexts, person, service):
    context = contexts()
    context.grant_permissions(["notifications"])
    phone = Phone(context, service)
    phone.page.add_init_script(ASKED)
    with push_service() as browser:
        phone.page.add_init_script(SUBSCRIBED % browser.subscription())
        phone.activate(person("due-today"))
        for place in ("", "#/reports", "#/more"):
            phone.open(f"/{place}")
            assert phone.page.locator("[data-remind=offer]").count() == 0
        phone.open("/#/home")
        phone.tap("link", "File it now")
        phone.give_address()
        phone.tap("button", "Send my report")
        offer = phone.page.locator("[data-remind=offer]")
        expect(offer).to_be_visible()
        assert phone.page.evaluate("() => window.asked") == 0
        look(phone, "remind-offer")
        phone.tap("button", "Not now")
        expect(offer).to_have_count(0)
        phone.page.reload()
        expect(phone.heading).to_have_text("Accepted")
        expect(offer).to_have_count(0)

        phone.add(person("in-grace"))
        phone.tap("link", "File it now")
        phone.give_address()
        phone.page.get_by_role("button", name="Send the report of").click()
        expect(offer).to_be_visible()
        phone.tap("button", "Show messages here")
        expect(phone.page.get_by_text("Messages come to this phone.")).to_be_visible()
        assert phone.page.evaluate("() => window.asked") == 1
    assert phone.faults == []


def test_the_icon_of_the_app_counts_what_is_unread(contexts, person, service):
    phone = Phone(contexts(), service)
    phone.page.add_init_script(ASKED)
    phone.activate(person("exempt"))
    last = "() => window.badges.at(-1)"
    eventually(lambda: (phone.page.reload(), phone.page.wait_for_timeout(1000), phone.page.evaluate(last))[2], 30)
    phone.open("/#/messages")
    eventually(lambda: phone.page.evaluate(last) == 0, 10)
    assert phone.faults == []
