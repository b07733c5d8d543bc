"""A person's own security page: passkeys, sign-ins, the export of their data, and the way in with a passkey."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.looking import look
from tests.browser.phones import Phone, sign_in_to_api
from tests.browser.test_console_sign_in import VIRTUAL

LATER = "update token_families set created_at = created_at - interval '1 hour', verified_at = null"


def authenticator(phone, known=()):
    """Give a phone an authenticator, with passkeys that it is to have; how to read those of it, and to refuse."""
    client = phone.context.new_cdp_session(phone.page)
    client.send("WebAuthn.enable")
    made = client.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL})["authenticatorId"]
    for each in known:
        client.send("WebAuthn.addCredential", {"authenticatorId": made, "credential": each})

    def passkeys():
        return client.send("WebAuthn.getCredentials", {"authenticatorId": made})["credentials"]

    def verifies(does):
        client.send("WebAuthn.setUserVerified", {"authenticatorId": made, "isUserVerified": does})

    return passkeys, verifies


def say_later(database):
    """Let an hour pass for every sign-in, which then has to be proven again."""
    with database.transaction() as session:
        session.connection().exec_driver_sql(LATER)


@pytest.fixture
def second(contexts, service):
    """The person's next phone."""
    phone = Phone(contexts(), service)
    yield phone
    assert phone.faults == []


def test_a_passkey_is_made_named_used_on_a_second_phone_and_removed_after_a_proof(phone, second, person, database):
    passkeys, verifies = authenticator(phone)
    phone.activate(person("not-open"))
    phone.open("/#/security")
    expect(phone.page.get_by_text("You have no passkey yet.")).to_be_visible()
    verifies(False)
    phone.tap("button", "Make a passkey")
    expect(phone.page.get_by_text("No passkey was made.")).to_be_visible()
    verifies(True)
    phone.fill("Name of the new passkey", "😀" * 10_000)
    phone.fill("Name of the new passkey", "My blue phone 😀")
    phone.tap("button", "Make a passkey")
    expect(phone.page.get_by_text("Done. Your passkey is on this phone.")).to_be_visible()
    expect(phone.page.get_by_role("heading", name="My blue phone 😀")).to_be_visible()
    look(phone, "security")

    second.open()
    authenticator(second, passkeys())
    second.page.reload()
    second.tap("button", "Sign in with a passkey")
    expect(second.page.locator("[data-situation=not-open]")).to_be_visible()

    say_later(database)
    second.open("/#/security")
    second.tap("button", "Remove")
    expect(second.page.get_by_text("Show first that it is you")).to_be_visible()
    expect(second.page.get_by_role("heading", name="My blue phone 😀")).to_be_visible()
    look(second, "security-proof")
    second.tap("button", "Use my passkey")
    expect(second.page.get_by_text("Removed. It signs nobody in any more.")).to_be_visible()
    expect(second.page.get_by_text("You have no passkey yet.")).to_be_visible()

    phone.open("/#/more")
    phone.tap("button", "Sign out")
    phone.tap("button", "Sign out and delete")
    phone.tap("button", "Sign in with a passkey")
    expect(phone.page.get_by_text("This passkey signs nobody in.")).to_be_visible()


def test_without_a_passkey_a_code_is_the_proof(phone, second, person, database):
    who = person("in-grace")
    second.activate(who)
    phone.activate(person("in-grace"))
    say_later(database)
    phone.open("/#/security")
    phone.tap("button", "Sign it out")
    expect(phone.page.get_by_text("Set up this phone again with a new code")).to_be_visible()
    phone.tap("link", "Enter a new code")
    phone.give_passport(person("in-grace"))
    phone.open("/#/security")
    phone.tap("button", "Sign it out")
    expect(phone.page.get_by_text("Done. It is signed out.")).to_be_visible()
    second.page.reload()
    expect(second.page.get_by_text("You are signed out")).to_be_visible()


def test_taking_a_report_back_asks_for_the_proof(phone, person, database):
    authenticator(phone)
    phone.activate(person("late"))
    phone.open("/#/security")
    phone.tap("button", "Make a passkey")
    expect(phone.page.get_by_text("Done. Your passkey is on this phone.")).to_be_visible()
    phone.open("/#/file")
    phone.give_address()
    phone.tap("button", "Send my report")
    expect(phone.heading).to_have_text("An officer is checking it")
    say_later(database)
    phone.tap("button", "Take my report back")
    phone.tap("button", "Yes, take it back")
    phone.tap("button", "Use my passkey")
    expect(phone.heading).to_have_text("Taken back by you")


def test_a_lost_phone_is_signed_out_from_another(phone, second, person, service):
    phone.activate(person("open"))
    second.activate(person("open"))
    sign_in_to_api(service, person("open"))
    second.open("/#/security")
    cards = second.page.locator("li[data-current]")
    expect(cards).to_have_count(3)
    expect(second.page.locator("li[data-current=true]")).to_have_count(1)
    look(second, "sign-ins")
    second.page.get_by_role("button", name="Sign it out").first.click()
    expect(second.page.get_by_text("Done. It is signed out.")).to_be_visible()
    expect(cards).to_have_count(2)
    second.page.get_by_role("button", name="Sign it out").first.click()
    expect(cards).to_have_count(1)
    phone.page.wait_for_timeout(1_500)  # every process knows of it within a second
    phone.page.reload()
    expect(phone.page.get_by_text("You are signed out")).to_be_visible()


def test_the_export_is_a_file_of_ones_own(phone, person):
    phone.activate(person("due-today"))
    phone.open("/#/security")
    with phone.page.expect_download() as download:
        phone.tap("button", "Download my data")
    content = json.loads(download.value.path().read_text("utf-8"))
    assert {"resident_id", "exported_at", "tables"} <= content.keys()
    assert content["tables"]
    phone.context.set_offline(True)
    phone.tap("button", "Download my data")
    expect(phone.page.get_by_text("Nothing is lost.")).to_be_visible()
    phone.context.set_offline(False)


def test_a_passkey_is_offered_right_after_a_code_and_costs_no_tap(phone, person):
    passkeys, _ = authenticator(phone)
    phone.activate(person("unclear"))
    offer = phone.page.locator("[data-passkey=offer]")
    expect(offer).to_be_visible()
    look(phone, "home-passkey")
    phone.tap("button", "Not now")
    expect(offer).to_have_count(0)
    phone.add(person("stay-expired"))
    phone.tap("button", "Make a passkey")
    expect(phone.page.get_by_text("Done. Your passkey is on this phone.")).to_be_visible()
    assert len(passkeys()) == 1
    phone.add(person("stay-expired"))
    phone.page.wait_for_load_state("networkidle")
    expect(offer).to_have_count(0), "who has one is not asked again"


def test_what_no_law_keeps_is_deleted_and_what_stays_is_said(phone, second, person):
    who = person("exempt")
    second.activate(who)
    phone.activate(person("exempt"))
    phone.open("/#/security")
    expect(phone.page.get_by_role("button", name="Sign it out")).to_be_visible()
    phone.tap("button", "Delete my data")
    look(phone, "erase")
    phone.tap("button", "Yes, delete")
    expect(phone.page.get_by_text("Done. What no law keeps is deleted.")).to_be_visible()
    expect(phone.page.get_by_text("To know who has to report, and when")).to_be_visible()
    expect(phone.page.get_by_role("button", name="Sign it out")).to_have_count(0)
    look(phone, "erased")
    second.page.reload()
    expect(second.page.get_by_text("You are signed out")).to_be_visible()
