"""The files of the phone app and the console as a browser gets them; `make test` builds them first."""

import re
from dataclasses import replace

import pytest

from foundation.config import FirebaseWebSettings
from operations.web import APP, CONSOLE
from tests.conftest import SETTINGS, application

FIREBASE = replace(SETTINGS, firebase_web=FirebaseWebSettings("a-key", "1:2:web:3", "2", "a-point"))


@pytest.fixture
def script():
    """The address of the first script of the app."""
    (script,) = re.findall(r'<script type="module"[^>]* src="([^"]+)"', (APP / "index.html").read_text("utf-8"))
    return script


def test_the_page_is_asked_for_again_each_time_and_has_the_strict_policy(client):
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def sources(answer, kind):
    """What a page may load or call of one kind, by its policy."""
    directives = (each.split() for each in answer.headers["Content-Security-Policy"].split(";"))
    return {name: allowed for name, *allowed in directives}.get(kind)


def test_the_page_calls_firebase_only_where_that_is_set_up(client, database):
    plain = client.get("/")
    assert sources(plain, "connect-src") is None
    set_up = application(database, settings=FIREBASE).test_client()
    page = set_up.get("/")
    assert sources(page, "connect-src") == [
        "'self'",
        "https://firebaseinstallations.googleapis.com",
        "https://fcmregistrations.googleapis.com",
    ]
    assert sources(page, "default-src") == ["'self'"]
    for path in ("/console", "/sw.js", "/api/v1/openapi.json"):
        assert sources(set_up.get(path), "connect-src") is None, path


def test_a_browser_that_has_the_page_gets_its_new_policy(client, database):
    before = client.get("/").headers["ETag"]
    set_up = application(database, settings=FIREBASE).test_client()
    assert set_up.get("/", headers={"If-None-Match": before}).status_code == 200
    now = set_up.get("/").headers["ETag"]
    assert set_up.get("/", headers={"If-None-Match": now}).status_code == 304


@pytest.mark.parametrize(("asked", "named"), [("th-TH,en;q=0.5", "th"), ("pt", "en"), ("km", "km")])
def test_the_page_names_the_words_of_the_first_screen_in_the_language_asked_for(client, asked, named):
    answer = client.get("/", headers={"Accept-Language": asked})
    link = re.fullmatch(r"<(/assets/(\w+)-[\w-]+\.js)>; rel=modulepreload", answer.headers["Link"])
    assert link is not None
    assert link[2] == named
    assert "welcome.title" in client.get(link[1]).text
    assert {"Accept-Language", "Accept-Encoding"} <= set(answer.headers["Vary"].split(", "))


def test_the_page_has_no_script_or_style_of_its_own_that_the_policy_would_refuse():
    page = (APP / "index.html").read_text("utf-8")
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son\w+=", page) == []


def test_a_file_named_by_its_content_is_kept_for_a_year(client, script):
    answer = client.get(script)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize(
    ("accepts", "sent"), [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("", None)]
)
def test_a_file_is_sent_in_the_best_encoding_that_the_browser_takes(client, script, accepts, sent):
    answer = client.get(script, headers={"Accept-Encoding": accepts})
    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (200, sent)
    assert "Accept-Encoding" in answer.headers["Vary"]
    whole = (APP / script.lstrip("/")).stat().st_size
    assert (len(answer.data) < whole) if sent else (len(answer.data) == whole)


def test_a_file_that_has_not_changed_is_not_sent_again(client, script):
    tag = client.get(script).headers["ETag"]
    assert client.get(script, headers={"If-None-Match": tag}).status_code == 304


def test_the_service_worker_knows_every_file_and_is_never_old(client):
    answer = client.get("/sw.js")
    assert answer.headers["Cache-Control"] == "no-cache"
    built = {f"/{path.relative_to(APP)}" for path in APP.rglob("*") if path.is_file()}
    kept = {path for path in built if not path.endswith((".br", ".gz", "/sw.js", "/index.html"))} | {"/"}
    (firebase,) = {path for path in kept if path.startswith("/assets/firebase-")}
    kept.remove(firebase)  # it does nothing offline, and most installations never need it
    listed = re.search(r'\[("/[^\]]+)\]', answer.text)
    assert listed is not None
    assert set(re.findall(r'"(/[^"]*)"', listed[1])) == kept
    assert re.findall(r"__[A-Z]+__", answer.text) == []  # what the build fills in


@pytest.mark.parametrize("path", ["/assets/none.js", "/assets/..%2Findex.html", "/index.html", "/sw.js.br", "/assets/"])
def test_nothing_else_is_sent(client, path):
    assert client.get(path).status_code == 404


def test_the_app_takes_nothing(client):
    assert client.post("/").status_code == 405


def test_the_console_has_a_page_and_files_of_its_own(client):
    page = client.get("/console")
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-cache")
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    (script,) = re.findall(r'<script type="module"[^>]* src="(/console/assets/[^"]+)"', page.text)
    assert client.get(script).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/console/assets/none.js").status_code == 404
    assert not (CONSOLE / "sw.js").exists(), "nothing of the console may stay on a machine"
