"""A report is stored once, wherever the connection is lost; and a sign-in lasts longer than its first token."""

from playwright.sync_api import Route, expect

from tests.browser.phones import Phone
from tests.browser.test_filing import reports_of
from tests.serving import eventually

ONE_REPORT = "**/api/v1/reports"


def test_a_report_made_offline_waits_through_a_reload_and_is_sent_once(phone, person, service):
    phone.activate(person("no-residence-record"))
    phone.have_app_offline()
    phone.tap("link", "File my report")
    phone.give_address()
    phone.context.set_offline(True)
    phone.tap("button", "Send my report")
    expect(phone.heading).to_have_text("Saved on this phone. Not sent yet.")
    phone.page.reload()
    expect(phone.heading).to_have_text("Saved on this phone. Not sent yet.")
    phone.open("/#/home")
    assert phone.situation == "waiting"
    assert reports_of(service, person("no-residence-record")) == []

    phone.context.set_offline(False)
    expect(phone.page.locator("[data-situation=not-open]")).to_be_visible(timeout=20_000)
    expect(phone.page.get_by_role("status").get_by_text("Sent.")).to_be_visible()
    phone.page.reload()
    expect(phone.page.locator("[data-situation=not-open]")).to_be_visible()
    assert len(reports_of(service, person("no-residence-record"))) == 1


def test_a_lost_answer_and_a_reload_offline_make_one_report(phone, person, service):
    phone.activate(person("new-passport"))
    phone.have_app_offline()
    phone.tap("link", "File my report")
    phone.give_address()
    keys = []

    def lose_the_answer(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        keys.append(route.request.headers["idempotency-key"])
        assert route.fetch().status == 201, "the service has it"
        phone.context.set_offline(True)
        route.abort("connectionreset")

    phone.page.route(ONE_REPORT, lose_the_answer)
    phone.tap("button", "Send my report")
    expect(phone.heading).to_have_text("Saved on this phone. Not sent yet.")
    phone.page.reload()
    expect(phone.heading).to_have_text("Saved on this phone. Not sent yet.")

    phone.page.unroute(ONE_REPORT)
    with phone.page.expect_request(lambda r: r.method == "POST" and r.url.endswith("/reports")) as again:
        phone.context.set_offline(False)
    assert {again.value.headers["idempotency-key"]} == set(keys)
    expect(phone.heading).to_have_text("Accepted")
    assert len(reports_of(service, person("new-passport"))) == 1


def test_a_correction_whose_answer_was_lost_is_not_refused(phone, person):
    phone.activate(person("returned-report"))
    phone.tap("link", "Correct my report")
    phone.fill("Lane (Soi)", "Sukhumvit 35")
    phone.tap("button", "Continue")

    def lose_the_answer(route: Route) -> None:
        assert route.fetch().status == 200
        route.abort("connectionreset")

    phone.page.route("**/correction", lose_the_answer, times=1)
    phone.tap("button", "Send my report again")
    expect(phone.heading).to_have_text("Saved on this phone. Not sent yet.")
    phone.tap("button", "Send my report again")
    expect(phone.heading).to_have_text("An officer is checking it")


def test_a_server_that_is_away_is_told_from_a_lost_connection(phone, person):
    phone.activate(person("open"))
    phone.page.route("**/api/v1/**", lambda route: route.fulfill(status=503, body="{}"))
    phone.page.reload()
    expect(phone.page.get_by_text("We cannot answer right now. You see what we knew")).to_be_visible()
    phone.page.unroute("**/api/v1/**")


def test_a_sign_in_outlasts_its_first_token_in_two_tabs(contexts, person, service):
    context = contexts()
    phone = Phone(context, service)
    phone.activate(person("in-grace"))
    other = context.new_page()
    other.goto("/")
    expect(other.locator("[data-situation=in-grace]")).to_be_visible()
    exchanges = []
    context.on("request", lambda request: exchanges.append(request.url) if request.url.endswith("/tokens") else None)
    context.clock.install()
    context.clock.fast_forward("11:00")
    for page in (phone.page, other):
        page.reload()
    for page in (phone.page, other):
        expect(page.locator("[data-situation=in-grace]")).to_be_visible()
        expect(page.get_by_text("No internet")).to_have_count(0)
    assert eventually(lambda: exchanges, 5)
    phone.page.reload()
    expect(phone.page.locator("[data-situation=in-grace]")).to_be_visible()


def test_signing_out_in_one_tab_signs_the_other_out(contexts, person, service):
    context = contexts()
    phone = Phone(context, service)
    phone.activate(person("exempt"))
    other = context.new_page()
    other.goto("/#/more")
    expect(other.get_by_text("OLA LINDQVIST")).to_be_visible()
    phone.open("/#/more")
    phone.tap("button", "Sign out")
    phone.tap("button", "Sign out and delete")
    expect(other.get_by_role("heading", name="Your 90-day report, from your phone")).to_be_visible()


def test_where_storage_is_forbidden_the_page_keeps_what_it_needs(phone, person):
    phone.page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    phone.activate(person("first-report"))
    expect(phone.page.get_by_text("This phone keeps nothing for this page.")).to_be_visible()
    phone.tap("link", "File my report")
    phone.give_address()
    phone.tap("button", "Send my report")
    expect(phone.heading).to_have_text("Accepted")
