"""Officers go from the console to an identity provider on another site, and come back signed in, or told why not."""

import time

import pytest
from playwright.sync_api import expect

from devtools.postgres import temporary_server
from tests.browser.desks import look
from tests.identity_provider import ACR, CLIENT, SECRET, identity_provider
from tests.serving import serving


@pytest.fixture(scope="module")
def provider():
    with identity_provider(time.time) as running:
        yield running


@pytest.fixture(scope="module")
def service(provider):
    """The whole service, with an identity provider that is another site for the browser: 127.0.0.1, not localhost."""
    settings = {
        "OIDC_ISSUER": provider.issuer,
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_ACR_VALUES": ACR,
    }
    with temporary_server() as server, serving(server, DEV_NOW="", **settings) as running:
        yield running


def with_organisation(desk):
    desk.page.goto("/console")
    desk.page.get_by_role("link", name="Sign in with your organisation").click()


def test_an_officer_signs_in_at_the_provider_and_the_session_holds(desks, provider):
    desk = desks()
    with_organisation(desk)
    expect(desk.heading).to_have_text("Reports to check")
    expect(desk.page.get_by_text("wanida")).to_be_visible()
    desk.page.reload()
    expect(desk.heading).to_have_text("Reports to check")
    kept = {cookie["name"]: cookie for cookie in desk.context.cookies()}
    assert kept.keys() == {"__Host-session"}
    assert (kept["__Host-session"]["httpOnly"], kept["__Host-session"]["sameSite"]) == (True, "Strict")


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"offices": ["XXX"]}, "no role, office or name that is known here"),
        ({"acr": "urn:example:password"}, "did not ask for a second factor"),
        ({"aud": "another"}, "cannot be trusted (audience)"),
    ],
)
def test_who_is_refused_is_told_why(desks, provider, claims, said):
    desk = desks()
    provider.claims = claims
    with_organisation(desk)
    expect(desk.page.get_by_role("alert")).to_contain_text(said)
    expect(desk.heading).to_have_text("Sign in")
    if "offices" in claims:
        look(desk, "openid-refused")
    provider.claims = {}


def test_a_made_up_reason_in_the_address_shows_nothing(desks):
    desk = desks()
    desk.page.goto("/console?sign-in=%3Cimg%20src%3Dx%3E")
    expect(desk.heading).to_have_text("Sign in")
    expect(desk.page.get_by_role("alert")).to_have_count(0)
