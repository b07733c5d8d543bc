"""Auditors at the console: who looked at a person and why, and what was unusual."""

from datetime import timedelta

from playwright.sync_api import expect

from foundation.clock import system_clock
from tests.browser.desks import file_reports, look
from tests.browser.looking import axe
from tests.serving import sign_ins


def test_an_auditor_finds_who_looked_at_a_person_and_why(desks, service, database):
    who = sign_ins(service)["open"]
    (number,) = file_reports(database, "first")
    officer, auditor = desks(), desks()
    officer.sign_in()
    officer.open(number)
    officer.page.goto("/console#/people")
    officer.page.locator("#number").fill(who["document_number"])
    officer.page.locator("#country").fill("Japan")
    officer.press("ArrowDown", "Enter")
    officer.page.locator("#purpose").fill("A <b>question</b> by phone")
    officer.page.get_by_role("button", name="Search").click()
    expect(officer.page.locator("#person")).to_be_visible()
    auditor.sign_in("auditor")
    auditor.page.get_by_role("link", name="Audit", exact=True).click()
    expect(auditor.heading).to_have_text("Who looked, and why")
    auditor.page.get_by_label("Officer").fill("officer")
    auditor.page.locator("form select").select_option("resident.looked-up")
    auditor.page.get_by_role("button", name="Show").click()
    line = auditor.page.get_by_role("row", name="Looked a person up")
    expect(line).to_contain_text("A <b>question</b> by phone")
    expect(auditor.page.get_by_role("row", name="Opened a report")).to_have_count(0)
    look(auditor, "console-audit")
    line.get_by_role("link", name="About one resident").click()
    expect(auditor.page.get_by_role("link", name="Show all again")).to_be_visible()
    expect(auditor.page.get_by_role("row", name="Looked a person up")).to_have_count(1)
    auditor.page.get_by_role("link", name="Show all again").click()
    expect(auditor.page.get_by_role("row", name="Asked about a person here").first).to_be_visible()
    auditor.page.get_by_role("button", name="Unusual").click()
    expect(auditor.page.get_by_text("Nothing was found.")).to_be_visible()


def test_a_list_is_saved_as_a_file_for_a_purpose(desks, database):
    (number,) = file_reports(database, "first")
    desk = desks()
    desk.sign_in()
    expect(desk.page.get_by_role("link", name=number)).to_be_visible()
    desk.page.get_by_role("button", name="Export (CSV)").click()
    desk.page.get_by_role("button", name="Save the file").click()
    expect(desk.page.get_by_text("Say what for, in three letters or more.")).to_be_visible()
    desk.page.get_by_label("Purpose").fill("Work for the week.")
    assert axe(desk.page) == []
    with desk.page.expect_download() as saved:
        desk.page.get_by_role("button", name="Save the file").click()
    assert number in saved.value.path().read_text("utf-8-sig")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)


def test_a_machine_that_wakes_after_the_session_locks_before_a_touch_counts(desks):
    desk = desks()
    desk.sign_in()
    desk.page.clock.set_fixed_time(system_clock() + timedelta(minutes=31))
    desk.page.evaluate("document.body.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))")
    expect(desk.page.get_by_role("dialog")).to_be_visible()


def test_officers_see_no_audit(desks):
    desk = desks()
    desk.sign_in()
    expect(desk.page.get_by_role("link", name="Audit", exact=True)).to_have_count(0)
    desk.page.goto("/console#/audit")
    expect(desk.page.get_by_text("Only for auditors")).to_be_visible()
