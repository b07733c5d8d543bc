"""Looking people up at the console by receipt and by name."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from tests.browser.desks import file_reports, look
from tests.serving import sign_ins


@pytest.fixture
def desk(desks):
    desk = desks()
    desk.sign_in()
    desk.press("p")
    expect(desk.heading).to_have_text("Find a person")
    return desk


def looked_up(database):
    """Who was looked up and why, in order."""
    with database.read_session() as session:
        kind = "select person_id is not null, data ->> 'purpose' from events where kind = 'resident.looked-up'"
        return [tuple(each) for each in session.execute(text(f"{kind} order by id"))]


def search(desk, name, purpose="At the counter"):
    desk.page.get_by_role("button", name="Name", exact=True).click()
    desk.page.locator("#name").fill(name)
    desk.page.locator("#purpose").fill(purpose)
    desk.page.get_by_role("button", name="Search").click()


def test_a_person_is_found_by_a_name_with_slips_and_opened(desk, service, database):
    who = sign_ins(service)["open"]
    search(desk, "kenji satoh")
    expect(desk.page.locator("#matches")).to_be_focused()
    line = desk.page.get_by_role("row", name="SATO KENJI").filter(has_text=who["document_number"][-3:])
    expect(line).not_to_contain_text(who["document_number"])
    look(desk, "console-names")
    line.get_by_role("button", name="Open").click()
    expect(desk.page.locator("#person")).to_have_text("SATO KENJI")
    expect(desk.page.get_by_role("cell", name=who["document_number"])).to_be_visible()
    assert looked_up(database)[-1] == (True, "At the counter")


def test_a_name_that_nobody_has_is_said_so_and_recorded(desk, database):
    search(desk, "Zzyzx Qwfpgj", purpose="Question by phone")
    expect(desk.page.get_by_text("No name like this belongs to a person of your offices.")).to_be_visible()
    assert looked_up(database)[-1] == (False, "Question by phone")
    search(desk, "x")
    expect(desk.page.locator("#name")).to_be_focused()
    expect(desk.page.get_by_text("Enter two letters or more")).to_be_visible()
    look(desk, "console-name-errors")


def test_a_receipt_read_by_a_scanner_finds_its_person(desk, database):
    (number,) = file_reports(database, "first")
    desk.page.get_by_role("button", name="Receipt or QR code").click()
    desk.page.locator("#purpose").fill("At the counter")
    desk.page.locator("#search-receipt").focus()
    desk.page.keyboard.type(f"{number.lower()}\n")  # a scanner types, and ends with Enter
    expect(desk.page.locator("#person")).to_have_text("DURAND ALIX")
    look(desk, "console-receipt")
    desk.page.locator("#search-receipt").fill("C26-0000-0000-0000-0")
    desk.press("Enter")
    expect(desk.page.get_by_text("No receipt of this number")).to_be_visible()
    assert looked_up(database)[-2:] == [(True, "At the counter"), (False, "At the counter")]
