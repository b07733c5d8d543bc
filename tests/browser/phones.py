"""A phone as its owner uses it: Chromium at the size of one, with the steps that many tests have in common."""

import json
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.serving import Service, eventually

PLACE, SUBDISTRICT = "khlong toei nuea", "Khlong Toei Nuea, Vadhana, Bangkok 10110"


class Phone:
    """One page of a browser context, which counts the taps of its owner and keeps what went wrong on it."""

    def __init__(self, context: BrowserContext, service: Service) -> None:
        self.context, self.service = context, service
        self.page: Page = context.new_page()
        self.taps = 0
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self._note(message.type, message.text))

    def _note(self, kind: str, text: str) -> None:
        expected = "Failed to load resource" in text  # a refusal or a lost connection, which the app has words for
        if kind in ("error", "warning") and not expected:
            self.faults.append(text)

    def open(self, path: str = "/") -> None:
        """Open the app, or a screen of it."""
        self.page.goto(path)
        expect(self.heading).to_be_visible()

    @property
    def heading(self) -> Locator:
        """The heading of the screen."""
        return self.page.locator("h1")

    def tap(self, role: Any, name: str) -> None:
        """Tap what has this role and exactly this name."""
        self.taps += 1
        self.page.get_by_role(role, name=name, exact=True).click()

    def fill(self, label: str, text: str) -> None:
        """Type into the field with this label."""
        self.page.get_by_label(label).fill(text)

    def activate(self, who: Mapping[str, str]) -> None:
        """Set up this phone from the first screen on, with the details typed."""
        self.open()
        self.tap("link", "Set up this phone")
        self.give_passport(who)

    def add(self, who: Mapping[str, str]) -> None:
        """Set up this phone for another person too."""
        self.open("/#/more")
        self.tap("link", "Add another person")
        self.give_passport(who)

    def give_passport(self, who: Mapping[str, str]) -> None:
        """Type the details of a passport and the code, and arrive at home."""
        self.page.locator("#number").fill(who["document_number"])
        self.page.locator("#country").fill(who["issuing_state"])
        year, month, day = who["birth_date"].split("-")
        self.page.locator("#day").fill(day)
        self.page.locator("#month").fill(month)
        self.page.locator("#year").fill(year)
        self.tap("button", "Continue")
        self.page.locator("#code").fill(who["activation_code"])
        self.tap("button", "Set up this phone")
        expect(self.page.locator("#code")).to_have_count(0)
        expect(self.page.locator("[data-situation]")).to_be_visible()

    def give_address(self) -> None:
        """Search for an area, choose it, and go on to the review."""
        self.page.locator("#place").press_sequentially(PLACE, delay=5)
        self.taps += 1
        self.page.locator("main").get_by_role("option").first.click()
        expect(self.page.get_by_text(SUBDISTRICT.removesuffix(" 10110"))).to_be_visible()
        self.page.locator("#house_number").fill("1/23")
        self.tap("button", "Continue")

    def have_app_offline(self) -> None:
        """Wait until the service worker has the app. (A condition as text would be refused by the policy.)"""
        eventually(lambda: self.page.evaluate("navigator.serviceWorker.controller !== null"), 20)

    @property
    def situation(self) -> str | None:
        """What the home screen is about."""
        return self.page.locator("[data-situation]").get_attribute("data-situation")


def ask_as_officer(service: Service, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
    """Post to the API as the officer of the demo; status and answer."""
    password = next(line.rpartition(" ")[2] for line in service.lines if line.startswith("Officers:"))
    _, session = service.post("/api/v1/officers/sessions", {"name": "officer", "password": password})
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {session['access_token']}"}
    return service._ask("POST", f"/api/v1{path}", json.dumps(body), headers)


def sign_in_to_api(service: Service, who: Mapping[str, str]) -> str:
    """An access token of a resident, for asking the API what the phone did."""
    status, pair = service.post("/api/v1/activations", dict(who))
    assert status == 201, pair
    token: str = pair["access_token"]
    return token
