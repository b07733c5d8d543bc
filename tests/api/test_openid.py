"""Officers signing in with an identity provider, and every answer of it that must let nobody in."""

import hmac
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc.jwk import ECKey, OctKey, RSAKey
from sqlalchemy import select

from foundation.config import OpenIdSettings
from foundation.events import EventRecord
from foundation.http import SESSION_COOKIE
from immigration.models.access import Officer
from immigration.routes.openid import COOKIE
from immigration.services import officers
from tests.access import SETTINGS
from tests.authenticator import encoded
from tests.conftest import NOW, application, as_served
from tests.identity_provider import ACR, CLIENT, SECRET, identity_provider


@pytest.fixture
def provider(clock):
    with identity_provider(lambda: clock().timestamp()) as running:
        yield running


@pytest.fixture
def app(database, clock, provider):
    openid = OpenIdSettings(provider.issuer, CLIENT, SECRET, (ACR,))
    return application(as_served(database), settings=replace(SETTINGS, openid=openid), clock=clock)


@pytest.fixture
def browser(app):
    """A browser whose cookies the test carries itself, although the connection is not secure."""
    return app.test_client(use_cookies=False)


def cookie_of(answer, name=COOKIE):
    """A cookie that an answer sets, and its attributes."""
    for line in answer.headers.getlist("Set-Cookie"):
        value, *attributes = line.split("; ")
        if value.startswith(f"{name}="):
            return value.partition("=")[2], set(attributes)
    return "", set()


def begun(browser):
    """Begin at the console: where the browser is sent, and the cookie it keeps."""
    answer = browser.get("/console/openid")
    assert answer.status_code == 303
    return answer.headers["Location"], cookie_of(answer)[0]


def at_provider(url):
    """Sign in at the provider: the address that it sends the browser back to, without the host."""
    answer = requests.get(url, allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def back(browser, path, cookie):
    return browser.get(path, headers={"Cookie": f"{COOKIE}={cookie}"})


def sign_in(browser):
    url, cookie = begun(browser)
    return back(browser, at_provider(url), cookie)


def fault(answer):
    """Why an answer was refused; nothing was opened then. Empty where a session was."""
    assert answer.status_code == 303
    where = urlsplit(answer.headers["Location"])
    assert bool(where.query) == (cookie_of(answer, SESSION_COOKIE)[0] == "")
    return parse_qs(where.query)["sign-in"][0] if where.query else ""


def who(browser, answer):
    """Who the session of an answer is of."""
    token, attributes = cookie_of(answer, SESSION_COOKIE)
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= attributes
    headers = {"Cookie": f"{SESSION_COOKIE}={token}", "Sec-Fetch-Site": "same-origin"}
    return browser.get("/api/v1/console/session", headers=headers)


def test_an_officer_signs_in_with_role_and_offices_of_the_claims(browser, database):
    answer = sign_in(browser)
    assert answer.headers["Location"] == "/console"
    seen = who(browser, answer).json
    assert (seen["name"], seen["role"], seen["offices"]) == ("wanida", "officer", ["BKK"])
    with database.read_session() as session:
        kinds = session.scalars(select(EventRecord.kind).order_by(EventRecord.id)).all()
    assert kinds == ["officer.added", "officer.signed-in"]
    assert browser.get("/api/v1/console/sign-in").json == {"openid": True, "training": False}


def test_the_request_has_state_nonce_and_pkce_and_differs_each_time(browser):
    asked = [parse_qs(urlsplit(begun(browser)[0]).query) for _ in range(2)]
    for each in asked:
        assert each["response_type"] == ["code"]
        assert each["code_challenge_method"] == ["S256"]
        assert each["acr_values"] == [ACR]
        assert each["redirect_uri"] == ["https://reports.example/console/openid/callback"]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]


def test_the_cookie_lasts_five_minutes_and_is_taken_away(browser):
    answer = browser.get("/console/openid")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=300"} <= cookie_of(answer)[1]
    done = sign_in(browser)
    assert any(line.startswith(f"{COOKIE}=;") and "Max-Age=0" in line for line in done.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "another"}, "audience"),
        ({"aud": "another", "azp": CLIENT}, "audience"),
        ({"aud": ["another", CLIENT], "azp": "another"}, "audience"),
        ({"aud": None}, "audience"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": int(NOW.timestamp()) - 31}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "soon"}, "expired"),
        ({"iat": int(NOW.timestamp()) + 600}, "malformed"),
        ({"nbf": int(NOW.timestamp()) + 600}, "malformed"),
        ({"acr": "urn:example:password"}, "strength"),
        ({"acr": None}, "strength"),
        ({"sub": None}, "malformed"),
        ({"sub": ""}, "malformed"),
        ({"sub": "x" * 256}, "malformed"),
        ({"sub": 42}, "malformed"),
        ({"at_hash": "wrong"}, "malformed"),
        ({"preferred_username": None}, "name"),
        ({"preferred_username": "x" * 65}, "name"),
        ({"preferred_username": " wanida"}, "name"),
        ({"preferred_username": "wan\u0000ida"}, "name"),
        ({"preferred_username": "supervisor:wanida"}, "name"),
        ({"preferred_username": "he\u0301lene"}, "name"),
        ({"role": "resident"}, "role"),
        ({"role": "anyone"}, "role"),
        ({"role": ["officer", "administrator"]}, "role"),
        ({"role": {"officer": True}}, "role"),
        ({"role": None}, "role"),
        ({"offices": ["XXX"]}, "office"),
        ({"offices": ["BKK", "XXX"]}, "office"),
        ({"offices": []}, "office"),
        ({"offices": [1]}, "office"),
        ({"offices": None}, "office"),
    ],
)
def test_a_token_that_is_not_right_lets_nobody_in(browser, provider, database, claims, why):
    provider.claims = claims
    assert fault(sign_in(browser)) == why
    with database.read_session() as session:
        assert session.scalars(select(Officer)).all() == []


def test_an_office_may_be_one_text_and_the_headquarters(browser, provider):
    provider.claims = {"offices": "HQ", "role": ["auditor"]}
    seen = who(browser, sign_in(browser)).json
    assert (seen["role"], seen["offices"]) == ("auditor", ["HQ"])


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "e30.e30.", "{}", "e30.e30.e30.e30.e30"])
def test_a_token_that_is_none_lets_nobody_in(browser, provider, text):
    provider.token = text or "."
    assert fault(sign_in(browser)) == "signature"


def forged(provider, how):
    """Have the provider sign with what is none of its keys."""
    if how == "another key":
        provider.published = [provider.key]
        provider.key = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
    elif how == "unknown kid":
        provider.published = [provider.key]
        provider.key = RSAKey.generate_key(2048, {"kid": "two"}, auto_kid=False)
    elif how == "client secret":
        provider.published = [provider.key]
        provider.key, provider.algorithm = OctKey.import_key(SECRET), "HS256"
    else:
        secret, header = provider.key.as_pem(private=False), encoded(b'{"alg": "HS256", "kid": "one"}')
        said = f"{header}.{encoded(b'{}')}"
        provider.token = f"{said}.{encoded(hmac.digest(secret, said.encode(), 'sha256'))}"


@pytest.mark.parametrize("how", ["another key", "unknown kid", "client secret", "public key as secret"])
def test_a_forged_token_lets_nobody_in(browser, provider, how):
    forged(provider, how)
    assert fault(sign_in(browser)) == "signature"


def test_an_unsigned_token_lets_nobody_in(browser, provider):
    provider.token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9."
    assert fault(sign_in(browser)) == "signature"


def test_a_new_key_of_the_provider_is_found(browser, provider, clock):
    assert fault(sign_in(browser)) == ""
    provider.key, provider.algorithm = ECKey.generate_key("P-256", {"kid": "two"}, auto_kid=False), "ES256"
    assert fault(sign_in(browser)) == "signature"  # its keys were asked for just now
    clock.pass_by(seconds=30)
    assert fault(sign_in(browser)) == ""
    assert provider.asked.count("/jwks") == 2


def test_an_answer_is_taken_once_in_the_browser_that_began_and_in_five_minutes(app, browser, clock):
    url, cookie = begun(browser)
    path = at_provider(url)
    assert fault(back(browser, path, "")) == "state"
    assert fault(back(browser, path, begun(browser)[1])) == "state"
    assert fault(back(browser, path, cookie)) == ""
    assert fault(back(browser, path, cookie)) == "state"
    url, cookie = begun(browser)
    path = at_provider(url)
    clock.pass_by(minutes=5)
    assert fault(back(browser, path, cookie)) == "state"


@pytest.mark.parametrize("state", ["", "x", "e30", "A" * 76, "A" * 9000, "%00", "%F0%9F%98%80"])
def test_a_state_that_is_not_ours_asks_the_provider_nothing(browser, provider, state):
    _, cookie = begun(browser)
    provider.asked.clear()
    if state == "%00":
        assert back(browser, f"/console/openid/callback?code=c&state={state}", cookie).status_code == 400
    else:
        assert fault(back(browser, f"/console/openid/callback?code=c&state={state}", cookie)) == "state"
    assert provider.asked == []


def changed(path, **values):
    """An address with other values of its query."""
    parts = urlsplit(path)
    query = {name: each[0] for name, each in parse_qs(parts.query).items()} | values
    return parts.path + "?" + "&".join(f"{name}={value}" for name, value in query.items() if value is not None)


def test_another_provider_and_a_refusal_are_told_apart(browser):
    for change, why in (
        ({"iss": "https://evil.example"}, "issuer"),
        ({"code": None, "error": "access_denied"}, "denied"),
        ({"code": "made-up"}, "code"),
    ):
        url, cookie = begun(browser)
        assert fault(back(browser, changed(at_provider(url), **change), cookie)) == why


def test_a_code_is_exchanged_with_its_own_verifier_only(browser):
    (one, _), (other, cookie) = begun(browser), begun(browser)
    stolen = parse_qs(urlsplit(at_provider(one)).query)["code"][0]
    assert fault(back(browser, changed(at_provider(other), code=stolen), cookie)) == "code"


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/.well-known/openid-configuration", 500, None),
        ("/.well-known/openid-configuration", 302, None),
        ("/.well-known/openid-configuration", 200, b"<html>"),
        ("/.well-known/openid-configuration", 200, b"[]"),
        ("/.well-known/openid-configuration", 200, b'{"issuer": "https://evil.example"}'),
        ("/jwks", 404, None),
        ("/jwks", 200, b'{"keys": [{"kty": "none"}]}'),
        ("/jwks", 200, b'{"keys": 1}'),
    ],
)
def test_a_provider_that_is_away_is_said_to_be(browser, provider, path, status, body):
    provider.status[path] = status
    if body is not None:
        provider.body[path] = body
    answer = browser.get("/console/openid")
    assert fault(answer) == "away"
    assert answer.headers["Location"] == "/console?sign-in=away"
    provider.status.clear()
    provider.body.clear()
    assert fault(sign_in(browser)) == ""


@pytest.mark.parametrize(("status", "body"), [(500, b"no"), (200, b"<html>"), (200, b"[]"), (200, b"{}")])
def test_a_code_exchange_that_cannot_be_read_lets_nobody_in(browser, provider, status, body):
    url, cookie = begun(browser)
    path = at_provider(url)
    provider.status["/token"], provider.body["/token"] = status, body
    assert fault(back(browser, path, cookie)) in {"away", "malformed"}


@pytest.mark.parametrize("changed", [{"token_endpoint": "ftp://127.0.0.1/token"}, {"issuer": "https://evil.example"}])
def test_metadata_of_another_or_that_lead_elsewhere_unsafely_are_refused(browser, provider, changed):
    provider.metadata = changed
    assert fault(browser.get("/console/openid")) == "away"


def test_the_account_follows_the_claims_and_its_other_sessions_end(browser, provider):
    first = sign_in(browser)
    assert who(browser, first).status_code == 200
    assert who(browser, sign_in(browser)).status_code == 200
    assert who(browser, first).status_code == 200
    provider.claims = {"role": "supervisor", "offices": ["CMI", "LPN"], "preferred_username": "renamed"}
    moved = sign_in(browser)
    seen = who(browser, moved).json
    assert (seen["name"], seen["role"], seen["offices"]) == ("wanida", "supervisor", ["CMI", "LPN"])
    assert who(browser, first).status_code == 401


def test_nobody_gets_an_account_by_taking_its_name_at_the_provider(browser, provider, database):
    with database.transaction() as session:
        officers.add(session, "wanida", password="correct horse battery", role="administrator", office=None,
                     actor="tests", now=NOW)  # fmt: skip
    assert fault(sign_in(browser)) == "name"
    provider.claims = {"preferred_username": "WANIDA"}
    assert fault(sign_in(browser)) == "name"
    provider.claims = {"preferred_username": "other"}
    assert fault(sign_in(browser)) == ""
    provider.claims = {"preferred_username": "other", "sub": "43"}
    assert fault(sign_in(browser)) == "name"


def test_a_closed_account_stays_closed(browser, database):
    opened = sign_in(browser)
    with database.transaction() as session:
        officers.disable(session, "wanida", actor="tests", now=NOW)
    assert who(browser, opened).status_code == 401
    assert fault(sign_in(browser)) == "closed"
    with database.read_session() as session:
        assert session.scalars(select(EventRecord.kind).order_by(EventRecord.id)).all()[-1] == "officer.sign-in-failed"


def test_an_account_of_the_provider_has_no_password(browser):
    assert fault(sign_in(browser)) == ""
    for password in ("wanida", "x", "correct horse battery"):
        body = {"name": "wanida", "password": password}
        assert browser.post("/api/v1/officers/sessions", json=body).status_code == 401


def failures(database):
    with database.read_session() as session:
        failed = select(EventRecord).where(EventRecord.kind == "officer.sign-in-failed").order_by(EventRecord.id)
        return [(each.actor, each.data["fault"]) for each in session.scalars(failed)]


def test_an_answer_that_is_refused_is_a_failed_sign_in_on_record(browser, provider, database):
    provider.claims |= {"role": "king"}
    sign_in(browser)
    browser.get("/console/openid/callback?state=x&code=x")
    assert failures(database) == [("officer:", "role"), ("officer:", "state")]


def test_answers_that_are_refused_are_throttled(browser, provider):
    for _ in range(100):
        assert fault(browser.get("/console/openid/callback?code=c&state=x")) == "state"
    assert browser.get("/console/openid/callback?code=c&state=x").status_code == 429


def test_without_a_provider_there_is_no_such_page(database, clock):
    client = application(as_served(database), settings=SETTINGS, clock=clock).test_client()
    for path in ("/console/openid", "/console/openid/callback?code=c&state=x"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["code"]) == (404, "openid-not-configured")
    assert client.get("/api/v1/console/sign-in").json == {"openid": False, "training": False}


def test_the_log_says_why_and_nothing_of_the_token(browser, provider, caplog):
    provider.claims = {"aud": "another", "email": "wanida@example.org"}
    assert fault(sign_in(browser)) == "audience"
    assert "refused: audience: claim aud" in caplog.text
    assert "wanida" not in caplog.text
