"""What is coming, at the console and for anyone: charts with their tables, saved by keyboard, read without a script."""

from playwright.sync_api import expect

from foundation.clock import system_clock
from operations import figures
from tests.browser.desks import look
from tests.browser.looking import axe


def test_a_supervisor_sees_what_is_coming_and_saves_it(desks, database):
    figures.count_round(database, system_clock())
    desk = desks()
    desk.sign_in("supervisor")
    desk.page.get_by_role("link", name="Figures").click()
    expect(desk.heading).to_have_text("What is coming")
    expect(desk.heading).to_be_focused()
    tiles = desk.page.get_by_role("img", name="Reported in time, by province").locator("g")
    expect(tiles).to_have_count(77)
    with desk.page.expect_download() as saved:
        desk.page.get_by_role("button", name="Save as CSV: Reported in time, by province").press("Enter")
    text = saved.value.path().read_text("utf-8-sig")
    assert text.startswith("Province,Office,Made,Not made,%\n")
    assert len(text.splitlines()) == 78
    with desk.page.expect_download() as saved:
        desk.page.get_by_role("button", name="Save as picture: Reported in time, by province").press("Enter")
    picture = saved.value.path().read_text("utf-8")
    assert picture.startswith("<svg")
    assert "Reported in time, by province" in picture
    assert "var(" not in picture
    look(desk, "console-figures")


def test_an_officer_sees_what_is_coming_to_their_office(desks, database):
    figures.count_round(database, system_clock())
    desk = desks()
    desk.sign_in()
    desk.page.goto("/console#/figures")
    expect(desk.page.get_by_role("img", name="Reports due, by five days")).to_be_visible()
    expect(desk.page.get_by_text("Reported in time, by province")).to_have_count(0)


def test_anyone_reads_the_public_page_without_a_script(contexts, database, browser, service):
    figures.count_round(database, system_clock())
    page = contexts(1280, 900, touch=False).new_page()
    for language in ("en", "th"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.goto(f"/performance?lang={language}")
            assert axe(page) == [], (language, theme)
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    bare = browser.new_context(base_url=f"http://localhost:{service.port}", java_script_enabled=False)
    still = bare.new_page()
    still.goto("/performance?lang=en")
    expect(still.get_by_role("heading", level=1)).to_have_text("How 90-day reporting is doing")
    expect(still.get_by_role("row", name="Chiang Mai CMI")).to_be_visible()
    bare.close()
