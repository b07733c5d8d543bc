"""Views of the queue that officers keep, and the counts that say when they were counted."""

import re

import pytest
from playwright.sync_api import expect

from foundation.clock import system_clock
from immigration.services import queue_counts
from tests.browser.desks import file_reports, look, look_at_dialog


@pytest.fixture
def desk(desks, database):
    file_reports(database, "first", "unclear", "late")
    with database.transaction() as session:
        queue_counts.count(session, now=system_clock())
    desk = desks()
    desk.sign_in()
    return desk


def keep(desk, name):
    desk.page.get_by_role("button", name="Keep this view").click()
    desk.page.locator("#view-name").fill(name)
    desk.press("Enter")
    expect(desk.page.get_by_role("status").filter(has_text=f"{name} is kept.")).to_have_count(1)


def view(desk, name):
    return desk.page.get_by_role("group", name="Views").get_by_role("button", name=name)


def test_a_view_is_kept_by_keyboard_renamed_changed_and_removed(desk, desks):
    page = desk.page
    page.get_by_label("Visa class").fill("CABINET")
    desk.press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name="Keep this view").press("Enter")
    page.get_by_role("button", name="Keep it").press("Enter")
    expect(page.get_by_text("Give it a name.")).to_be_visible()
    look_at_dialog(desk, "console-keep-view")
    page.locator("#view-name").fill("By the <b>Cabinet</b>")
    desk.press("Enter")
    expect(view(desk, "By the <b>Cabinet</b> 1")).to_have_attribute("aria-pressed", "true")
    view(desk, "All of my office").click()
    expect(page.get_by_label("Visa class")).to_have_value("")
    again = desks()
    again.sign_in()
    view(again, "By the <b>Cabinet</b> 1").click()
    expect(again.page.get_by_label("Visa class")).to_have_value("CABINET")
    expect(again.page.get_by_role("row")).to_have_count(2)
    look(again, "console-views")
    again.page.get_by_role("button", name="Rename the view").click()
    again.page.locator("#view-name").fill("Cabinet")
    again.press("Enter")
    expect(view(again, "Cabinet 1")).to_be_visible()
    again.page.get_by_label("Reason").select_option("too-late")
    again.page.get_by_role("button", name="Keep the change").click()
    expect(view(again, "Cabinet 0")).to_be_visible()
    again.page.get_by_role("button", name="Remove the view").click()
    look_at_dialog(again, "console-remove-view")
    again.page.get_by_role("dialog").get_by_role("button", name="Remove the view").click()
    expect(view(again, "Cabinet")).to_have_count(0)
    expect(view(again, "All of my office")).to_have_attribute("aria-pressed", "true")


def test_a_name_that_there_is_stays_in_the_dialog(desk):
    desk.page.get_by_label("Reason").select_option("too-late")
    keep(desk, "Too late")
    view(desk, "All of my office").click()
    desk.page.get_by_label("Reason").select_option("first-report")
    desk.page.get_by_role("button", name="Keep this view").click()
    desk.page.locator("#view-name").fill("too LATE")
    desk.press("Enter")
    expect(desk.page.get_by_text("You have a view of this name already.")).to_be_visible()
    expect(desk.page.locator("#view-name")).to_be_focused()
    desk.press("Escape")
    expect(desk.page.get_by_role("button", name="Keep this view")).to_be_focused()


def test_counts_say_when_they_were_counted_and_reasons_how_many_wait(desk):
    counted = desk.page.get_by_text(re.compile(r"counted at \d\d:\d\d:\d\d"))
    expect(counted).to_be_visible()
    first = counted.text_content()
    expect(view(desk, re.compile(r"All of my office \d+"))).to_be_visible()
    option = desk.page.get_by_label("Reason").locator("option", has_text=re.compile(r"\(\d+\)"))
    expect(option.first).to_be_attached()
    expect(counted).not_to_have_text(first, timeout=60_000)


def test_the_queue_says_how_long_a_report_is_at_the_office(desk):
    expect(desk.page.get_by_role("row").nth(1)).to_contain_text("since today")
    desk.page.get_by_label("At the office").select_option("1")
    expect(desk.page.get_by_text("No report fits these filters")).to_be_visible()
