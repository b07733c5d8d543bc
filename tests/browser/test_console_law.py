"""Law, messages and feeds at the console, as an administrator sees them; what is asked for there, another approves."""

from datetime import timedelta

from playwright.sync_api import expect

from devtools.demo.loading import PASSWORD
from foundation.clock import bangkok_date, system_clock
from foundation.identity import Role
from immigration.services import officers
from tests.browser.desks import look, look_at_dialog
from tests.browser.test_console_administration import sign_in
from tests.serving import eventually


def ask_for_an_outage(desk):
    """Ask for an outage of three days, after a slip in its last day."""
    page = desk.page
    page.get_by_role("button", name="Registered here").click()
    page.get_by_role("button", name="Register one").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Kind").select_option("outage")
    dialog.get_by_label("What it is").fill("Flood in the data centre")
    today = bangkok_date(system_clock())
    dialog.get_by_label("First day").fill((today + timedelta(days=2)).isoformat())
    dialog.get_by_label("Last day").fill((today + timedelta(days=1)).isoformat())
    dialog.get_by_role("textbox", name="Source").fill("Notice of the Bureau, number 7")
    desk.press("Enter")
    expect(page.get_by_text("The last day is before the first.")).to_be_visible()
    look_at_dialog(desk, "console-law-new-entry")
    dialog.get_by_label("Last day").fill((today + timedelta(days=4)).isoformat())
    dialog.get_by_role("button", name="Ask a second person").click()
    page.get_by_role("link", name="See what waits").click()
    expect(page.get_by_text("You asked for this.")).to_be_visible()


def test_an_outage_is_registered_by_two_and_shown(desks, database):
    with database.transaction() as session:
        now = system_clock()
        officers.add(session, "suda", password=PASSWORD, role=Role.ADMINISTRATOR, office=None, actor="t", now=now)
    asker, second = desks(), desks()
    sign_in(asker)
    page = asker.page
    page.get_by_role("link", name="Law").click()
    expect(page.get_by_text("extension_resets")).to_be_visible()
    look(asker, "console-law")
    ask_for_an_outage(asker)
    sign_in(second, "suda")
    second.page.get_by_role("link", name="Approvals").click()
    expect(second.page.get_by_text("Notice of the Bureau, number 7")).to_be_visible()
    look(second, "console-law-approval")
    second.page.get_by_role("button", name="Approve").click()
    expect(second.page.get_by_text("Approved. It is done as it was asked.")).to_be_visible()
    page.get_by_role("link", name="Law").click()
    page.get_by_role("button", name="Registered here").click()
    expect(page.get_by_role("button", name="End it earlier")).to_be_visible()
    look(asker, "console-law-entries")
    page.get_by_role("button", name="End it earlier").click()
    page.get_by_role("dialog").get_by_role("button", name="Ask a second person").click()
    look_at_dialog(asker, "console-law-end-entry")
    asker.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    counted = "select count(*) from policy_versions"
    with database.engine.connect() as connection:
        assert eventually(lambda: connection.exec_driver_sql(counted).scalar_one() == 2, 20)
    page.get_by_role("button", name="Versions").click()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("Waivers and outages: Flood in the data centre")).to_be_visible()
    look(asker, "console-law-versions")
    for name in ("Messages", "Feeds"):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        look(asker, f"console-{name.lower()}")
