"""What an officer does at the console, and what goes wrong there."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, text

from devtools.demo.loading import PASSWORD
from foundation.clock import system_clock
from foundation.identity import Role
from immigration.models.reports import Decision, Report
from immigration.services import officers
from tests.browser.desks import an_app, file_reports
from tests.serving import eventually

HOSTILE = "\u202eNOSREP <img src=x onerror=alert(1)> \u0391L\u0406X"
"""Signs that turn the direction, HTML, and letters of other scripts that look like Latin ones."""
THAI = {"a": "ฟ", "r": "พ", "1": "ๅ", "s": "ห"}
"""What the keys of a Thai keyboard type."""


@pytest.fixture
def decided(database):
    """The outcomes of a report that officers gave."""

    def read(number):
        query = select(Decision.outcome).join(Report, Report.id == Decision.report_id)
        with database.read_session() as session:
            return [*session.scalars(query.where(Report.number == number, Decision.decided_by != "system"))]

    return read


@pytest.fixture
def colleague(database):
    """A second officer of the same office."""
    with database.transaction() as session:
        if "malee" not in {each.name for each in officers.list_accounts(session)}:
            officers.add(
                session, "malee", password=PASSWORD, role=Role.OFFICER, office="BKK", actor="test", now=system_clock()
            )
    return "malee"


def press_thai(desk, key):
    """Press a key as a keyboard with a Thai layout does: the place of the key is the same, its letter is not."""
    client = desk.context.new_cdp_session(desk.page)
    code = f"Digit{key}" if key.isdigit() else f"Key{key.upper()}"
    for kind in ("keyDown", "keyUp"):
        client.send("Input.dispatchKeyEvent", {"type": kind, "code": code, "key": THAI[key], "text": THAI[key]})


def sign_in_by_keyboard(desk):
    """Sign in without touching the mouse."""
    desk.page.goto("/console")
    expect(desk.heading).to_have_text("Sign in")
    desk.press("Tab", "Tab", "Tab", "Tab", "Tab")  # past the link to the content, the name, language and theme
    expect(desk.page.get_by_label("Name")).to_be_focused()
    desk.page.keyboard.type("officer")
    desk.press("Tab")
    desk.page.keyboard.type(PASSWORD)
    desk.press("Enter")


def decide_by_keyboard(desk, at):
    """Decide the report at this place; the outcome. Most are accepted, some with a Thai keyboard or a note."""
    if at == 3:
        press_thai(desk, "a")
        return "accepted"
    if at == 5:
        for key in ("r", "1", "s"):
            press_thai(desk, key)
        return "returned"
    if at % 3 == 1:
        desk.press("x", "1", "m")
        desk.page.keyboard.type("A note with the keys r, a and 1 in it,")
        desk.press("Enter")
        desk.page.keyboard.type("in two lines.")
        desk.press("Escape", "s")
        return "rejected"
    desk.press("a")
    if at == 2:  # of an unclear regime the officer says when the next report is due, or that none is
        desk.press("0", "s")
    return "accepted"


def test_an_officer_clears_ten_mixed_reports_by_keyboard_alone(desks, database, decided):
    mixed = ("first", "elsewhere", "unclear", "late", "expired-passport", "stay-ended")
    numbers = file_reports(database, *mixed, "first", "late", "first", "first")
    desk = desks()
    sign_in_by_keyboard(desk)
    expect(desk.page.get_by_role("link", name=numbers[0])).to_be_visible()
    desk.press("Enter")
    outcomes = {}
    for at, number in enumerate(numbers):
        expect(desk.page.locator("main .number").first).to_have_text(number)
        expect(desk.heading).to_be_focused()
        expect(desk.page.get_by_text("in your hands")).to_be_visible()
        outcomes[number] = [decide_by_keyboard(desk, at)]
    expect(desk.heading).to_have_text("Reports to check")
    expect(desk.heading).to_be_focused()
    assert eventually(lambda: {n: decided(n) for n in numbers} == outcomes, 20)
    expect(desk.page.get_by_text("Nothing waits here")).to_be_visible()
    with database.read_session() as session:
        note = session.scalars(select(Report.note).where(Report.number == numbers[1])).one()
    assert note == "A note with the keys r, a and 1 in it,\nin two lines."


def test_of_two_officers_one_decides_and_the_other_is_told_at_once(desks, database, decided, colleague):
    (number,) = file_reports(database, "first")
    first, second = desks(), desks()
    first.sign_in()
    first.open(number)
    expect(first.page.get_by_text("in your hands")).to_be_visible()
    second.sign_in(colleague)
    expect(second.page.get_by_role("row", name=number)).to_contain_text("officer")
    second.open(number)
    accept = second.page.get_by_role("button", name="Accept", exact=True)
    expect(accept).to_have_attribute("aria-disabled", "true")
    expect(accept).to_have_accessible_description("A colleague has this report in hand.")
    second.press("a")
    accept.click(force=True)
    assert decided(number) == []
    first.press("a")
    expect(
        second.page.get_by_role("alert").filter(has_text="This report has changed meanwhile: Accepted.")
    ).to_be_visible(timeout=16_000)
    assert decided(number) == ["accepted"]


def test_what_was_put_back_is_taken_by_the_one_who_waits(desks, database, decided, colleague):
    (number,) = file_reports(database, "first")
    first, second = desks(), desks()
    first.sign_in()
    first.open(number)
    second.sign_in(colleague)
    second.open(number)
    expect(second.page.get_by_text("A colleague has this report in hand.")).to_be_visible()
    first.press("q")
    expect(second.page.get_by_text("in your hands")).to_be_visible()
    expect(second.page.get_by_role("button", name="Accept", exact=True)).to_have_attribute("aria-disabled", "false")


def test_a_decision_is_undone_within_ten_seconds_and_what_was_typed_is_there(desks, database, decided):
    (number,) = file_reports(database, "first")
    desk = desks()
    desk.sign_in()
    desk.open(number)
    desk.press("v", "1", "m")
    desk.page.keyboard.type("Bring both passports.")
    desk.press("Control+Enter")
    expect(desk.page.get_by_role("button", name="Undo")).to_be_visible()
    desk.press("u")
    expect(desk.page.locator("#note")).to_have_value("Bring both passports.")
    expect(desk.page.get_by_role("checkbox", name="First report")).to_be_checked()
    expect(desk.page.get_by_role("button", name="Undo")).to_have_count(0)
    assert decided(number) == []
    expect(desk.page.get_by_text("in your hands")).to_be_visible()


def test_a_double_click_decides_once_and_closing_the_page_sends_it(desks, database, decided):
    (number,) = file_reports(database, "first")
    desk = desks()
    desk.sign_in()
    desk.open(number)
    desk.page.get_by_role("button", name="Accept", exact=True).dblclick()
    expect(desk.page.get_by_role("button", name="Undo")).to_be_visible()
    assert decided(number) == []
    desk.page.close()
    assert eventually(lambda: decided(number) == ["accepted"], 5)


def test_a_report_that_is_taken_back_while_it_is_open_is_not_decided(desks, database, decided):
    (number,) = file_reports(database, "first")
    desk = desks()
    desk.sign_in()
    desk.open(number)
    desk.press("a")
    with an_app(database).app_context(), database.transaction() as session:
        session.execute(text("update reports set status = 'withdrawn' where number = :number"), {"number": number})
    expect(desk.page.get_by_text(f"{number} was not decided.")).to_be_visible(timeout=16_000)
    assert decided(number) == []
    desk.open(number)
    expect(desk.page.get_by_text("This report is not under review.")).to_be_visible()


def test_a_session_that_ends_in_the_middle_of_a_sentence_loses_no_word(desks, database, decided):
    (number,) = file_reports(database, "first")
    desk = desks()
    desk.sign_in()
    desk.open(number)
    desk.press("r", "1", "m")
    desk.page.keyboard.type("The house number is")
    with database.transaction() as session:
        session.execute(text("update officer_sessions set expires_at = now()"))
    expect(desk.page.get_by_role("dialog", name="Locked")).to_be_visible()
    desk.page.get_by_label("Password").fill("wrong")
    desk.press("Enter")
    expect(desk.page.get_by_role("alert").filter(has_text="wrong")).to_be_visible()
    desk.page.get_by_label("Password").fill(PASSWORD)
    desk.press("Enter")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    expect(desk.page.locator("#note")).to_be_focused()
    desk.page.keyboard.type(" missing.")
    desk.press("Control+Enter")
    assert eventually(lambda: decided(number) == ["returned"], 15)
    with database.read_session() as session:
        assert (
            session.scalars(select(Report.note).where(Report.number == number)).one() == "The house number is missing."
        )


def test_a_name_of_signs_and_html_is_shown_as_it_is(desks, database):
    (number,) = file_reports(database, "first")
    with database.transaction() as session:
        session.execute(
            text(
                "update passports set surname = :name"
                " where id = (select passport_id from reports where number = :number)"
            ),
            {"name": HOSTILE, "number": number},
        )
    desk = desks()
    desk.sign_in()
    desk.open(number)
    expect(desk.heading).to_contain_text("<img src=x onerror=alert(1)>")
    assert desk.page.locator("main img").count() == 0
    number_at = desk.page.locator("main .number").first.bounding_box()
    assert number_at["x"] < 100, "what follows the name runs the other way"
    assert desk.heading.locator(".said").evaluate("each => getComputedStyle(each).unicodeBidi") == "isolate"


def test_keys_can_be_switched_off_and_do_nothing_while_something_is_typed(desks, database, decided):
    (number,) = file_reports(database, "first")
    desk = desks()
    desk.sign_in()
    desk.open(number)
    desk.press("r", "m")
    desk.page.keyboard.type("a x v u q p n")
    expect(desk.page.locator("#note")).to_have_value("a x v u q p n")
    expect(desk.page.get_by_role("button", name="Undo")).to_have_count(0)
    desk.press("Escape", "Shift+Slash")
    desk.page.get_by_label("Use single keys").uncheck()
    desk.press("Escape")
    desk.heading.focus()
    desk.press("a", "q")
    expect(desk.page.get_by_role("button", name="Undo")).to_have_count(0)
    expect(desk.page.get_by_role("button", name="Accept", exact=True)).to_be_visible()
    assert decided(number) == []


def test_the_cookie_is_read_by_no_script_and_nothing_stays_on_the_machine(desks):
    desk = desks()
    desk.sign_in()
    (cookie,) = desk.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (
        "__Host-session", True, True, "Strict",
    )  # fmt: skip
    assert desk.page.evaluate("document.cookie") == ""
    desk.page.get_by_role("button", name="Sign out").click()
    expect(desk.heading).to_have_text("Sign in")
    assert desk.context.cookies() == []
    kept = desk.page.evaluate("Object.keys(localStorage)")
    assert set(kept) <= {"language", "theme", "console-keys-off"}
