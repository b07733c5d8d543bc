"""Several people on one phone: each activated on their own, and nothing of one is shown or sent as another."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.phones import Phone, sign_in_to_api
from tests.browser.test_filing import reports_of
from tests.browser.test_push import MESSAGE
from tests.serving import eventually

KEPT = """async () => {
    const open = indexedDB.open("reporting");
    const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
    const all = (store) => new Promise((done) => {
        const asked = database.transaction(store).objectStore(store).getAllKeys();
        asked.onsuccess = () => done(asked.result);
    });
    return [...(await all("kept")), ...(await all("keys"))];
}"""
SHOWN = """async () => (await Promise.all((await navigator.serviceWorker.getRegistrations()).map((each) =>
    each.getNotifications()))).flat().map((each) => each.title)"""
SUBSCRIBE = """async () => {
    const people = await new Promise((done) => { const asked = indexedDB.open("reporting");
        asked.onsuccess = () => { const all = asked.result.transaction("keys").objectStore("keys").getAllKeys();
            all.onsuccess = () => done(all.result.filter((each) => each !== "own")); }; });
    for (const each of people) {
        const made = await navigator.serviceWorker.register("/sw.js", { scope: `/for/${each}/` });
        while (!made.active) await new Promise((done) => setTimeout(done, 50));
    }
    return people;
}"""


def names(page: Page) -> list[str]:
    """The people among whom one tap switches."""
    return page.get_by_role("group", name="People on this phone").get_by_role("button").all_inner_texts()


def given(phone: Phone) -> str:
    """The given names of the only person on a phone."""
    phone.page.goto("/#/home")
    return phone.page.locator(".who").inner_text()


def switch(phone: Phone, name: str) -> None:
    """Show another person."""
    phone.tap("button", name)
    chosen = phone.page.get_by_role("button", name=name, exact=True)
    expect(chosen).to_have_attribute("aria-pressed", "true")
    expect(phone.page.locator("[data-situation]")).to_be_visible()


@pytest.fixture
def profile(service):
    """What the API says of a person."""

    def ask(who):
        status, text = service.get("/api/v1/me", Authorization=f"Bearer {sign_in_to_api(service, who)}")
        assert status == 200
        return json.loads(text)

    return ask


def test_a_waiting_report_of_one_is_sent_as_that_one_while_another_is_shown(phone, person, profile, service):
    one, other = profile(person("open")), profile(person("not-open"))
    phone.activate(person("open"))
    phone.have_app_offline()
    phone.add(person("not-open"))
    expect(phone.page.get_by_role("group", name="People on this phone")).to_be_visible()
    assert names(phone.page) == [one["given_names"], other["given_names"]]
    assert phone.situation == "not-open"

    switch(phone, one["given_names"])
    assert phone.situation == "open"
    phone.tap("link", "File my report")
    expect(phone.page.get_by_text(f"For {one['name']}")).to_be_visible()
    phone.give_address()
    phone.context.set_offline(True)
    phone.tap("button", f"Send the report of {one['given_names']}")
    expect(phone.heading).to_have_text("Saved on this phone. Not sent yet.")
    phone.open("/#/home")
    phone.tap("button", other["given_names"])
    expect(phone.page.locator("[data-situation=not-open]")).to_be_visible()
    assert names(phone.page) == [f"{one['given_names']}Not sent", other["given_names"]]
    phone.page.reload()
    expect(phone.page.locator("[data-situation=not-open]")).to_be_visible()
    with phone.page.expect_request(lambda r: r.method == "POST" and r.url.endswith("/reports")):
        phone.context.set_offline(False)
    expect(phone.page.get_by_text(f"Sent for {one['given_names']}.")).to_be_visible()
    assert phone.situation == "not-open"
    assert len(reports_of(service, person("open"))) == 1
    assert reports_of(service, person("not-open")) == []
    switch(phone, one["given_names"])
    expect(phone.page.locator("[data-situation=not-open]")).to_be_visible()
    expect(phone.page.get_by_role("link", name="Last report: accepted")).to_be_visible()


def test_drafts_and_sign_outs_concern_one_person_only(phone, person, profile):
    one, other = profile(person("due-today")), profile(person("in-grace"))
    phone.activate(person("due-today"))
    phone.add(person("in-grace"))
    for who, house in ((one, "11/1"), (other, "22/2")):
        switch(phone, who["given_names"])
        phone.tap("link", "File it now")
        phone.page.locator("#house_number").fill(house)
        phone.page.wait_for_timeout(600)
        phone.open("/#/home")
    for who, house in ((one, "11/1"), (other, "22/2")):
        switch(phone, who["given_names"])
        phone.tap("link", "Go on with my report")
        expect(phone.page.locator("#house_number")).to_have_value(house)
        phone.open("/#/home")
    before = len(phone.page.evaluate(KEPT))
    phone.open("/#/more")
    look(phone, "more-people")
    phone.tap("button", "Sign out")
    expect(phone.page.get_by_text(f"This signs out {other['name']}")).to_be_visible()
    look(phone, "sign-out-people")
    phone.tap("button", "Sign out and delete")
    expect(phone.page.locator("[data-situation=due-today]")).to_be_visible()
    expect(phone.page.get_by_role("group", name="People on this phone")).to_have_count(0)
    kept = phone.page.evaluate(KEPT)
    assert len(kept) < before
    assert len({each.partition("/")[0] for each in kept if "-" in each}) == 1, "records of one person only"
    phone.tap("link", "Go on with my report")
    expect(phone.page.locator("#house_number")).to_have_value("11/1")
    phone.open("/#/more")
    phone.tap("button", "Sign out")
    phone.tap("button", "Sign out and delete")
    expect(phone.heading).to_have_text("Your 90-day report, from your phone")
    assert eventually(lambda: phone.page.evaluate(KEPT) == [], 5)


def test_the_same_person_twice_is_one_person_with_one_sign_in(phone, person, service):
    phone.activate(person("yearly"))
    phone.add(person("yearly"))
    expect(phone.page.locator("[data-situation=yearly]")).to_be_visible()
    assert phone.page.get_by_role("group", name="People on this phone").count() == 0
    _, text = service.get("/api/v1/me/sessions", Authorization=f"Bearer {sign_in_to_api(service, person('yearly'))}")
    assert len(json.loads(text)["items"]) == 2, "this phone's and the one that asks"


def test_two_tabs_show_two_people_and_one_who_leaves_is_gone_from_both(contexts, person, profile, service):
    one, other = profile(person("late")), profile(person("unclear"))
    phone = Phone(contexts(), service)
    phone.activate(person("late"))
    phone.add(person("unclear"))
    second = Phone(phone.context, service)
    second.open()
    switch(second, one["given_names"])
    assert (phone.situation, second.situation) == ("unclear", "late")
    for tab in (phone, second):
        tab.page.reload()
    expect(phone.page.locator("[data-situation=unclear]")).to_be_visible()
    expect(second.page.locator("[data-situation=late]")).to_be_visible()
    phone.open("/#/file")
    second.open("/#/more")
    expect(second.page.get_by_role("button", name=other["given_names"], exact=True)).to_be_visible()
    second.tap("button", other["given_names"])
    expect(second.page.locator("[data-situation=unclear]")).to_be_visible()
    second.open("/#/more")
    second.tap("button", "Sign out")
    second.tap("button", "Sign out and delete")
    for tab in (phone, second):
        expect(tab.page.locator("[data-situation=late]")).to_be_visible()
        assert tab.page.get_by_text(other["name"]).count() == 0
    assert phone.faults == second.faults == []


def test_somebody_whose_sign_in_ended_is_told_by_name_and_can_be_removed(phone, person, profile, service):
    one, other = profile(person("exempt")), profile(person("abroad"))
    phone.activate(person("exempt"))
    phone.add(person("abroad"))
    token = sign_in_to_api(service, person("abroad"))
    status, _ = service._ask("DELETE", "/api/v1/me/sessions", None, {"Authorization": f"Bearer {token}"})
    assert status == 204
    phone.page.reload()
    expect(phone.page.get_by_text(f"{other['name']} is signed out")).to_be_visible()
    look(phone, "signed-out-people")
    switch(phone, one["given_names"])
    assert phone.situation == "exempt"
    phone.tap("button", other["given_names"])
    phone.tap("button", "Remove from this phone")
    phone.tap("button", "Yes, remove")
    expect(phone.page.locator("[data-situation=exempt]")).to_be_visible()
    expect(phone.page.get_by_role("group", name="People on this phone")).to_have_count(0)


def test_a_message_names_whom_it_is_for_and_opens_theirs(contexts, person, profile, service):
    one, other = profile(person("re-entered")), profile(person("new-passport"))
    context = contexts()
    context.grant_permissions(["notifications"])
    phone = Phone(context, service)
    phone.activate(person("re-entered"))
    phone.have_app_offline()
    phone.add(person("new-passport"))
    look(phone, "home-people")
    people = phone.page.evaluate(SUBSCRIBE)
    tools = context.new_cdp_session(phone.page)
    found = {}
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.update({each["scopeURL"]: each["registrationId"] for each in event["registrations"]}),
    )
    tools.send("ServiceWorker.enable")
    eventually(lambda: (phone.page.evaluate("1"), len(found) == 3)[1], 10)
    origin = f"http://localhost:{service.port}"
    for each in people:
        data = json.dumps(MESSAGE | {"notification_id": each})
        sent = {"origin": origin, "registrationId": found[f"{origin}/for/{each}/"], "data": data}
        tools.send("ServiceWorker.deliverPushMessage", sent)
    wanted = {f"{who['given_names']}: {MESSAGE['title']}" for who in (one, other)}
    assert eventually(lambda: set(phone.page.evaluate(SHOWN)) == wanted, 10)
    shown = phone.page.get_by_role("group", name="People on this phone").locator("[aria-pressed=true]")
    for each in people:
        phone.open(f"/#/messages/{each}")
        expect(phone.heading).to_have_text("Messages")
    expect(shown).to_be_visible()
    assert {name for name in (one["given_names"], other["given_names"])} == set(names(phone.page))
    assert phone.faults == []


def test_a_family_files_from_one_review_page_each(phone, person, profile, service):
    """The parent's address is the child's: a first report has none of its own, and another is offered it."""
    parent, child = profile(person("no-residence-record")), profile(person("first-report"))
    phone.activate(person("first-report"))
    phone.add(person("no-residence-record"))
    phone.tap("link", "File my report")
    phone.give_address()
    phone.tap("button", f"Send the report of {parent['given_names']}")
    expect(phone.heading).to_have_text("Accepted")
    look(phone, "receipt-family")
    phone.taps = 0
    phone.tap("button", f"File for {child['given_names']} too")
    expect(phone.heading).to_have_text("Check and send")
    expect(phone.page.get_by_text(f"For {child['name']}")).to_be_visible()
    expect(phone.page.get_by_text("1/23")).to_be_visible()
    look(phone, "check-child")
    phone.tap("button", "Change")
    phone.page.locator("#house_number").fill("9")
    same = phone.page.get_by_role("button", name=f"Same address as {parent['given_names']}")
    look(phone, "address-same")
    same.click()
    expect(phone.page.get_by_text("1/23")).to_be_visible()
    phone.tap("button", f"Send the report of {child['given_names']}")
    expect(phone.heading).to_have_text("Accepted")
    assert phone.taps == 3, "two, and one to try the form"
    (first,) = reports_of(service, person("no-residence-record"))
    (second,) = reports_of(service, person("first-report"))
    assert first["address"] == second["address"]
    expect(phone.page.get_by_role("button", name="File for")).to_have_count(0)


AS_BEFORE = """async () => {
    const open = indexedDB.open("reporting");
    const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
    const ask = (store, mode, act) => new Promise((done) => {
        const asked = act(database.transaction(store, mode).objectStore(store));
        asked.onsuccess = () => done(asked.result);
    });
    const phones = await ask("keys", "readonly", (store) => store.get("own"));
    const names = await ask("kept", "readonly", (store) => store.getAllKeys());
    for (const name of names.filter((each) => each.includes("/"))) {
        const [owner, what] = name.split("/");
        const own = await ask("keys", "readonly", (store) => store.get(owner));
        const { iv, text } = await ask("kept", "readonly", (store) => store.get(name));
        const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, own, text);
        const record = new TextEncoder().encode(new TextDecoder().decode(plain).replace(/"person":"[^"]*",/, ""));
        const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, phones, record);
        await ask("kept", "readwrite", (store) => store.put({ iv, text: sealed }, what));
        await ask("kept", "readwrite", (store) => store.delete(name));
    }
    for (const owner of await ask("keys", "readonly", (store) => store.getAllKeys())) {
        if (owner !== "own") await ask("keys", "readwrite", (store) => store.delete(owner));
    }
    await ask("kept", "readwrite", (store) => store.delete("people"));
    sessionStorage.clear();
    return (await ask("kept", "readonly", (store) => store.getAllKeys())).sort();
}"""
"""Makes of the records of a person what the version before several people kept: without an owner, under one key."""


def test_what_an_earlier_version_kept_of_its_one_person_is_taken_over(phone, person, profile):
    who = profile(person("first-extension"))
    phone.activate(person("first-extension"))
    phone.open("/#/file")
    phone.page.locator("#house_number").fill("33/3")
    phone.page.wait_for_timeout(600)
    assert phone.page.evaluate(AS_BEFORE) == ["draft", "known", "session"]
    phone.page.reload()
    expect(phone.page.locator("#house_number")).to_have_value("33/3")
    phone.open("/#/more")
    expect(phone.page.get_by_text(who["name"])).to_be_visible()
    kept = phone.page.evaluate(KEPT)
    assert {each.partition("/")[2] for each in kept if "/" in each} == {"draft", "known", "session"}
    assert "session" not in kept, "nothing is left under the key of the phone but who is on it"
