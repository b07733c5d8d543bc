"""A second pair of eyes, how many are drawn, and conflicts of interest, at the console."""

from playwright.sync_api import expect
from sqlalchemy import text

from foundation.clock import system_clock
from foundation.identity import Role
from immigration.services import second_reviews
from tests.browser.desks import file_reports, look
from tests.browser.test_console_approvals import staff
from tests.serving import eventually


def drawn_for(database, number):
    """The officer who was drawn for a report, by the worker of the service or by this."""
    with database.transaction() as session:
        second_reviews.assign(session, now=system_clock())
        drawn = text(
            "select officers.name from second_reviews join reports on reports.id = report_id"
            " join officers on officers.id = assigned_to where reports.number = :number"
        )
        return session.scalar(drawn, {"number": number})


def test_a_decision_against_the_records_is_flagged_by_the_officer_who_was_drawn(desks, database):
    (number,) = file_reports(database, "expired-passport")
    decider, second, chief = desks(), desks(), desks()
    able = {"supervisor", staff(database, "second-eyes", Role.SUPERVISOR, "BKK")}
    decider.sign_in()
    decider.open(number)
    decider.press("a")
    decider.page.evaluate("dispatchEvent(new Event('pagehide'))")
    name = eventually(lambda: drawn_for(database, number), 15)
    second.sign_in(name)
    second.page.get_by_role("link", name="Second reviews").click()
    expect(second.page.get_by_role("link", name=number)).to_be_visible()
    expect(second.page.get_by_text("Accepted although a finding speaks against it.")).to_be_visible()
    second.page.get_by_role("button", name="Flag it").click()
    expect(second.page.get_by_text("Write what is wrong with it.")).to_be_visible()
    look(second, "console-second-review")
    second.page.get_by_label("What is wrong with it").fill("The passport <b>had expired</b>.")
    second.page.get_by_role("button", name="Flag it").click()
    expect(second.page.get_by_text(f"{number} is flagged.")).to_be_visible()
    second.page.get_by_role("button", name="Reviewed").click()
    expect(second.page.get_by_text("The passport <b>had expired</b>.")).to_be_visible()
    chief.sign_in((able - {name}).pop())
    chief.page.get_by_role("link", name="Approvals").click()
    expect(chief.page.get_by_text("The passport <b>had expired</b>.")).to_be_visible()
    chief.page.get_by_role("button", name="Approve").click()
    expect(chief.page.get_by_text("Approved. It is done as it was asked.")).to_be_visible()


def test_a_supervisor_sets_how_many_are_drawn_within_the_limits(desks):
    chief = desks()
    chief.sign_in("supervisor")
    chief.page.get_by_role("link", name="Second reviews").click()
    chief.page.get_by_role("button", name="How many are drawn").click()
    expect(chief.page.get_by_text("From 0.5 to 20 in 100. Where none is set, 2 in 100.")).to_be_visible()
    chief.page.get_by_label("Office code").fill("bkk")
    chief.page.get_by_label("In 100").fill("50")
    chief.page.get_by_label("Why").fill("New officers.")
    chief.page.get_by_role("button", name="Set from now on").click()
    expect(chief.page.get_by_text("Give the office, a number within the limits, and why.")).to_be_visible()
    chief.page.get_by_label("In 100").fill("3,5")
    chief.page.get_by_role("button", name="Set from now on").click()
    expect(chief.page.get_by_text("Set for BKK.")).to_be_visible()
    expect(chief.page.get_by_role("cell", name="3.5")).to_be_visible()
    look(chief, "console-sampling-rates")


def test_an_officer_who_states_a_conflict_sees_why_they_cannot_go_on_and_a_supervisor_ends_it(desks, database):
    (number,) = file_reports(database, "first")
    officer, chief = desks(), desks()
    officer.sign_in(staff(database, "has-a-conflict", Role.OFFICER, "BKK"))
    officer.open(number)
    officer.page.get_by_text("A conflict of interest?").click()
    officer.page.get_by_role("button", name="Record it").click()
    expect(officer.page.get_by_text("Say what it is, in three letters or more.")).to_be_visible()
    look(officer, "console-conflict")
    officer.page.get_by_label("What it is").fill("A neighbour of mine.")
    officer.page.get_by_role("button", name="Record it").click()
    expect(officer.page.get_by_text("Recorded. A colleague goes on with this person.")).to_be_visible()
    officer.page.reload()
    expect(officer.heading).to_have_text("This report cannot be shown")
    expect(officer.page.get_by_text("A neighbour of mine.")).to_be_visible()
    chief.sign_in("supervisor")
    chief.page.get_by_role("link", name="Second reviews").click()
    chief.page.get_by_role("button", name="Conflicts of interest").click()
    expect(chief.page.get_by_role("heading", name="has-a-conflict")).to_be_visible()
    look(chief, "console-conflicts")
    chief.page.get_by_label("Why it ends").fill("They moved away.")
    chief.page.get_by_role("button", name="End it").click()
    expect(chief.page.get_by_text("The officer may handle this person again.")).to_be_visible()
    officer.page.reload()
    expect(officer.page.get_by_role("button", name="Accept", exact=True)).to_be_visible()


def test_an_auditor_has_the_trail_verified(desks):
    auditor = desks()
    auditor.sign_in("auditor")
    auditor.page.get_by_role("link", name="Audit", exact=True).click()
    auditor.page.get_by_role("button", name="Proof of the trail").click()
    auditor.page.get_by_role("button", name="Verify now").click()
    expect(auditor.page.get_by_role("cell", name="Nothing was changed.").first).to_be_visible(timeout=45_000)
    expect(auditor.page.get_by_role("button", name="Verify now")).to_have_attribute(
        "aria-disabled", "false", timeout=45_000
    )
    look(auditor, "console-trail")


def test_a_supervisor_sees_how_decisions_turned_out(desks, database):
    with database.transaction() as session:
        for name, many, returned in (("anan", 40, 6), ("boonma", 55, 3), ("chai", 4, 0)):
            values = {"officer": f"officer:{name}", "many": many, "returned": returned}
            session.execute(
                text("""insert into decision_rates (office, officer, decided, returned, refused, overridden, flagged,
                reopened, since, counted_at) values ('BKK', :officer, :many, :returned, 2, 1, 0, 1, '2026-09-01', now())
                on conflict do nothing"""),
                values,
            )
    chief = desks()
    chief.sign_in("supervisor")
    chief.page.get_by_role("link", name="Second reviews").click()
    chief.page.get_by_role("button", name="Overrides and returns").click()
    expect(chief.page.get_by_text("5.5 %")).to_be_visible()
    expect(chief.page.get_by_text("too few to show").first).to_be_visible()
    look(chief, "console-decision-rates")
