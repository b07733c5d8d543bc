"""Looking people up at the console by receipt and by name."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from tests.browser.desks import file_reports, look
from tests.browser.test_scanning import DETECTOR
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


def test_the_camera_reads_a_receipt_and_the_purpose_is_asked(desks, database):
    (number,) = file_reports(database, "late")
    desk = desks()
    desk.context.grant_permissions(["camera"])
    desk.page.add_init_script(DETECTOR)
    desk.sign_in()
    desk.press("p")
    page = desk.page
    page.get_by_role("button", name="Receipt or QR code").click()
    page.get_by_role("button", name="Read a QR code with the camera").press("Enter")
    expect(page.get_by_label("Picture of the camera")).to_be_visible()
    before = len(looked_up(database))
    page.evaluate("() => (window.shown = 'https://example.org/menu')")
    expect(page.get_by_text("This is no receipt.")).to_be_visible()
    look(desk, "console-scan")
    page.evaluate("(text) => (window.shown = text)", number)
    expect(page.locator("#purpose")).to_be_focused()
    expect(page.get_by_text("Say why you look this person up")).to_be_visible()
    expect(page.get_by_label("Picture of the camera")).to_have_count(0)
    assert len(looked_up(database)) == before, "nobody is looked up without a purpose"
    page.locator("#purpose").fill("At the counter")
    desk.press("Enter")
    expect(page.locator("#person")).to_have_text("DURAND ALIX")
    assert looked_up(database)[-1] == (True, "At the counter")


def test_a_camera_that_is_refused_leaves_typing(desks):
    desk = desks()
    desk.page.add_init_script(DETECTOR)
    desk.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); }"
    )
    desk.sign_in()
    desk.press("p")
    desk.page.get_by_role("button", name="Receipt or QR code").click()
    desk.page.get_by_role("button", name="Read a QR code with the camera").click()
    expect(desk.page.get_by_text("The camera cannot be used.")).to_be_visible()
    desk.page.get_by_role("button", name="Type it instead").click()
    expect(desk.page.get_by_role("button", name="Read a QR code with the camera")).to_be_visible()


def test_without_a_detector_the_button_is_grey_and_says_why(desks):
    desk = desks()
    desk.page.add_init_script("delete window.BarcodeDetector")
    desk.sign_in()
    desk.press("p")
    desk.page.get_by_role("button", name="Receipt or QR code").click()
    button = desk.page.get_by_role("button", name="Read a QR code with the camera")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_accessible_description(
        "This browser cannot read QR codes. Use a hand scanner, or type the number."
    )
    button.press("Enter")
    expect(desk.page.get_by_label("Picture of the camera")).to_have_count(0)
