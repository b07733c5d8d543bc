"""My own account at the console: another password, by keyboard, with what is wrong beside its field."""

from itertools import count

import pytest
from playwright.sync_api import expect

from devtools.demo.loading import PASSWORD
from foundation.clock import system_clock
from immigration.services import officers
from tests.browser.desks import look

NEXT = "plum tart after rain"
NUMBERS = count(1)
HINT = "At least 15 characters; several words are easy to remember. "


@pytest.fixture
def name():
    """An account of its own for each test: the accounts of a module stay."""
    return f"pim-{next(NUMBERS)}"


@pytest.fixture
def desk(desks, database, name):
    """An officer at their own account."""
    with database.transaction() as session:
        account = {"password": PASSWORD, "role": "officer", "office": "BKK"}
        officers.add(session, name, **account, actor="t", now=system_clock())
    desk = desks()
    desk.sign_in(name)
    desk.page.get_by_role("link", name=name).click()
    expect(desk.heading).to_have_text("My account")
    return desk


def fields(desk):
    return desk.page.get_by_label("Present password"), desk.page.get_by_label("New password")


def send(desk, current, password):
    for field, text in zip(fields(desk), (current, password), strict=True):
        field.fill(text)
    desk.press("Enter")


def test_what_is_wrong_with_a_password_stands_beside_its_field(desk, name):
    current, following = fields(desk)
    desk.page.get_by_role("button", name="Change my password").click()
    expect(current).to_be_focused()
    expect(desk.page.get_by_text("Enter the password.")).to_have_count(2)
    send(desk, "not the present one", NEXT)
    expect(current).to_be_focused()
    expect(current).to_have_accessible_description("This is not your present password.")
    send(desk, PASSWORD, f"{name} tarts")
    expect(following).to_be_focused()
    expect(following).to_have_accessible_description(
        f"{HINT}At least 15 characters, please. A password does not contain your name."
    )
    look(desk, "console-account")
    send(desk, PASSWORD, PASSWORD)
    expect(following).to_have_accessible_description(f"{HINT}The new password is the present one.")


def test_who_changes_it_works_on_and_the_other_desk_has_to_sign_in_anew(desk, desks, name):
    other = desks()
    other.sign_in(name)
    current, following = fields(desk)
    desk.page.get_by_label("Show what I type").check()
    send(desk, PASSWORD, NEXT)
    expect(desk.page.get_by_text("Your password is changed. Your other sessions have ended.")).to_be_visible()
    expect(current).to_have_value("")
    expect(following).to_have_attribute("type", "text")
    other.page.reload()
    other.page.get_by_label("Name").fill(name)
    other.page.get_by_label("Password").fill(NEXT)
    other.press("Enter")
    expect(other.heading).to_have_text("Reports to check")
    desk.page.get_by_role("link", name="Cases").click()
    expect(desk.heading).to_have_text("Cases: my record is wrong")
