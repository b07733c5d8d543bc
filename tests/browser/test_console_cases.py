"""Cases at the console: what residents say is wrong with their records."""

import json

from playwright.sync_api import expect

from foundation.identity import Role
from tests.browser.desks import file_reports, look
from tests.browser.phones import sign_in_to_api
from tests.browser.test_console_approvals import staff

WRITTEN = "My last entry was on 3 March.\n<b>Not</b> in April."


def cases_of(service, token, method="GET", body=None):
    """What the API answers to a resident about their cases."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    status, answer = service._ask(method, "/api/v1/me/cases", body and json.dumps(body), headers)
    assert status in (200, 201), answer
    return json.loads(answer)


def test_an_officer_answers_a_case_in_several_lines(desks, service, person):
    token = sign_in_to_api(service, person("open"))
    number = cases_of(service, token, "POST", {"about": "entry", "text": WRITTEN})["number"]
    desk = desks()
    desk.sign_in()
    desk.page.get_by_role("link", name="Cases").click()
    expect(desk.heading).to_have_text("Cases: my record is wrong")
    desk.page.get_by_role("button", name=number).click()
    expect(desk.page.locator("#case")).to_be_focused()
    expect(desk.page.locator("main .text")).to_contain_text("<b>Not</b> in April.")
    look(desk, "console-case")
    desk.page.get_by_role("button", name="Send the answer").click()
    expect(desk.page.get_by_role("alert").filter(has_text="Choose what was found")).to_be_visible()
    desk.page.get_by_label("The record was wrong and is corrected").check()
    desk.page.get_by_label("Answer to the person").fill("You are right.\nIt is corrected.")
    desk.page.get_by_role("button", name="Send the answer").click()
    expect(desk.page.get_by_text("No case waits here.")).to_be_visible()
    (answered,) = cases_of(service, token)["items"]
    assert (answered["outcome"], answered["answer"]) == ("corrected", "You are right.\nIt is corrected.")


def test_a_report_is_given_to_another_office(desks, database):
    (number,) = file_reports(database, "first")
    near, far = desks(), desks()
    near.sign_in()
    near.open(number)
    near.page.get_by_text("Another office's?").click()
    near.page.get_by_role("button", name="Give it to this office").click()
    expect(near.page.get_by_text("Choose an office, and say why.")).to_be_visible()
    look(near, "console-transfer")
    near.page.get_by_label("Office", exact=True).select_option("CMI")
    near.page.get_by_label("Why, for the officers there").fill("They live there now.")
    near.page.get_by_role("button", name="Give it to this office").click()
    expect(near.heading).not_to_contain_text("DURAND")
    far.sign_in(staff(database, "of-chiang-mai", Role.OFFICER, "CMI"))
    far.open(number)
    expect(far.page.get_by_text("Given to another office", exact=True)).to_be_visible()


def test_a_case_is_given_to_another_office_whose_clock_begins(desks, service, person, database):
    token = sign_in_to_api(service, person("late"))
    number = cases_of(service, token, "POST", {"about": "residence", "text": WRITTEN})["number"]
    near, far = desks(), desks()
    near.sign_in()
    near.page.get_by_role("link", name="Cases").click()
    near.page.get_by_role("button", name=number).click()
    near.page.get_by_text("Another office's?").click()
    near.page.get_by_role("button", name="Give it to this office").click()
    expect(near.page.get_by_text("Choose an office.")).to_be_visible()
    near.page.get_by_label("Office", exact=True).select_option("CMI")
    near.page.get_by_role("button", name="Give it to this office").click()
    expect(near.page.get_by_text(f"{number} is with CMI now.")).to_be_visible()
    expect(near.page.get_by_role("button", name=number)).to_have_count(0)
    far.sign_in(staff(database, "of-cmi", Role.OFFICER, "CMI"))
    far.page.get_by_role("link", name="Cases").click()
    expect(far.page.get_by_role("row", name=number)).to_contain_text("since today")
    far.page.get_by_label("At the office").select_option("1")
    expect(far.page.get_by_text("No case waits here.")).to_be_visible()
    far.page.get_by_label("At the office").select_option("")
    far.page.get_by_role("button", name=number).click()
    expect(far.page.get_by_text("At CMI:")).to_be_visible()
    look(far, "console-case-given")
    assert cases_of(service, token)["items"][0]["office"] == "CMI"
