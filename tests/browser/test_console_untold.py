"""Who was not told of a date, at the console: as the last check found it, by cause, and from there to the person."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from playwright.sync_api import expect
from sqlalchemy import text

from foundation.clock import BANGKOK, bangkok_date, system_clock
from immigration.services import proving
from notifications import rounds
from operations.services import services_of
from tests.browser.desks import an_app, look
from tests.browser.test_console_administration import sign_in
from tests.factories import load, row

NEW = {"document_number": "UNTOLD001", "issuing_state": "FRA"}


def arrive(app):
    """Somebody whose window is open, whom no reminder can have reached yet."""
    today = bangkok_date(system_clock())
    load(app, "passports", row("passports", **NEW))
    stay = {
        "occurred_on": (today - timedelta(days=85)).isoformat(),
        "permitted_until": (today + timedelta(days=99)).isoformat(),
    }
    load(app, "movements", row("movements", movement_id="UNTOLD-1", **NEW, **stay))
    load(app, "residences", row("residences", residence_id="UNTOLD-1", **NEW))


def check_in_the_evening(app):
    """Check as the worker does in the evening."""
    services, filing = services_of(app), services_of(app).filing
    must_be_told = partial(proving.must_be_told, records=filing.records, law=filing.law)
    evening = system_clock().astimezone(BANGKOK).replace(hour=rounds.CHECK_FROM_HOUR)
    rounds.coverage_round(services.database, must_be_told, evening)


def test_a_supervisor_sees_who_was_not_told_and_opens_the_record(desks, database):
    with database.engine.begin() as connection:
        connection.execute(text("delete from coverage_checks"))
    chief = desks()
    chief.sign_in("supervisor")
    page = chief.page
    page.get_by_role("link", name="Messages").click()
    page.get_by_role("button", name="Not told").click()
    expect(page.get_by_text("No evening has been checked yet.")).to_be_visible()

    app = an_app(database)
    arrive(app)
    check_in_the_evening(app)
    page.get_by_role("button", name="Texts").click()
    page.get_by_role("button", name="Not told").click()
    expect(page.get_by_text("people of all offices had to be told.")).to_be_visible()
    look(chief, "console-untold")
    page.get_by_role("button", name="no reminder was written (1)").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("no reminder was written")
    page.get_by_role("link", name="Find this person").click()

    expect(chief.heading).to_have_text("Find a person")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_text("Say why you look this person up")).to_be_visible()
    look(chief, "console-people-given")
    page.get_by_label("Purpose", exact=True).fill("No phone known")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.locator("#person")).to_be_focused()
    expect(page.get_by_text(NEW["document_number"]).first).to_be_visible()
    looked = "select data ->> 'purpose' from events where kind = 'resident.looked-up' order by id desc limit 1"
    with database.read_session() as session:
        assert session.scalar(text(looked)) == "No phone known"
    page.get_by_role("button", name="Find another person").click()
    expect(page.get_by_label("Passport number")).to_be_visible()


def test_whoever_is_not_there_any_more_is_said_so(desks):
    chief = desks()
    chief.sign_in("supervisor")
    page = chief.page
    for address in (str(UUID(int=7)), "x", "%00", "..%2f..%2fme", "<b>"):
        page.goto(f"/console#/people/{address}")
        page.get_by_label("Purpose", exact=True).fill("No phone known")
        page.get_by_role("button", name="Open", exact=True).click()
        expect(page.get_by_text("Nobody was found")).to_be_visible()


def test_it_is_for_supervisors(desks):
    desk = desks()
    sign_in(desk)
    desk.page.get_by_role("link", name="Messages").click()
    expect(desk.page.get_by_role("button", name="Failed for good")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Not told")).to_have_count(0)
