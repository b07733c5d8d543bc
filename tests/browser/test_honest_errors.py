"""What goes wrong on a phone is said in words, with what to do, and loses nothing."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import releases
from tests.browser.looking import look
from tests.browser.phones import Phone
from tests.browser.test_filing import reports_of
from tests.serving import eventually

FULL = """{
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...given) {
        if (this.name === "kept" && window.full) throw new DOMException("", "QuotaExceededError");
        return put.apply(this, given);
    };
}"""
SEVERAL = ("house_number", "building", "moo", "soi", "road", "phone", "email")


def test_a_new_version_is_offered_and_an_open_draft_outlasts_it(contexts, service, person):
    with releases.before(service.port) as release:
        phone = Phone(contexts(port=release.port), service)
        update_with_a_draft(phone, person("open"), release)
    assert phone.faults == []


def update_with_a_draft(phone, who, release):
    phone.activate(who)
    phone.have_app_offline()
    phone.tap("link", "File my report")
    phone.page.locator("#house_number").fill("77/7")
    phone.page.wait_for_timeout(600)
    release.is_out = True
    phone.page.evaluate("async () => { await (await navigator.serviceWorker.getRegistration()).update(); }")
    expect(phone.page.get_by_text("This app has a new version. Your draft is safe.")).to_be_visible()
    look(phone, "update")
    with phone.page.expect_navigation():
        phone.tap("button", "Update now")
    expect(phone.page.locator("#house_number")).to_have_value("77/7")
    expect(phone.page.get_by_text("This app has a new version.")).to_have_count(0)


def test_a_screen_that_does_not_load_says_so(phone, person):
    phone.activate(person("not-open"))
    phone.have_app_offline()
    phone.page.evaluate("async () => { for (const name of await caches.keys()) await caches.delete(name); }")
    phone.context.new_cdp_session(phone.page).send("Network.clearBrowserCache")
    phone.context.set_offline(True)
    language = phone.page.locator("select.language")
    language.select_option("de")
    expect(phone.page.get_by_text("This language did not load.")).to_be_visible()
    expect(language).to_have_value("en")
    phone.tap("link", "Why this date?")
    expect(phone.heading).to_have_text("This page did not load")
    phone.context.set_offline(False)
    language.select_option("de")
    expect(phone.page.locator("html")).to_have_attribute("lang", "de")
    expect(phone.page.get_by_text("did not load")).to_have_count(0)
    language.select_option("en")
    phone.tap("button", "Try again")
    expect(phone.heading).to_have_text("Why this date?")


def test_where_no_words_load_the_page_says_so_without_them(contexts, service):
    phone = Phone(contexts(), service)
    phone.page.route(re.compile(r"/assets/(en|th)-[^/]+\.js"), lambda route: route.abort())
    phone.page.goto("/")
    expect(phone.page.locator("#app")).to_contain_text("No internet. Open this page again later.")
    phone.page.unroute_all()
    phone.page.reload()
    expect(phone.heading).to_have_text("Your 90-day report, from your phone")


@pytest.mark.parametrize("time", ["2031-01-01T00:00:00Z", "2025-11-01T00:00:00Z"])
def test_a_clock_that_is_off_by_years_is_told_and_changes_no_date(phone, person, time):
    phone.context.clock.install(time=time)
    phone.activate(person("yearly"))
    expect(phone.page.get_by_text("The clock on this phone is wrong.")).to_be_visible()
    assert phone.situation == "yearly"
    expect(phone.page.get_by_text("days left")).to_be_visible()
    phone.have_app_offline()
    phone.context.set_offline(True)
    phone.page.reload()
    expect(phone.page.get_by_text("The clock on this phone is wrong.")).to_be_visible()
    expect(phone.page.get_by_text("days left")).to_be_visible()
    assert phone.situation == "yearly"
    phone.context.set_offline(False)


def test_a_clock_that_is_right_is_not_told_of(phone, person):
    phone.activate(person("exempt"))
    expect(phone.page.get_by_text("The clock on this phone is wrong.")).to_have_count(0)


def test_too_many_codes_say_until_when_to_wait(phone, person, service):
    who = person("late")
    wrong = {key: who[key] for key in ("document_number", "issuing_state", "birth_date")} | {
        "activation_code": "00000-00000"
    }

    def throttled():
        return service.post("/api/v1/activations", wrong)[0] == 429

    assert eventually(throttled, 20)
    phone.open("/#/activate")
    phone.page.locator("#number").fill(who["document_number"])
    phone.page.locator("#country").fill(who["issuing_state"])
    for box, text in zip(("#year", "#month", "#day"), who["birth_date"].split("-"), strict=True):
        phone.page.locator(box).fill(text)
    phone.tap("button", "Continue")
    phone.page.locator("#code").fill("00000-00000")
    phone.tap("button", "Set up this phone")
    expect(phone.page.get_by_text("Too many tries")).to_be_visible()
    expect(
        phone.page.get_by_text(re.compile(r"Nothing is lost. Try again after .+ \d\d:\d\d, or go to a counter"))
    ).to_be_visible()
    expect(phone.page.locator("#code")).to_have_value("00000-00000")
    look(phone, "throttled")


def test_where_the_phone_is_full_a_report_is_sent_all_the_same(phone, person, service):
    phone.page.add_init_script(FULL)
    phone.activate(person("due-today"))
    phone.page.evaluate("() => (window.full = true)")
    phone.tap("link", "File it now")
    expect(phone.page.get_by_text("This phone has no space left.")).to_be_visible()
    look(phone, "storage-full")
    phone.give_address()
    phone.context.set_offline(True)
    phone.tap("button", "Send my report")
    expect(phone.heading).to_have_text("Saved on this phone. Not sent yet.")
    phone.context.set_offline(False)
    expect(phone.heading).to_have_text("Accepted", timeout=20_000)
    assert len(reports_of(service, person("due-today"))) == 1


def test_the_back_button_leads_back_at_every_step_and_never_to_a_form_that_was_sent(phone, person, service):
    phone.open()
    phone.tap("link", "Set up this phone")
    phone.page.locator("#number").fill("AB 123")
    phone.page.go_back()
    expect(phone.heading).to_have_text("Your 90-day report, from your phone")
    phone.page.go_forward()
    expect(phone.page.locator("#number")).to_have_value(re.compile("AB ?123"))
    phone.page.locator("#number").fill("")
    phone.give_passport(person("in-grace"))
    phone.page.go_back()
    expect(phone.page.locator("#code")).to_have_count(0)
    phone.open("/#/home")
    phone.tap("link", "File it now")
    phone.page.locator("#house_number").fill("5/5")
    phone.page.wait_for_timeout(600)
    phone.page.go_back()
    expect(phone.page.locator("[data-situation]")).to_be_visible()
    phone.tap("link", "Go on with my report")
    expect(phone.page.locator("#house_number")).to_have_value("5/5")
    phone.give_address()
    phone.page.go_back()
    expect(phone.page.locator("[data-situation]")).to_be_visible()
    phone.page.go_forward()
    expect(phone.page.get_by_role("button", name="Send my report")).to_be_visible()
    phone.tap("button", "Send my report")
    expect(phone.page.get_by_text("We have your report.")).to_be_visible()
    phone.page.go_back()
    expect(phone.page.locator("[data-situation=under-review]")).to_be_visible()
    assert len(reports_of(service, person("in-grace"))) == 1


def test_emoji_and_ten_thousand_letters_are_answered_beside_each_field(phone, person):
    phone.activate(person("late"))
    phone.open("/#/file")
    for name in SEVERAL:
        if phone.page.locator(f"#{name}").count():
            phone.page.locator(f"#{name}").fill("😀" * 10_000)
    phone.tap("button", "Continue")
    for name in SEVERAL:
        if phone.page.locator(f"#{name}").count():
            expect(phone.page.locator(f"#{name}-error")).to_have_text(re.compile("This text is too long"))
    phone.page.locator("#place").fill("😀" * 10_000)
    expect(phone.page.get_by_text("We cannot find this place.")).to_be_visible()
    phone.open("/#/activate")
    for name in ("country", "day", "month", "year"):
        phone.page.locator(f"#{name}").fill("😀" * 10_000)
    phone.tap("button", "Continue")
    expect(phone.page.locator("#country-error")).to_have_text("Choose the country that issued your passport")
    expect(phone.page.get_by_text("Enter a date of birth that exists").first).to_be_visible()
    phone.page.get_by_text("Use the two lines").click()
    phone.fill("The two lines at the bottom of the photo page", "😀" * 10_000)
    expect(phone.page.get_by_text(re.compile("Only A to Z, 0 to 9 and < are possible")).first).to_be_visible()


def test_two_tabs_with_one_draft_make_one_report(contexts, person, service):
    phone = Phone(contexts(), service)
    phone.activate(person("re-entered"))
    phone.tap("link", "File my report")
    phone.give_address()
    other = Phone(phone.context, service)
    other.open("/#/file")
    for tab in (phone, other):
        expect(tab.page.get_by_role("button", name="Send my report")).to_be_visible()
    phone.page.get_by_role("button", name="Send my report").click(no_wait_after=True)
    other.page.get_by_role("button", name="Send my report").click(no_wait_after=True)
    accepted = [tab.page.get_by_role("heading", name="Accepted") for tab in (phone, other)]
    assert eventually(lambda: any(each.count() for each in accepted), 20)
    for tab in (phone, other):
        expect(tab.page.get_by_text("Loading")).to_have_count(0)
        tab.page.goto("/#/home")
        expect(tab.page.locator("[data-situation=not-open]")).to_be_visible()
    assert len(reports_of(service, person("re-entered"))) == 1
