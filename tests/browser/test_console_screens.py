"""Every page of the console: no violation that axe finds, in both themes and languages, at a desk and on a tablet."""

from playwright.sync_api import expect

from tests.browser.desks import file_reports, look
from tests.browser.looking import axe


def test_the_pages_of_an_officer(desks, database):
    numbers = file_reports(database, "first", "elsewhere", "unclear", "late", "expired-passport", "stay-ended")
    desk = desks()
    desk.page.goto("/console")
    expect(desk.heading).to_have_text("Sign in")
    look(desk, "console-sign-in")
    desk.sign_in()
    expect(desk.page.get_by_role("link", name=numbers[0])).to_be_visible()
    look(desk, "console-queue")
    desk.open(numbers[1])
    look(desk, "console-report")
    desk.press("r", "1")
    expect(desk.page.get_by_text("The person will read this")).to_be_visible()
    desk.page.locator("#note").fill("Two lines:\nthe soi is missing.")
    look(desk, "console-returning")
    desk.page.get_by_role("button", name="Keys").click()
    expect(desk.page.get_by_role("dialog")).to_be_visible()
    assert axe(desk.page) == []
