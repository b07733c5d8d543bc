"""A report from the first screen to the receipt, in a browser against the running service."""

import json
import re
import time

from playwright.sync_api import expect

from tests.browser.phones import ask_as_officer, sign_in_to_api
from tests.serving import eventually


def reports_of(service, who):
    """The reports that the API has of a person."""
    status, text = service.get("/api/v1/reports", Authorization=f"Bearer {sign_in_to_api(service, who)}")
    assert status == 200
    return json.loads(text)["items"]


def messages_of(service, who):
    """The messages that the API has for a person; they come from the worker."""
    _, text = service.get("/api/v1/notifications", Authorization=f"Bearer {sign_in_to_api(service, who)}")
    return json.loads(text)["items"]


def as_officer(service, number, decision):
    """Decide a report as an officer of its office."""
    status, answer = ask_as_officer(service, f"/review/reports/{number}/decision", decision)
    assert status == 200, answer


def test_a_person_files_from_a_cold_start_in_at_most_eight_taps(phone, person, service):
    who, began = person("open"), time.monotonic()
    phone.activate(who)
    assert phone.situation == "open"
    phone.tap("link", "File my report")
    phone.give_address()
    phone.tap("button", "Send my report")
    expect(phone.heading).to_have_text("Accepted")
    assert phone.taps <= 8
    assert time.monotonic() - began < 60

    (report,) = reports_of(service, person("open"))
    receipt = phone.page.get_by_text(report["receipt"]["number"])
    expect(receipt).to_be_visible()
    expect(phone.page.get_by_role("img", name="QR code of the signed statement")).to_be_visible()
    status, verdict = service.post("/api/v1/receipts/verify", {"receipt": receipt.inner_text()})
    assert (status, verdict["valid"]) == (200, True)

    phone.tap("button", "Home")
    assert phone.situation == "not-open"
    expect(phone.page.get_by_role("link", name="File my report")).to_have_count(0)


def test_the_receipt_opens_offline_and_the_date_goes_to_the_calendar(phone, person):
    phone.activate(person("re-entered"))
    phone.tap("link", "File my report")
    phone.give_address()
    phone.tap("button", "Send my report")
    expect(phone.heading).to_have_text("Accepted")
    with phone.page.expect_download() as download:
        phone.tap("button", "Add to calendar")
    text = download.value.path().read_text("utf-8")
    assert re.search(r"DTSTART;VALUE=DATE:\d{8}\r?\n", text)
    phone.have_app_offline()
    phone.context.set_offline(True)
    phone.page.reload()
    expect(phone.heading).to_have_text("Accepted")
    expect(phone.page.get_by_role("img", name="QR code of the signed statement")).to_be_visible()
    expect(phone.page.get_by_text("No internet. You see what we knew")).to_be_visible()


def test_the_zone_of_the_passport_says_which_character_is_wrong(phone, person, zones):
    who, zone = person("due-today"), zones["due-today"]
    upper, lower = zone.split("\n")
    phone.open("/#/activate")
    phone.page.get_by_text("Use the two lines").click()
    phone.fill("The two lines at the bottom of the photo page", f"{upper}\n{lower[:14]}O{lower[15:]}")
    fault = 'Line 2, character 15 looks wrong. We read "O". It may be "0".'
    expect(phone.page.get_by_text(fault)).to_be_visible()
    phone.fill("The two lines at the bottom of the photo page", zone.lower().replace("\n", "\n\n "))
    expect(phone.page.get_by_text("The check digits fit.")).to_be_visible()
    phone.tap("button", "Continue")
    phone.page.locator("#code").fill(who["activation_code"].lower().replace("-", " "))
    phone.tap("button", "Set up this phone")
    expect(phone.page.locator("[data-situation=due-today]")).to_be_visible()
    phone.tap("link", "File it now")
    phone.give_address()
    phone.tap("button", "Send my report")
    expect(phone.heading).to_have_text("Accepted")


def test_a_wrong_code_and_a_wrong_birth_date_are_told_alike(phone, person):
    who = person("late")
    refusal = phone.page.get_by_text("We could not match these details.")
    for wrong in ({"activation_code": "00000-00000"}, {"birth_date": "1971-07-08"}):
        details = who | wrong
        phone.open("/#/activate")
        phone.page.reload()
        phone.page.locator("#number").fill(details["document_number"])
        phone.page.locator("#country").fill("switz")
        phone.page.get_by_role("option", name="Switzerland").click()
        for box, text in zip(("#year", "#month", "#day"), details["birth_date"].split("-"), strict=True):
            phone.page.locator(box).fill(text)
        phone.tap("button", "Continue")
        phone.page.locator("#code").fill(details["activation_code"])
        phone.tap("button", "Set up this phone")
        expect(refusal).to_be_visible()


def test_an_expired_code_and_the_zone_of_another_person_are_told_as_a_wrong_code(phone, person, zones, database):
    code = phone.page.locator("#code")
    expired = person("yearly")["activation_code"]
    with database.transaction() as session:
        session.connection().exec_driver_sql(
            "update activation_codes set expires_at = expires_at - interval '60 days' where used_at is null"
        )
    another = person("exempt")["activation_code"]
    phone.open("/#/activate")
    phone.page.get_by_text("Use the two lines").click()
    phone.fill("The two lines at the bottom of the photo page", zones["yearly"])
    phone.tap("button", "Continue")
    code.fill("😀" * 10_000)
    phone.tap("button", "Set up this phone")
    expect(phone.page.get_by_text("Enter your activation code").first).to_be_visible()
    for wrong in (expired, another):
        code.fill(wrong)
        with phone.page.expect_response("**/activations") as refused:
            phone.tap("button", "Set up this phone")
        assert refused.value.status == 401
        expect(phone.page.get_by_text("We could not match these details.")).to_be_visible()
    code.fill(person("yearly")["activation_code"])
    phone.tap("button", "Set up this phone")
    expect(phone.page.locator("[data-situation=yearly]")).to_be_visible()


def test_impossible_details_are_answered_on_the_phone(phone):
    phone.open("/#/activate")
    phone.tap("button", "Continue")
    expect(phone.page.get_by_role("group", name="There is something to correct")).to_be_focused()
    for text in ("😀" * 40, "A" * 10_000):
        phone.page.locator("#number").fill(text)
        expect(phone.page.locator("#number-error")).to_have_text(re.compile("Enter the passport number with letters"))
    for box, text in (("#day", "31"), ("#month", "2"), ("#year", "1990")):
        phone.page.locator(box).fill(text)
    expect(phone.page.get_by_text("Enter a date of birth that exists").first).to_be_visible()
    phone.page.locator("#year").fill("2507")
    phone.page.locator("#month").fill("March")
    expect(phone.page.get_by_text("2507 looks like a Thai year. Do you mean 1964?").first).to_be_visible()


def test_a_returned_report_is_corrected_where_it_is_wrong(phone, person, service):
    phone.activate(person("returned-report"))
    assert phone.situation == "returned"
    phone.tap("link", "Correct my report")
    expect(phone.page.get_by_text("The house number is missing its soi.")).to_be_visible()
    expect(phone.page.locator("#house_number")).to_be_focused()
    phone.fill("Lane (Soi)", "Sukhumvit 33")
    phone.tap("button", "Continue")
    phone.tap("button", "Send my report again")
    expect(phone.heading).to_have_text("An officer is checking it")
    (report,) = reports_of(service, person("returned-report"))
    assert (report["status"], report["address"]["soi"]) == ("under-review", "Sukhumvit 33")


def test_where_nothing_changed_a_report_takes_two_taps(phone, person, service):
    """The first report waits for an officer, who does not accept it; the second one has the address already."""
    phone.activate(person("first-report", "mail"))
    phone.tap("link", "File my report")
    phone.give_address()
    phone.tap("button", "Send my report")
    expect(phone.heading).to_have_text("An officer is checking it")
    expect(phone.page.get_by_text("This is your first report with us")).to_be_visible()
    (report,) = reports_of(service, person("first-report", "mail"))
    note = "Please send it again."
    as_officer(service, report["number"], {"outcome": "rejected", "reasons": ["other"], "note": note})
    phone.page.reload()
    expect(phone.page.get_by_text(note)).to_be_visible()
    phone.tap("button", "Home")
    phone.taps = 0
    phone.tap("link", "File my report")
    expect(phone.heading).to_have_text("Do you still live here?")
    phone.tap("button", "Yes, send my report")
    expect(phone.heading).to_have_text("An officer is checking it")
    assert phone.taps == 2
    assert len(reports_of(service, person("first-report", "mail"))) == 2


def test_what_the_server_says_of_a_value_stands_beside_its_field(phone, person):
    phone.activate(person("late"))
    phone.open("/#/file")
    phone.page.locator("#place").press_sequentially("khlong toei nuea", delay=5)
    phone.page.locator("main").get_by_role("option").first.click()
    phone.page.locator("#house_number").fill("1/23")
    phone.page.locator("#phone").fill("call me")
    phone.tap("button", "Continue")
    phone.tap("button", "Send my report")
    expect(phone.page.get_by_text("Your answers are still here. Check what is marked.")).to_be_visible()
    phone.tap("button", "Change")
    beside = phone.page.locator("#phone-error")
    expect(beside).to_have_text("Enter a phone number, like 081 234 5678 or +66 81 234 5678.")
    phone.page.locator("#phone").fill("(02) 141 9889 ext. 12")  # which the app's own pattern used to refuse
    expect(beside).to_have_count(0)


def test_the_language_changes_everywhere_and_stays(phone, person, service):
    phone.activate(person("not-open"))
    phone.page.locator("select.language").select_option(label="ไทย")
    expect(phone.page.locator("html")).to_have_attribute("lang", "th")
    expect(phone.heading).to_contain_text(" 25")
    expect(phone.heading).to_contain_text("ครบกำหนด")
    phone.page.reload()
    expect(phone.heading).to_contain_text("ครบกำหนด")
    added = "resident.activated"
    eventually(lambda: added in {each["kind"] for each in messages_of(service, person("not-open"))}, 30)
    phone.page.get_by_role("link", name="ข้อความ").click()
    expect(phone.page.get_by_role("heading", name="มีการเพิ่มโทรศัพท์ในบัญชีของท่าน").first).to_be_visible()
    phone.page.locator("select.language").select_option(label="English")
    expect(phone.heading).to_have_text("Messages")
    phone.page.locator("summary").first.click()
    expect(phone.page.get_by_text(re.compile(r"Written: \d+ \w+ \d{4}, \d\d:\d\d")).first).to_be_visible()


def test_signing_out_leaves_nothing_on_the_phone(phone, person):
    phone.activate(person("no-residence-record"))
    phone.tap("link", "File my report")
    phone.page.locator("#house_number").fill("99/9")
    phone.page.wait_for_timeout(600)
    phone.page.reload()
    expect(phone.page.locator("#house_number")).to_have_value("99/9")
    phone.open("/#/more")
    phone.tap("button", "Sign out")
    phone.tap("button", "Sign out and delete")
    expect(phone.heading).to_have_text("Your 90-day report, from your phone")
    kept = """async () => {
        const open = indexedDB.open("reporting");
        const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
        const all = (store) => new Promise((done) => {
            const asked = database.transaction(store).objectStore(store).getAllKeys();
            asked.onsuccess = () => done(asked.result);
        });
        return [...(await all("kept")), ...(await all("keys"))];
    }"""
    assert eventually(lambda: phone.page.evaluate(kept) == [], 5)
