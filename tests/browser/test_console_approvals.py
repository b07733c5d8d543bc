"""What waits for a second person, corrections of addresses, and looks beyond one's offices, at the console."""

import json
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from devtools.demo.loading import PASSWORD
from foundation.clock import bangkok_date, system_clock
from foundation.identity import Role
from immigration.models.reports import Report
from immigration.services import officers
from tests.browser.desks import an_app, file_reports, look
from tests.factories import ADDRESS, activate, load, row
from tests.serving import eventually


@pytest.fixture
def status(database):
    """The present status of a report."""

    def read(number):
        with database.read_session() as session:
            return session.scalars(select(Report.status).where(Report.number == number)).one()

    return read


def staff(database, name, role, office):
    """An officer with the password of the demo."""
    now = system_clock()
    with database.transaction() as session:
        officers.add(session, name, password=PASSWORD, role=role, office=office, actor="test", now=now)
    return name


def accept_beyond_the_rule(desk, number):
    """Accept with a next due date far beyond the one that the rule gives."""
    desk.open(number)
    desk.press("d")
    later = (bangkok_date(system_clock()) + timedelta(days=300)).isoformat()
    desk.page.get_by_label("Next report due on").fill(later)
    desk.page.get_by_label("Note to the person").fill("A long stay in hospital.")
    desk.page.locator("button.send").click()
    desk.page.evaluate("dispatchEvent(new Event('pagehide'))")
    expect(desk.page.get_by_text(f"{number} waits for a second person.")).to_be_visible()


def test_a_later_date_waits_and_another_person_approves_it(desks, database, status):
    (number,) = file_reports(database, "first")
    asker, second = desks(), desks()
    asker.sign_in()
    accept_beyond_the_rule(asker, number)
    assert status(number) == "under-review"
    asker.page.get_by_role("link", name="See what waits").click()
    expect(asker.heading).to_have_text("Waiting for a second person")
    expect(asker.page.get_by_text("You asked for this. Another person approves it.")).to_be_visible()
    own = asker.page.get_by_role("button", name="Approve")
    expect(own).to_have_attribute("aria-disabled", "true")
    own.click(force=True)
    assert status(number) == "under-review"
    look(asker, "console-approvals-own")
    second.sign_in("supervisor")
    second.page.get_by_role("link", name="Approvals").click()
    expect(second.page.get_by_text("A long stay in hospital.")).to_be_visible()
    look(second, "console-approvals")
    second.page.get_by_role("button", name="Approve").click()
    expect(second.page.get_by_text("Approved. It is done as it was asked.")).to_be_visible()
    assert eventually(lambda: status(number) == "accepted", 15)
    expect(second.page.get_by_text("Nothing waits for a second person.")).to_be_visible()


def test_a_supervisor_asks_to_reopen_and_an_officer_refuses(desks, database, status):
    (number,) = file_reports(database, "first")
    officer, supervisor = desks(), desks()
    officer.sign_in()
    officer.open(number)
    officer.press("a")
    officer.page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert eventually(lambda: status(number) == "accepted", 15)
    supervisor.sign_in("supervisor")
    supervisor.open(number)
    supervisor.page.get_by_role("button", name="Ask to reopen").click()
    expect(supervisor.page.get_by_text("Say why it has to be reopened.")).to_be_visible()
    supervisor.page.get_by_label("Why it has to be reopened").fill("The wrong address.")
    look(supervisor, "console-reopening")
    supervisor.page.get_by_role("button", name="Ask to reopen").click()
    expect(supervisor.page.get_by_text("A second person has to approve this")).to_be_visible()
    colleague = desks()
    colleague.sign_in(staff(database, "anong", Role.OFFICER, "BKK"))
    colleague.page.get_by_role("link", name="Approvals").click()
    expect(colleague.page.get_by_text("The wrong address.")).to_be_visible()
    colleague.page.get_by_label("Note to the officer who asked").fill("It is right.")
    colleague.page.get_by_role("button", name="Refuse").click()
    expect(colleague.page.get_by_text("Refused. Nothing changed.")).to_be_visible()
    assert status(number) == "accepted"


def test_a_report_of_another_office_opens_for_a_reason_that_its_office_sees(desks, database):
    (number,) = file_reports(database, "first")
    stranger, auditor = desks(), desks()
    stranger.sign_in(staff(database, "anan", Role.OFFICER, "CMI"))
    stranger.page.goto(f"/console#/report/{number}")
    expect(stranger.heading).to_have_text("This report cannot be shown")
    stranger.page.get_by_role("button", name="Open for this reason").click()
    expect(stranger.page.get_by_text("Say why, in three letters or more.")).to_be_visible()
    look(stranger, "console-beyond")
    stranger.page.get_by_label("Why you have to look").fill("The person moved <b>here</b>.")
    stranger.page.get_by_role("button", name="Open for this reason").click()
    expect(stranger.page.get_by_role("button", name="Accept", exact=True)).to_be_visible()
    auditor.sign_in("auditor")
    expect(auditor.page.get_by_role("link", name="Approvals")).to_have_count(0)
    auditor.page.get_by_role("link", name="Other offices").click()
    expect(auditor.page.get_by_role("cell", name="The person moved <b>here</b>.")).to_be_visible()
    look(auditor, "console-exceptions")


def test_an_address_is_corrected_or_refused_with_a_note(desks, database):
    app = an_app(database)
    today = bangkok_date(system_clock())
    document = {"document_number": "MOVED0001", "issuing_state": "FRA"}
    arrived = {"occurred_on": (today - timedelta(days=85)).isoformat()}
    load(app, "passports", row("passports", **document))
    load(
        app,
        "movements",
        row("movements", **document, **arrived, permitted_until=(today + timedelta(days=200)).isoformat()),
    )
    load(app, "residences", row("residences", **document))
    person = activate(app, "MOVED0001")
    filed = person.file().json
    assert filed["status"] == "accepted", json.dumps(filed)
    path = f"/reports/{filed['number']}/address-correction"
    moved = ADDRESS | {"house_number": "7 <i>", "subdistrict_code": "500101", "postal_code": "50200"}
    asked = person.post(path, {"address": moved}, **{"Idempotency-Key": "moved"}).json
    assert asked["status"] == "under-review", json.dumps(asked)
    desk = desks()
    desk.sign_in(staff(database, "boonma", Role.OFFICER, "CMI"))
    desk.page.get_by_role("link", name="Addresses").click()
    expect(desk.page.get_by_role("heading", name=asked["number"])).to_be_visible()
    desk.page.get_by_role("button", name="Open", exact=True).click()
    expect(desk.page.get_by_text("7 <i>")).to_be_visible()
    desk.page.get_by_role("button", name="Refuse it").click()
    expect(desk.page.get_by_text("Write why it is refused.")).to_be_visible()
    look(desk, "console-addresses")
    desk.page.get_by_label("Note to the person").fill("This is a move.")
    desk.page.get_by_role("button", name="Refuse it").click()
    expect(desk.page.get_by_text(f"{asked['number']}: refused.")).to_be_visible()
    shown = person.get(f"/reports/{filed['number']}").json["address_correction"]
    assert (shown["status"], shown["note"]) == ("refused", "This is a move.")
