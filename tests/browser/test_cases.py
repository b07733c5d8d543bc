"""Cases, "my record is wrong", and the correction of an accepted report's address, in a browser against the service."""

import json

import pytest
from playwright.sync_api import Route, expect

from tests.browser.looking import look
from tests.browser.phones import ask_as_officer, sign_in_to_api
from tests.browser.test_filing import reports_of
from tests.browser.test_security import say_later

WHAT = "What is wrong, and what is right?"


def cases_of(service, who):
    """The cases that the API has of a person."""
    status, text = service.get("/api/v1/me/cases", Authorization=f"Bearer {sign_in_to_api(service, who)}")
    assert status == 200
    return json.loads(text)["items"]


def lose_the_answer(route: Route) -> None:
    """Let the service have a request, and the phone no answer."""
    assert route.fetch().status == 201, "the service has it"
    route.abort("connectionreset")


def test_a_case_begins_at_a_fact_and_a_lost_answer_makes_one_case(phone, person, service):
    phone.activate(person("not-open"))
    phone.tap("link", "Why this date?")
    phone.page.get_by_role("link", name="This is wrong").first.click()
    expect(phone.page.get_by_text("What we show")).to_be_visible()
    phone.tap("button", "Send")
    expect(phone.page.get_by_role("group", name="There is something to correct")).to_be_focused()
    phone.fill(WHAT, "😀" * 10_000)
    phone.tap("button", "Send")
    expect(phone.page.get_by_text("This text is too long. 4000 characters fit.").first).to_be_visible()
    look(phone, "wrong-errors")
    phone.fill(WHAT, "I came on 3 May 😀.\nMy stamp says so.")
    phone.page.wait_for_timeout(600)
    phone.page.reload()
    expect(phone.page.get_by_label(WHAT)).to_have_value("I came on 3 May 😀.\nMy stamp says so.")
    phone.page.route("**/api/v1/me/cases", lose_the_answer, times=1)
    phone.tap("button", "Send")
    expect(phone.page.get_by_text("No internet").first).to_be_visible()
    phone.tap("button", "Send")
    expect(phone.page.get_by_text("An officer is looking at it")).to_be_visible()
    expect(phone.page.get_by_text("You get an answer by")).to_be_visible()
    (case,) = cases_of(service, person("not-open"))
    assert "I came on 3 May 😀.\nMy stamp says so." in case["text"]
    look(phone, "case-open")
    phone.page.go_back()
    expect(phone.heading).to_have_text("Why this date?")


def test_a_late_case_is_told_and_its_answer_opens_offline(phone, person, service, database):
    phone.activate(person("open"))
    phone.have_app_offline()
    phone.open("/#/wrong/permission")
    phone.fill(WHAT, "My extension is missing.")
    phone.tap("button", "Send")
    expect(phone.page.get_by_text("You get an answer by")).to_be_visible()
    (case,) = cases_of(service, person("open"))
    with database.transaction() as session:
        session.connection().exec_driver_sql("update cases set due_by = due_by - 60")
    phone.page.reload()
    expect(phone.page.get_by_text("The answer is late.")).to_be_visible()
    answer = {"outcome": "corrected", "text": "The stamp is right.\nWe changed the day."}
    status, said = ask_as_officer(service, f"/review/cases/{case['number']}/answer", answer)
    assert status == 200, said
    phone.page.reload()
    expect(phone.page.get_by_text("We corrected the record")).to_be_visible()
    look(phone, "case-answered")
    phone.context.set_offline(True)
    phone.page.reload()
    expect(phone.page.get_by_text("We changed the day.")).to_be_visible()
    phone.tap("link", "Back")
    expect(phone.page.get_by_role("link", name="We corrected the record")).to_be_visible()
    phone.context.set_offline(False)
    look(phone, "cases")


def test_a_missing_report_is_told_and_too_many_cases_are_refused_with_the_text_kept(phone, person, service):
    phone.activate(person("in-grace"))
    phone.open("/#/reports")
    phone.tap("link", "A report is missing here")
    expect(phone.page.get_by_label("A report I made is missing")).to_be_checked()
    phone.fill(WHAT, "I reported at the counter in Phuket on 1 March. Receipt 12345.")
    phone.tap("button", "Send")
    expect(phone.page.get_by_text("An officer is looking at it")).to_be_visible()
    (case,) = cases_of(service, person("in-grace"))
    assert case["about"] == "report-missing"
    token = {
        "Authorization": f"Bearer {sign_in_to_api(service, person('in-grace'))}",
        "Content-Type": "application/json",
    }
    for each in range(9):
        body = json.dumps({"about": "entry", "text": f"wrong {each}"})
        assert service._ask("POST", "/api/v1/me/cases", body, token)[0] == 201
    phone.open("/#/wrong")
    phone.page.get_by_label("My due date").check()
    phone.fill(WHAT, "one too many")
    phone.tap("button", "Send")
    expect(phone.page.get_by_text("Your text is still here.")).to_be_visible()
    expect(phone.page.get_by_label(WHAT)).to_have_value("one too many")


@pytest.fixture
def accepted(phone, person):
    """Files a report that is accepted at once, and shows its receipt."""

    def make(key):
        phone.activate(person(key))
        phone.open("/#/file")
        phone.give_address()
        phone.tap("button", "Send my report")
        expect(phone.heading).to_have_text("Accepted")

    return make


def test_the_address_of_an_accepted_report_is_corrected_from_its_receipt(accepted, phone, person, service, database):
    accepted("due-today")
    receipt = phone.page.url
    phone.tap("link", "Correct the address")
    look(phone, "readdress")
    expect(phone.page.get_by_label("Phone number")).to_have_count(0)
    phone.page.locator("#house_number").fill("99/9")
    phone.page.wait_for_timeout(600)
    phone.page.reload()
    expect(phone.page.locator("#house_number")).to_have_value("99/9")
    phone.tap("button", "Continue")
    say_later(database)
    phone.tap("button", "Send the correction")
    expect(phone.page.get_by_text("Show first that it is you")).to_be_visible()
    phone.tap("link", "Enter a new code")
    phone.give_passport(person("due-today"))
    phone.open(receipt)
    phone.tap("link", "Correct the address")
    expect(phone.page.locator("#house_number")).to_have_value("99/9")
    phone.tap("button", "Continue")
    phone.page.route("**/address-correction", lose_the_answer, times=1)
    phone.tap("button", "Send the correction")
    expect(phone.page.get_by_text("No internet").first).to_be_visible()
    phone.tap("button", "Send the correction")
    expect(phone.heading).to_have_text("The address is corrected")
    look(phone, "readdress-applied")
    (report,) = reports_of(service, person("due-today"))
    assert (report["status"], report["address"]["house_number"]) == ("accepted", "99/9")
    phone.tap("link", "See my report")
    expect(phone.page.get_by_text("99/9")).to_be_visible()


def test_an_address_elsewhere_waits_for_an_officer_and_the_same_one_is_refused(accepted, phone, person, service):
    accepted("re-entered")
    phone.tap("link", "Correct the address")
    phone.tap("button", "Continue")
    phone.tap("button", "Send the correction")
    expect(phone.page.get_by_text("The address of this report cannot be corrected")).to_be_visible()
    phone.tap("button", "Change")
    phone.page.get_by_role("button", name="Change").click()
    phone.page.locator("#place").fill("phra khanong")
    phone.page.locator("main").get_by_role("option").first.click()
    phone.tap("button", "Continue")
    phone.tap("button", "Send the correction")
    expect(phone.heading).to_have_text("An officer checks the new address")
    phone.tap("link", "See my report")
    expect(phone.page.get_by_text("An officer checks the new address")).to_be_visible()
    expect(phone.page.get_by_role("link", name="Correct the address")).to_have_count(0)
    (report,) = reports_of(service, person("re-entered"))
    assert (report["status"], report["address"]["house_number"]) == ("accepted", "1/23")
