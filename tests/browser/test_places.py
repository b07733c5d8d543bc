"""What arrives late moves nothing that a person is about to tap."""

import time

from playwright.sync_api import Route, expect

SCREENS = ("home", "reports", "calendar", "reminders", "security", "access", "cases", "more", "file", "show")
"""All whose content comes from the service, but the messages: one that comes while they are read stands above them."""
SHIFTS = """window.moved = 0; new PerformanceObserver((list) => {
    for (const each of list.getEntries()) window.moved += each.value;
}).observe({type: "layout-shift", buffered: true})"""
GOOD = 0.1
"""Of the screen's height, how far what moves may move. Source: https://web.dev/articles/cls, "good"."""


def late(route: Route) -> None:
    time.sleep(0.1)
    route.continue_()


def test_no_screen_moves_while_its_answers_come_one_by_one(phone, person):
    page = phone.page
    page.add_init_script(SHIFTS)
    phone.activate(person("open"))
    page.route("**/api/v1/**", late)
    moved = {}
    for screen in SCREENS:
        page.goto("about:blank")
        page.goto(f"/#/{screen}")
        expect(phone.heading).to_be_visible()
        page.wait_for_load_state("networkidle")
        expect(page.get_by_text("Loading", exact=True)).to_have_count(0)
        moved[screen] = page.evaluate("moved")
    assert {screen: far for screen, far in moved.items() if far >= GOOD} == {}
