"""Every screen, for everybody: no violation that axe finds, in both themes and languages, and no line cut at 320 px."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.architecture.sources import ROOT
from tests.browser.phones import Phone

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = os.environ.get("SCREENSHOTS")
"""A folder to write a picture of each screen to."""
NARROW, SHORT = 320, 640
FOUND = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
    .map((each) => each.id + ": " + each.nodes.map((node) => node.target.join(" ")).join(", "))"""
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(".skip, .visually-hidden"))
    .map((each) => each.tagName + "." + each.className)"""
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


@pytest.fixture
def narrow(contexts, service):
    """The narrowest phone."""
    phone = Phone(contexts(NARROW, SHORT), service)
    yield phone
    assert phone.faults == []


def axe(page: Page) -> list[str]:
    """What axe finds wrong; it is run in the page's own world, where the content security policy holds."""
    page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = page.evaluate(FOUND)
    return found


def look(phone: Phone, name: str) -> None:
    """Check the present screen in every theme, language and size of text, and picture it where pictures are wanted."""
    page = phone.page
    for language in ("th", "en"):
        if page.locator("html").get_attribute("lang") != language:
            page.locator("button.language").click()
            expect(page.locator("html")).to_have_attribute("lang", language)
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)
            expect(page.locator("html")).to_have_attribute("data-theme", theme)
            assert axe(page) == [], (name, language, theme)
            if SCREENSHOTS:
                folder = Path(SCREENSHOTS)
                folder.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=folder / f"{name}-{language}-{theme}.png", full_page=True)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate(TOO_WIDE) == [], (name, language, "200 %")
        page.evaluate("document.documentElement.style.fontSize = ''")
        assert page.evaluate(TOO_WIDE) == [], (name, language)


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
    expect(narrow.page.get_by_role("option").first).to_be_visible()
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
    for screen, name in (("reports", "reports"), ("messages", "messages"), ("more", "more"), ("why", "why")):
        narrow.open(f"/#/{screen}")
        look(narrow, name)
    narrow.open("/#/reports")
    narrow.page.locator("main a.card").first.click()
    expect(narrow.heading).to_have_text("Accepted")
    look(narrow, "receipt")


def test_the_screens_of_a_returned_report(narrow, person):
    narrow.activate(person("returned-report"))
    look(narrow, "home-returned")
    narrow.tap("link", "Correct my report")
    look(narrow, "correct")
    narrow.open("/#/reports")
    narrow.page.locator("main a.card").first.click()
    look(narrow, "report-returned")


def test_the_page_opens_under_the_policy_of_the_service_and_calls_no_other(contexts, service):
    context = contexts()
    asked: set[str] = set()
    context.on("request", lambda request: asked.add(request.url.split("/")[2]))
    Phone(context, service).open()
    assert asked == {f"localhost:{service.port}"}
