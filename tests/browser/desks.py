"""An officer at a desk: Chromium at the size of a screen on it, and the reports that wait for officers."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import BrowserContext, Locator, Page, expect

from app import create_app
from devtools.demo.loading import PASSWORD
from foundation.clock import bangkok_date, system_clock
from foundation.config import Settings
from foundation.db import Database
from tests.browser.looking import SCREENSHOTS, axe
from tests.conftest import SECRET, as_served
from tests.factories import activate, load, query, row
from tests.serving import Service

WIDE, TABLET, PHONE = (1280, 900), (820, 1180), (390, 844)
CUT_OFF = """() => [...document.querySelectorAll("dialog[open] *")]
    .filter((each) => !each.closest(".visually-hidden") && each.getBoundingClientRect().right > innerWidth - 16)
    .map((each) => each.tagName + "." + each.className)"""
"""What of a dialog does not fit beside its margin."""
FILED: dict[str, dict[str, Any]] = {
    "first": {},
    "unclear": {"visa_class": "CABINET"},
    "late": {"arrived": 130},
    "expired-passport": {"expires_on": "2026-01-01"},
    "stay-ended": {"stays": -2},
    "elsewhere": {"street": "99 Rama IV"},
}
"""Reports that the records cannot decide: what is different about each from an ordinary one."""


class Desk:
    """One page of a browser context at which an officer works; it keeps what went wrong on it."""

    def __init__(self, context: BrowserContext, service: Service) -> None:
        self.context, self.service = context, service
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self._note(message.type, message.text))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "Failed to load resource" not in text:  # a refusal, which has words
            self.faults.append(text)

    @property
    def heading(self) -> Locator:
        """The heading of the page."""
        return self.page.locator("main h1")

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def sign_in(self, name: str = "officer") -> None:
        """Open the console and sign in."""
        self.page.goto("/console")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Enter")
        expect(self.heading).to_have_text("Reports to check")

    def open(self, number: str) -> None:
        """Open a report."""
        self.page.goto(f"/console#/report/{number}")
        expect(self.page.get_by_text(number).first).to_be_visible()
        expect(self.page.get_by_role("button", name="Accept", exact=True)).to_be_visible()


def look(desk: Desk, name: str) -> None:
    """Check the present page in every theme and language, at a desk and on a tablet; picture it where wanted."""
    page = desk.page
    for language in ("th", "en"):
        if page.locator("html").get_attribute("lang") != language:
            page.locator(f"button[lang={language}]").click()
            expect(page.locator("html")).to_have_attribute("lang", language)
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)
            expect(page.locator("html")).to_have_attribute("data-theme", theme)
            assert axe(page, colours_only=theme == "dark") == [], (name, language, theme)
            for width, height in (WIDE, TABLET):
                page.set_viewport_size({"width": width, "height": height})
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, language, width)
                if SCREENSHOTS:
                    Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
                    path = Path(SCREENSHOTS) / f"{name}-{language}-{theme}-{width}.png"
                    page.screenshot(path=path, full_page=True)
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})


def look_at_dialog(desk: Desk, name: str) -> None:
    """Check an open dialog in both languages and themes, at a desk, on a tablet and a phone.

    The switch of languages lies behind the dialog: a person cannot press it meanwhile, a script can.
    """
    page = desk.page
    for language in ("th", "en"):
        page.locator(f"button[lang={language}]").evaluate_all("buttons => buttons.forEach((each) => each.click())")
        expect(page.locator("html")).to_have_attribute("lang", language)
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)
            expect(page.locator("html")).to_have_attribute("data-theme", theme)
            assert axe(page) == [], (name, language, theme)
            for width, height in (PHONE, TABLET, WIDE):
                page.set_viewport_size({"width": width, "height": height})
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, language, width)
                assert page.evaluate(CUT_OFF) == [], (name, language, width)
                if SCREENSHOTS:
                    Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
                    page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{language}-{theme}-{width}.png")


def an_app(database: Database) -> Flask:
    """The application on the database of the running service, for what other offices and people do."""
    app = create_app(Settings(environment="test", secret_keys=(SECRET,)), database=as_served(database))
    app.testing = True
    return app


def file_reports(database: Database, *kinds: str) -> list[str]:
    """File a report of each kind by a new person; their numbers, in the order of filing."""
    app = an_app(database)
    return [_file(app, kind, n) for n, kind in enumerate(kinds, _count(app))]


def _count(app: Flask) -> int:
    return int(query(app, "select count(*) from reports")[0][0])


def _file(app: Flask, kind: str, n: int) -> str:
    today, differs = bangkok_date(system_clock()), {**FILED[kind]}
    document = {"document_number": f"DESK{n:05}", "issuing_state": "FRA"}
    arrived = today - timedelta(days=differs.pop("arrived", 85))
    until = today + timedelta(days=differs.pop("stays", 200))
    street = differs.pop("street", "1 Sukhumvit 31")
    own = {"expires_on"} & differs.keys()
    load(app, "passports", row("passports", **document, **{name: differs.pop(name) for name in own}))
    stay = {"occurred_on": arrived.isoformat(), "permitted_until": until.isoformat()}
    load(app, "movements", row("movements", **document, **stay, **differs))
    load(app, "residences", row("residences", **document, address=street))
    answer = activate(app, document["document_number"], assurance="mail").file()
    assert (answer.status_code, answer.json["status"]) == (201, "under-review"), answer.json
    return str(answer.json["number"])
