"""What arrives late moves nothing that an officer is about to press."""

import re

import pytest
from playwright.sync_api import Route, expect

from devtools.demo.loading import PASSWORD
from tests.browser.desks import file_reports


@pytest.mark.parametrize("role", ["officer", "supervisor", "auditor"])
def test_a_tab_that_is_pressed_as_the_count_arrives_opens(desks, database, role):
    file_reports(database, "unclear")
    desk, held = desks(), []
    desk.page.route("**/api/v1/review/counts", lambda route: held.append(route))
    desk.sign_in(role)
    tab = desk.page.get_by_role("link", name="Law", exact=True)
    place = tab.bounding_box()
    desk.page.mouse.move(place["x"] + 4, place["y"] + place["height"] - 4)
    desk.page.mouse.down()
    let_go(held)
    expect(desk.page.get_by_role("link", name=re.compile(r"Queue \d+"))).to_be_visible()
    assert tab.bounding_box() == place
    desk.page.mouse.up()
    expect(desk.heading).to_have_text("The law as this service applies it")
    assert tab.bounding_box() == place  # and the tab one is on is as wide as before


def test_the_line_that_is_pressed_as_another_report_comes_is_the_one_that_opens(desks, database):
    number = file_reports(database, "unclear")[0]
    desk = desks()
    desk.sign_in()
    line = desk.page.get_by_role("link", name=number)
    place = line.bounding_box()
    file_reports(database, "late", "elsewhere")
    expect(desk.page.get_by_role("button", name="2 new")).to_be_visible()
    assert line.bounding_box() == place
    desk.page.mouse.click(place["x"] + 4, place["y"] + 4)
    expect(desk.page).to_have_url(f"http://localhost:{desk.service.port}/console#/report/{number}")


def test_the_fields_to_sign_in_come_once_all_is_known(desks):
    desk, held = desks(), []
    desk.page.route("**/api/v1/console/sign-in", lambda route: held.append(route))
    desk.page.goto("/console")
    expect(desk.page.get_by_role("status")).to_have_text("Loading")
    expect(desk.page.get_by_label("Name")).to_have_count(0)
    let_go(held)
    desk.page.get_by_label("Name").fill("officer")
    desk.page.get_by_label("Password").fill(PASSWORD)
    desk.press("Enter")
    expect(desk.heading).to_have_text("Reports to check")


def let_go(held: list[Route]) -> None:
    """Let what was held back arrive."""
    while held:
        held.pop().continue_()
