"""The guided tour: a learner decides the first reports, is told how well, and finds the progress again."""

from playwright.sync_api import expect

from tests.browser.desks import look


def test_a_learner_takes_the_tour_by_keyboard(desks):
    desk = desks()
    desk.sign_in()
    page = desk.page
    page.get_by_role("link", name="Guided tour").press("Enter")
    expect(desk.heading).to_have_text("Ten decisions")
    page.get_by_role("button", name="Begin").press("Enter")
    expect(page.get_by_text("0 of 10 decided, 0 of them well.")).to_be_visible()
    page.get_by_role("link", name="Next: A first report").press("Enter")
    expect(page.get_by_role("heading", name="1 of 10: A first report")).to_be_visible()
    look(desk, "console-tour-step")
    desk.press("a")
    expect(page.get_by_text("Accept it: all that the records can say agrees.")).to_be_visible()
    page.get_by_role("link", name="Next: Another address than the TM.30").press("Enter")
    expect(page.get_by_role("heading", name="2 of 10")).to_be_visible()
    desk.press("x", "1", "s")
    expect(page.get_by_text("Not what the rules ask for").first).to_be_visible()
    page.reload()
    expect(page.get_by_text("2 of 10 decided, 1 of them well.")).to_be_visible()
    look(desk, "console-tour")
