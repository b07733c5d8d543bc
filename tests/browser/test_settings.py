"""What a person sets for themselves: reminders, how they are reached, and their dates in their own calendar."""

import re

from playwright.sync_api import expect

from tests.browser.looking import look
from tests.browser.phones import ask_as_officer
from tests.browser.test_security import say_later


def test_the_hour_the_channels_and_who_looked(narrow, person, service):
    who = person("exempt")
    search = {
        "document_number": who["document_number"],
        "issuing_state": who["issuing_state"],
        "purpose": "Asked by mail",
    }
    assert ask_as_officer(service, "/review/residents/search", search)[0] == 200
    narrow.activate(who)
    narrow.open("/#/more")
    narrow.tap("link", "Reminders")
    narrow.page.get_by_label("Remind me at").select_option("18:00")
    narrow.page.get_by_label("Remind me early too").uncheck()
    narrow.tap("button", "Save")
    expect(narrow.page.get_by_text("Saved.", exact=True)).to_be_visible()
    look(narrow, "reminders")
    narrow.page.reload()
    expect(narrow.page.get_by_label("Remind me at")).to_have_value("18")
    expect(narrow.page.get_by_label("Remind me early too")).not_to_be_checked()
    narrow.open("/#/access")
    expect(narrow.page.get_by_text("Reason given: Asked by mail")).to_be_visible()
    look(narrow, "access")


def test_how_a_person_is_reached_is_changed_and_taken_away(phone, person, database):
    phone.activate(person("open"))
    phone.open("/#/reminders")
    phone.page.locator("#contact-email").fill("\U0001f600" * 10_000)
    phone.page.locator("#contact-phone").fill("call me")
    phone.tap("button", "Save contact")
    expect(phone.page.get_by_role("group", name="There is something to correct")).to_be_focused()
    for name in ("email", "phone"):
        expect(phone.page.locator(f"#contact-{name}-error")).to_be_visible()
    phone.page.locator("#contact-email").fill("kenji@example.org")
    phone.page.locator("#contact-phone").fill("")
    phone.tap("button", "Save contact")
    expect(phone.page.get_by_text("Saved.", exact=True)).to_be_visible()
    phone.page.reload()
    expect(phone.page.locator("#contact-email")).to_have_value("kenji@example.org")
    say_later(database)
    phone.page.locator("#contact-email").fill("")
    phone.tap("button", "Save contact")
    expect(phone.page.get_by_text("Show first that it is you")).to_be_visible()
    look(phone, "contact-proof")


def test_dates_go_to_a_calendar_under_an_address_that_can_be_ended(phone, person, service):
    phone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    phone.activate(person("not-open"))
    phone.open("/#/more")
    phone.tap("link", "Dates in my calendar")
    phone.tap("button", "Make an address")
    address = phone.page.locator(".address").inner_text()
    feed = "/" + address.split("/", 3)[3]
    status, text = service.get(feed)
    assert (status, "BEGIN:VEVENT" in text) == (200, True)
    subscribe = phone.page.get_by_role("link", name="Open in my calendar")
    expect(subscribe).to_have_attribute("href", re.sub("^https?", "webcal", address))
    phone.tap("button", "Copy the address")
    expect(phone.page.get_by_text("Copied.")).to_be_visible()
    assert phone.page.evaluate("() => navigator.clipboard.readText()") == address
    look(phone, "calendar")
    phone.page.reload()
    expect(phone.page.get_by_text("You made an address before.")).to_be_visible()
    expect(phone.page.locator(".address")).to_have_count(0)
    phone.tap("button", "Make a new address")
    again = "/" + phone.page.locator(".address").inner_text().split("/", 3)[3]
    assert (service.get(feed)[0], service.get(again)[0]) == (404, 200)
    phone.tap("button", "End this address")
    expect(phone.page.get_by_text("The address shows nothing any more.")).to_be_visible()
    assert service.get(again)[0] == 404
