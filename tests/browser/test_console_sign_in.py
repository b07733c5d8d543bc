"""Officers sign in at the console with a passkey of the browser's own authenticator."""

import pytest
from playwright.sync_api import expect

from devtools.demo.loading import PASSWORD
from foundation.clock import system_clock
from immigration.services import officer_passkeys, officers
from tests.browser.desks import look

VIRTUAL = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def first_use(database):
    """A new account, and its code of first use."""

    def make(name):
        with database.transaction() as session:
            now = system_clock()
            officers.add(session, name, password=PASSWORD, role="officer", office="BKK", actor="test", now=now)
            return officer_passkeys.issue_code(session, name, replace=False, actor="test", now=now)

    return make


def authenticator(desk):
    """Give the desk an authenticator that verifies whoever is there; how to say that it does not."""
    client = desk.context.new_cdp_session(desk.page)
    client.send("WebAuthn.enable")
    made = client.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL})["authenticatorId"]

    def verifies(does):
        client.send("WebAuthn.setUserVerified", {"authenticatorId": made, "isUserVerified": does})

    return verifies


def register(desk, name, code):
    desk.page.goto("/console")
    desk.page.get_by_text("First time here").click()
    form = desk.page.locator("details")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_label("Code of first use").fill(code)
    look(desk, "first-passkey")
    form.get_by_role("button", name="Set up a passkey").click()


def with_passkey(desk):
    desk.page.get_by_role("button", name="Use a passkey").click()


def test_an_officer_sets_up_a_passkey_signs_in_and_unlocks_with_it(desks, first_use):
    desk, code = desks(), first_use("wichai")
    verifies = authenticator(desk)
    register(desk, "wichai", code)
    expect(desk.page.get_by_text("Your passkey is set up.")).to_be_visible()
    with_passkey(desk)
    expect(desk.heading).to_have_text("Reports to check")
    desk.page.get_by_role("button", name="Lock").click()
    expect(desk.page.get_by_role("button", name="Unlock")).to_be_visible()
    verifies(False)
    with_passkey(desk)
    expect(desk.page.get_by_text("No passkey was used.")).to_be_visible()
    verifies(True)
    with_passkey(desk)
    expect(desk.page.get_by_role("button", name="Unlock")).to_be_hidden()
    expect(desk.heading).to_have_text("Reports to check")


def test_a_code_that_is_used_up_says_no_more_than_a_wrong_password(desks, first_use):
    desk, code = desks(), first_use("somsri")
    authenticator(desk)
    register(desk, "somsri", code)
    expect(desk.page.get_by_text("Your passkey is set up.")).to_be_visible()
    register(desk, "somsri", code)
    expect(desk.page.get_by_text("Name, password or second factor are wrong.")).to_be_visible()


def test_every_page_of_an_installation_for_training_says_so(desks):
    desk = desks()
    training = desk.page.get_by_text("For training: every person here is invented")
    desk.page.goto("/console")
    expect(training).to_be_visible()
    desk.sign_in()
    for page in ("queue", "people"):
        desk.page.goto(f"/console#/{page}")
        expect(training).to_be_visible()
    look(desk, "console-training")
