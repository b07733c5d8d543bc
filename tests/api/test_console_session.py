"""The console's session: a cookie that only the console's own page can use."""

import pytest

from app import create_app
from foundation.config import Settings
from foundation.http import SESSION_COOKIE
from immigration.services import officers
from tests.access import make_app
from tests.conftest import NOW, SECRET

PASSWORD = "correct horse battery"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
FOREIGN = ["cross-site", "same-site", "none", "", "same-origin, cross-site"]


@pytest.fixture
def app(database, clock):
    with database.transaction() as session:
        officers.add(session, "anan", password=PASSWORD, role="officer", office="BKK", actor="tests", now=NOW)
    return make_app(database, clock)


@pytest.fixture
def browser(app):
    """A browser that keeps cookies as they are, although the test client's connection is not secure."""
    return app.test_client(use_cookies=False)


def sign_in(browser, headers=OWN_PAGE, **changes):
    body = {"name": "anan", "password": PASSWORD} | changes
    return browser.post("/api/v1/console/session", json=body, headers=headers)


def cookie_of(answer):
    """The value of the session's cookie, and its attributes."""
    value, *attributes = answer.headers["Set-Cookie"].split("; ")
    name, _, token = value.partition("=")
    assert name == SESSION_COOKIE
    return token, attributes


def ask(browser, token, site="same-origin", method="GET", path="/api/v1/console/session"):
    headers = {"Cookie": f"{SESSION_COOKIE}={token}"} | ({"Sec-Fetch-Site": site} if site else {})
    return browser.open(path, method=method, headers=headers)


def test_the_cookie_is_of_this_host_only_and_no_script_reads_it(browser):
    answer = sign_in(browser)
    token, attributes = cookie_of(answer)
    assert answer.status_code == 201
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict", "Max-Age=43200"} <= set(attributes)
    assert not any(attribute.startswith("Domain") for attribute in attributes)
    who = {"name": "anan", "role": "officer", "office": "BKK", "offices": ["BKK"]}
    assert answer.json == who | {"idle_seconds": 1800, "password_length": 15}
    assert token not in answer.get_data(as_text=True)


def test_the_console_is_recognised_by_its_cookie(browser):
    token, _ = cookie_of(sign_in(browser))
    assert ask(browser, token).json["name"] == "anan"
    assert ask(browser, token, path="/api/v1/review/reports").status_code == 200


@pytest.mark.parametrize("site", FOREIGN)
def test_the_cookie_counts_for_nothing_on_a_request_of_another_page(browser, site):
    token, _ = cookie_of(sign_in(browser))
    answer = ask(browser, token, site)
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")
    assert ask(browser, token, site, "DELETE").status_code == 401
    assert ask(browser, token).status_code == 200


@pytest.mark.parametrize("site", FOREIGN)
def test_another_page_signs_nobody_in(browser, site):
    answer = sign_in(browser, {"Sec-Fetch-Site": site} if site else {})
    assert (answer.status_code, answer.json["code"]) == (403, "other-origin")
    assert "Set-Cookie" not in answer.headers


def test_a_wrong_password_sets_no_cookie(browser):
    answer = sign_in(browser, password="wrong")
    assert (answer.status_code, answer.json["code"]) == (401, "sign-in-failed")
    assert "Set-Cookie" not in answer.headers


def test_signing_in_again_ends_the_session_that_the_browser_had(browser):
    token, _ = cookie_of(sign_in(browser))
    kept = {"Cookie": f"{SESSION_COOKIE}={token}"}
    assert sign_in(browser, OWN_PAGE | kept, password="wrong").status_code == 401
    assert ask(browser, token).status_code == 200
    again, _ = cookie_of(sign_in(browser, OWN_PAGE | kept))
    assert [ask(browser, each).status_code for each in (token, again)] == [401, 200]


def test_signing_out_ends_the_session_and_takes_the_cookie_away(browser):
    token, _ = cookie_of(sign_in(browser))
    answer = ask(browser, token, method="DELETE")
    assert answer.status_code == 204
    assert cookie_of(answer)[0] == ""
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert ask(browser, token).status_code == 401


def test_the_session_ends_when_it_is_not_used_and_after_a_day_of_work(browser, clock):
    token, _ = cookie_of(sign_in(browser))
    for _ in range(25):
        clock.pass_by(minutes=28)
        assert ask(browser, token).status_code == 200
    clock.pass_by(minutes=28)
    assert ask(browser, token).status_code == 401
    token, _ = cookie_of(sign_in(browser))
    clock.pass_by(minutes=30)
    assert ask(browser, token).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "ofc_", "ofc_" + "a" * 5000, "ofc_\u0e01", "a.b.c", '"ofc_x"'])
def test_a_cookie_that_names_no_session_is_refused(browser, token):
    assert ask(browser, token).status_code == 401


def test_a_bearer_token_counts_before_a_cookie(browser):
    token, _ = cookie_of(sign_in(browser))
    headers = OWN_PAGE | {"Cookie": f"{SESSION_COOKIE}={token}", "Authorization": "Bearer ofc_nobody"}
    assert browser.get("/api/v1/console/session", headers=headers).status_code == 401


@pytest.mark.parametrize(("environment", "training"), [("development", True), ("test", False), ("production", False)])
def test_only_an_installation_for_development_says_that_it_is_for_training(database, environment, training):
    settings = Settings(environment=environment, secret_keys=(SECRET,))
    client = create_app(settings, database=database, clock=lambda: NOW).test_client()
    assert client.get("/api/v1/console/sign-in").json["training"] is training
