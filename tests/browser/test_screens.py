"""Every screen, for everybody: no violation that axe finds, in both themes and languages, and no line cut at 320 px."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from foundation.clock import bangkok_date, system_clock
from foundation.words import LANGUAGES
from tests.browser.looking import TOO_WIDE, axe, look, picture
from tests.browser.phones import Phone
from tests.serving import eventually

SITUATIONS = {
    "not-open": "not-open",
    "open": "open",
    "due-today": "due-today",
    "in-grace": "in-grace",
    "late": "late",
    "yearly": "yearly",
    "exempt": "exempt",
    "unclear": "unclear",
    "stay-expired": "stay-expired",
    "abroad": "abroad",
    "leaves-before-due": "leaves-before",
}


def test_what_a_trip_would_change(narrow, person):
    narrow.activate(person("not-open"))
    narrow.tap("link", "Why this date?")
    narrow.tap("link", "What if I travel?")
    narrow.tap("button", "Show me")
    expect(narrow.page.locator("#return_on-error")).to_have_text("Enter the day on which you come back")
    today = bangkok_date(system_clock())
    narrow.page.locator("#leave_on").fill(str(today + timedelta(days=10)))
    narrow.page.locator("#return_on").fill(str(today + timedelta(days=5)))
    narrow.tap("button", "Show me")
    expect(narrow.page.locator("#return_on-error")).to_have_text("The return is before the departure. Check both days.")
    narrow.page.locator("#return_on").fill(str(today + timedelta(days=12)))
    expect(narrow.page.locator("#return_on-error")).to_have_count(0)
    narrow.tap("button", "Show me")
    answer = narrow.page.locator("[data-trip=nothing-due]")
    expect(answer).to_contain_text(f"{today + timedelta(days=12 + 89):%Y}")
    expect(answer).to_be_focused()
    look(narrow, "trip-answer")
    narrow.page.locator("select.language").select_option("th")
    expect(answer).to_contain_text("ไม่มีกำหนดรายงานตัวก่อนเดินทางออก")


@pytest.mark.parametrize(("key", "situation"), SITUATIONS.items())
def test_home_says_where_a_person_stands(narrow, person, key, situation):
    narrow.activate(person(key))
    assert narrow.situation == situation
    look(narrow, f"home-{situation}")


def test_the_screens_before_signing_in(narrow, person):
    narrow.open()
    look(narrow, "welcome")
    narrow.tap("link", "Set up this phone")
    narrow.tap("button", "Continue")
    look(narrow, "passport-errors")
    narrow.page.get_by_text("Use the two lines").click()
    narrow.fill("The two lines at the bottom of the photo page", "P<JPNSATO<<KENJI")
    look(narrow, "passport-zone")
    narrow.page.get_by_text("Type the details").click()
    who = person("exempt")
    narrow.page.locator("#number").fill(who["document_number"])
    narrow.page.locator("#country").fill("swe")
    expect(narrow.page.get_by_role("option", name="Sweden")).to_be_visible()
    assert axe(narrow.page) == []
    narrow.page.get_by_role("option", name="Sweden").click()
    for box, text in zip(("#year", "#month", "#day"), who["birth_date"].split("-"), strict=True):
        narrow.page.locator(box).fill(text)
    narrow.tap("button", "Continue")
    narrow.tap("button", "Set up this phone")
    look(narrow, "code")


def test_the_screens_of_filing(narrow, person):
    narrow.activate(person("re-entered"))
    narrow.tap("link", "File my report")
    narrow.page.locator("#place").fill("10110")
    expect(narrow.page.locator("main").get_by_role("option").first).to_be_visible()
    look(narrow, "address-search")
    narrow.page.locator("#place").fill("")
    narrow.tap("button", "Continue")
    look(narrow, "address-errors")
    narrow.give_address()
    look(narrow, "check")
    narrow.context.set_offline(True)
    narrow.tap("button", "Send my report")
    expect(narrow.heading).to_have_text("Saved on this phone. Not sent yet.")
    assert axe(narrow.page) == []
    narrow.open("/#/home")
    assert axe(narrow.page) == []
    narrow.context.set_offline(False)
    expect(narrow.page.locator("[data-situation=not-open]")).to_be_visible(timeout=20_000)
    for screen, name in (
        ("reports", "reports"),
        ("messages", "messages"),
        ("more", "more"),
        ("why", "why"),
        ("trip", "trip"),
        ("components", "components"),
    ):
        narrow.open(f"/#/{screen}")
        look(narrow, name)
    narrow.open("/#/reports")
    narrow.page.locator("main a.card").first.click()
    expect(narrow.heading).to_have_text("Accepted")
    look(narrow, "receipt")
    narrow.have_app_offline()
    narrow.context.set_offline(True)
    narrow.tap("link", "Show to an officer")
    expect(narrow.page.get_by_text("รับแจ้งแล้ว")).to_be_visible()
    expect(narrow.page.get_by_role("img", name="QR code of the signed statement")).to_be_visible()
    look(narrow, "show")
    narrow.context.set_offline(False)


def test_every_language_fits_and_says_everything(narrow, person):
    narrow.activate(person("in-grace"))
    page = narrow.page
    for language in LANGUAGES:
        page.locator("select.language").select_option(language)
        expect(page.locator("html")).to_have_attribute("lang", language)
        for place in ("", "why", "more", "file"):
            narrow.open(f"/#/{place}")
            assert "{" not in page.inner_text("body"), (place, language)
            assert page.evaluate(TOO_WIDE) == [], (place, language)
            assert axe(page) == [], (place, language)
            picture(page, f"{place or 'home'}-{language}")


@pytest.mark.parametrize(
    ("key", "said"),
    [("late", "A fine may apply."), ("stay-expired", "It does not extend your stay.")],
)
def test_what_the_law_says_stands_in_english_below_another_language(narrow, person, key, said):
    narrow.activate(person(key))
    page = narrow.page
    for language in LANGUAGES:
        page.locator("select.language").select_option(language)
        expect(page.locator("html")).to_have_attribute("lang", language)
        original = page.locator("[data-situation] p[lang=en]", has_text=said)
        expect(original).to_have_count(0 if language in ("en", "th") else 1)
    page.locator("select.language").select_option("my")
    expect(original).to_be_visible()
    picture(page, f"home-original-{key}-my")


def test_a_message_stands_in_english_below_another_language(narrow, person):
    narrow.activate(person("in-grace"))
    page = narrow.page
    narrow.open("/#/messages")
    original = page.locator("li p[lang=en]")
    for language, beside in (("my", True), ("th", False), ("de", True)):
        page.locator("select.language").select_option(language)
        expect(page.locator("html")).to_have_attribute("lang", language)
        eventually(lambda: (page.reload(), page.wait_for_timeout(1000), page.locator("li.card").count())[2], 30)
        expect(original).to_have_count(page.locator("li.card").count() if beside else 0)
    assert "A phone was added to your account" in " ".join(original.all_inner_texts())
    assert axe(page) == []
    assert page.evaluate(TOO_WIDE) == []
    picture(page, "messages-original-de")


def test_the_screens_of_a_returned_report(narrow, person):
    narrow.activate(person("returned-report"))
    look(narrow, "home-returned")
    narrow.tap("link", "Correct my report")
    look(narrow, "correct")
    narrow.open("/#/reports")
    narrow.page.locator("main a.card").first.click()
    look(narrow, "report-returned")
    narrow.page.locator("select.language").select_option("de")
    expect(narrow.page.locator("main p[lang=en]")).to_have_count(1)
    picture(narrow.page, "report-returned-de")


def test_the_page_opens_under_the_policy_of_the_service_and_calls_no_other(contexts, service):
    context = contexts()
    asked: set[str] = set()
    context.on("request", lambda request: asked.add(request.url.split("/")[2]))
    Phone(context, service).open()
    assert asked == {f"localhost:{service.port}"}
