"""An administrator at the console: an officer is added, changed by two at once, and closed; the limits say why."""

from playwright.sync_api import expect

from devtools.demo.loading import PASSWORD
from foundation.clock import system_clock
from foundation.identity import Role
from immigration.services import officers
from tests.browser.desks import look
from tests.browser.looking import axe


def sign_in(desk, name="administrator"):
    """Sign in as an officer who has no queue."""
    desk.page.goto("/console")
    desk.page.get_by_label("Name").fill(name)
    desk.page.get_by_label("Password").fill(PASSWORD)
    desk.press("Enter")
    expect(desk.heading).to_have_text("Accounts of officers")


def test_an_administrator_adds_changes_and_closes_an_account(desks, database):
    desk = desks()
    sign_in(desk)
    look(desk, "console-accounts")
    page = desk.page
    page.get_by_role("button", name="Add an officer").click()
    page.get_by_label("Name").last.fill("somsri")
    page.get_by_label("Offices").fill("bkk, xxx")
    desk.press("Enter")
    expect(page.get_by_role("alert").last).to_contain_text("no immigration office has the code XXX")
    page.get_by_label("Offices").fill("bkk, cmi")
    desk.press("Enter")
    expect(page.get_by_text("It is shown this once.")).to_be_visible()
    desk.press("Escape")
    page.get_by_role("button", name="somsri").click()
    expect(page.get_by_label("Offices")).to_have_value("BKK CMI")
    with database.transaction() as session:
        officers.move(session, "somsri", ["PKT"], actor="test", now=system_clock())
    page.get_by_role("dialog").get_by_label("Role").select_option("supervisor")
    page.get_by_role("button", name="Save role and offices").click()
    expect(page.get_by_role("alert").last).to_contain_text("It was changed meanwhile")
    expect(page.get_by_role("row", name="somsri officer PKT")).to_be_visible()
    page.get_by_role("button", name="Save role and offices").click()
    expect(page.get_by_text("Saved. It counts at once.")).to_be_visible()
    page.get_by_role("button", name="Issue a code of first use").click()
    page.get_by_role("button", name="Yes, do it").click()
    expect(page.get_by_text("The code of first use of somsri")).to_be_visible()
    expect(page.get_by_text("It is shown this once, and works once, by")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Close the account").click()
    page.get_by_role("button", name="Yes, do it").click()
    expect(page.get_by_role("button", name="Open the account again")).to_be_visible()
    desk.press("Escape")
    page.get_by_role("button", name="administrator", exact=True).click()
    expect(page.get_by_text("It is the last administrator's: add another one first.")).to_be_visible()
    expect(page.get_by_role("button", name="Close the account")).to_have_attribute("aria-disabled", "true")


def test_an_officer_renames_adds_and_removes_passkeys(desks, database):
    with database.transaction() as session:
        officers.add(
            session, "pim", password=PASSWORD, role=Role.ADMINISTRATOR, office=None, actor="t", now=system_clock()
        )
    desk = desks()
    client = desk.context.new_cdp_session(desk.page)
    client.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    client.send("WebAuthn.addVirtualAuthenticator", {"options": options | {"isUserVerified": True}})
    sign_in(desk, "pim")
    page = desk.page
    page.get_by_role("link", name="My account").click()
    expect(page.get_by_text("This account has no passkey.")).to_be_visible()
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey is added.")).to_be_visible()
    page.get_by_label("Name").fill("Desk <b>2</b>")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_text("It has another name now.")).to_be_visible()
    look(desk, "console-passkeys")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Yes, remove it").click()
    expect(page.get_by_role("alert").first).to_contain_text("only second factor")
