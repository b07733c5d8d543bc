"""Looking a person up at the console, and what is done for them at a counter."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from foundation.clock import monotonic
from tests.browser.desks import look
from tests.browser.looking import axe
from tests.serving import sign_ins


@pytest.fixture
def desk(desks):
    desk = desks()
    desk.sign_in()
    desk.press("p")
    expect(desk.heading).to_have_text("Find a person")
    return desk


def search(desk, number, country="", purpose="At the counter"):
    """Fill the form in and send it."""
    desk.page.locator("#number").fill(number)
    desk.page.locator("#country").fill(country)
    if country:
        desk.press("ArrowDown", "Enter")
    desk.page.locator("#purpose").fill(purpose)
    desk.page.get_by_role("button", name="Search").click()


def test_a_person_is_found_by_passport_and_given_a_code_that_works(desk, service, database):
    who = sign_ins(service)["open"]
    search(desk, who["document_number"].lower(), "Japan")
    expect(desk.page.locator("#person")).to_have_text("SATO KENJI")
    expect(desk.page.locator("#person")).to_be_focused()
    look(desk, "console-person")
    desk.page.get_by_role("button", name="Issue an activation code").click()
    slip = desk.page.get_by_role("dialog", name="Activation code")
    code = slip.locator(".code").text_content()
    assert axe(desk.page) == []
    expect(slip.get_by_role("img")).to_be_visible()
    assert who["document_number"] not in slip.text_content(), "only the last characters stand on the slip"
    status, _ = service.post("/api/v1/activations", who | {"activation_code": code})
    assert status == 201
    with database.read_session() as session:
        looked_up = text("select data ->> 'purpose' from events where kind = 'resident.looked-up' order by id")
        assert session.scalars(looked_up).all()[-1] == "At the counter"


def test_the_slip_is_printed_alone(desk, service):
    who = sign_ins(service)["not-open"]
    search(desk, who["document_number"], "France")
    desk.page.get_by_role("button", name="Issue an activation code").click()
    slip = desk.page.get_by_role("dialog", name="Activation code")
    expect(slip).to_be_visible()
    desk.page.emulate_media(media="print")
    expect(slip.locator(".code")).to_be_visible()
    expect(desk.page.locator("header")).to_be_hidden()
    expect(desk.page.locator("#person")).to_be_hidden()
    expect(slip.get_by_role("button", name="Print")).to_be_hidden()


def test_what_is_missing_is_said_at_its_field_and_nobody_is_looked_up(desk, database):
    desk.page.get_by_role("button", name="Search").click()
    expect(desk.page.locator("#number")).to_be_focused()
    expect(desk.page.locator("#number")).to_have_accessible_description("Enter the passport number")
    look(desk, "console-people-errors")
    search(desk, "X1", "Japan", purpose="a")
    expect(desk.page.locator("#purpose")).to_be_focused()
    expect(desk.page.get_by_text("Say why you look this person up")).to_be_visible()


def test_who_is_not_found_is_said_so(desk):
    search(desk, "NOBODY1", "Japan")
    expect(desk.page.get_by_text("Nobody was found")).to_be_visible()
    assert axe(desk.page) == []


def test_passports_that_contradict_each_other_are_not_linked(desk, service):
    people = sign_ins(service)
    search(desk, people["in-grace"]["document_number"], "China")
    expect(desk.page.locator("#person")).to_have_text("WANG XIUYING")
    desk.page.get_by_text("Link another passport of this person").click()
    desk.page.locator("#link-number").fill(people["late"]["document_number"])
    desk.page.locator("#link-state").fill("che")
    desk.page.locator("#link-reason").fill("Both were shown")
    desk.page.get_by_role("button", name="Link", exact=True).click()
    expect(desk.page.get_by_role("alert").filter(has_text="cannot be linked")).to_be_visible()


def test_a_report_at_the_counter_takes_less_than_half_a_minute(desk, service, database):
    who = sign_ins(service)["due-today"]
    began = monotonic()
    search(desk, who["document_number"], "United Kingdom")
    desk.page.get_by_label("Number of the paper receipt").fill("BKK-47/1")
    desk.press("Enter")
    expect(desk.page.get_by_text("Recorded: BKK-47/1")).to_be_visible()
    assert monotonic() - began < 30
    expect(desk.page.get_by_text("Write on the receipt: next report due")).to_be_visible()
    look(desk, "console-counter")
    desk.page.get_by_label("Number of the paper receipt").fill("BKK-47/2")
    desk.press("Enter")
    expect(desk.page.get_by_role("alert").filter(has_text="You cannot file yet")).to_be_visible()
    with database.read_session() as session:
        assert (
            session.scalars(text("select count(*) from office_reports where receipt_number like 'BKK-47%'")).one() == 1
        )


def test_the_phones_of_a_person_who_lost_one_are_signed_out(desk, service, person):
    who = person("re-entered")
    _, pair = service.post("/api/v1/activations", who)
    search(desk, who["document_number"], "Russia")
    desk.page.get_by_role("button", name="End all sign-ins").click()
    desk.page.get_by_role("button", name="Yes, end all of them").click()
    expect(desk.page.get_by_text("All phones are signed out.")).to_be_visible()
    assert service.post("/api/v1/tokens", {"refresh_token": pair["refresh_token"]})[0] == 401
