"""The service as `make run` starts it, and Debian's Chromium; without a browser the tests say so and are skipped."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from devtools.demo.scenarios import scenarios
from devtools.postgres import temporary_server
from foundation.clock import bangkok_date, system_clock
from foundation.db import Database
from immigration.services import activations
from operations.web import APP
from tests.browser.country import kept
from tests.browser.desks import WIDE, Desk
from tests.browser.looking import NARROW
from tests.browser.phones import Phone
from tests.serving import Service, serving, sign_ins

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--use-fake-device-for-media-stream",
)
WIDTH, HEIGHT = 390, 844
expect.set_options(timeout=15_000)  # what is expected comes at once on an idle machine; a busy one is no fault


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip these tests without a browser; in continuous integration (CI is set) they fail."""
    if CHROMIUM or os.environ.get("CI"):
        return
    reason = "no Chromium: apt install chromium, or name one in CHROMIUM"
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="package")
def running() -> Iterator[tuple[Service, Callable[[], None]]]:
    """The whole service on the demo country, by the real clock: the browser has no other; and how to begin anew."""
    assert (APP / "index.html").is_file(), "the phone app is not built: make web"
    with temporary_server() as server, serving(server, DEV_NOW="") as service:
        yield service, kept(service.database_url)


@pytest.fixture(scope="module")
def service(running: tuple[Service, Callable[[], None]]) -> Service:
    """The service, with the country as it was loaded: its people can file once, so each module begins anew."""
    service, begin_anew = running
    begin_anew()
    return service


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser, in which each phone and each desk is a context of its own."""
    assert CHROMIUM, "no Chromium: apt install chromium, or name one in CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def contexts(browser: Browser, service: Service) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browsers, of phones or of desks: each is new, with nothing kept from another."""
    made: list[BrowserContext] = []

    def make(
        width: int = WIDTH, height: int = HEIGHT, *, touch: bool = True, port: int = service.port
    ) -> BrowserContext:
        context = browser.new_context(
            base_url=f"http://localhost:{port}",
            viewport={"width": width, "height": height},
            has_touch=touch,
            locale="en-GB",
            timezone_id="Asia/Bangkok",
        )
        context.set_default_timeout(15_000)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def desks(contexts: Callable[..., BrowserContext], service: Service) -> Iterator[Callable[[], Desk]]:
    """Desks of officers, on which nothing may go wrong that the console has no words for."""
    made: list[Desk] = []

    def make() -> Desk:
        made.append(Desk(contexts(*WIDE, touch=False), service))
        return made[-1]

    yield make
    assert [desk.faults for desk in made if desk.faults] == []


@pytest.fixture
def phone(contexts: Callable[..., BrowserContext], service: Service) -> Iterator[Phone]:
    """A phone on which nothing may go wrong that the app has no words for, the content security policy included."""
    phone = Phone(contexts(), service)
    yield phone
    assert phone.faults == []


@pytest.fixture
def narrow(contexts, service):
    """The narrowest phone."""
    phone = Phone(contexts(*NARROW), service)
    yield phone
    assert phone.faults == []


@pytest.fixture(scope="module")
def database(service: Service) -> Iterator[Database]:
    """The database of the service, for what an office does outside of it."""
    database = Database(service.database_url)
    yield database
    database.close()


@pytest.fixture
def person(service: Service, database: Database) -> Callable[..., dict[str, str]]:
    """What a person of the demo activates a phone with; each call has a code that was not used."""

    def find(key: str, assurance: str = "counter") -> dict[str, str]:
        who = sign_ins(service)[key]
        passport = (who["document_number"], who["issuing_state"])
        with database.transaction() as session:
            issued = activations.issue(session, *passport, assurance=assurance, issued_by="test", now=system_clock())
        return who | {"activation_code": issued.activation_code}

    return find


@pytest.fixture
def zones() -> dict[str, str]:
    """The machine readable zones of the demo's passports, by the names of the people."""
    today: date = bangkok_date(system_clock())
    return {each.key: each.mrz for each in scenarios(today)}
