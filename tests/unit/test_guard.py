"""Who is let through the guard of a small application: what it asks, in what order, and what it says."""

from uuid import UUID

import pytest
from flask import Flask

from foundation.clock import system_clock
from foundation.config import Settings
from foundation.errors import Problem, Unauthenticated
from foundation.http import allow, guard, principal, render_problem
from foundation.identity import STAFF, Principal, Role
from foundation.services import Services, use_services

PERSON_ID = UUID(int=1)


class Unknown(Unauthenticated):
    """The token is of no use."""

    code = "of-no-use"


def who(token: str) -> Principal:
    """The role that the token names."""
    if token not in list(Role):
        raise Unknown(token)
    return Principal(Role(token), PERSON_ID)


@pytest.fixture
def app():
    """Three routes, and a list of whom was asked for."""
    app = Flask("guarded")
    app.extensions["asked"] = []
    authenticate = lambda token: app.extensions["asked"].append(token) or who(token)  # noqa: E731
    use_services(app, Services(settings=Settings(), clock=system_clock, database=None, authenticate=authenticate))
    app.register_error_handler(Problem, render_problem)
    app.add_url_rule("/open", "open", allow(Role.ANYONE)(lambda: "open"))
    app.add_url_rule("/desk", "desk", allow(Role.OFFICER, Role.AUDITOR)(lambda: f"{principal().role} {principal().id}"))
    app.add_url_rule("/me", "me", allow(Role.RESIDENT)(lambda: "me"))
    guard(app)
    return app


def ask(app, path, authorization=None):
    return app.test_client().get(path, headers={"Authorization": authorization} if authorization is not None else {})


def test_a_route_that_says_nothing_stops_the_start():
    app = Flask("guarded")
    app.add_url_rule("/open", "open", allow(Role.ANYONE)(lambda: ""))
    app.add_url_rule("/silent", "silent", lambda: "")
    with pytest.raises(RuntimeError, match=r"^routes that do not say who may call them: \['/silent'\]$"):
        guard(app)


def test_an_open_route_asks_nobody(app):
    assert ask(app, "/open", "Bearer rubbish").text == "open"
    assert app.extensions["asked"] == []


@pytest.mark.parametrize("role", list(Role))
def test_a_route_lets_in_whom_it_names_and_nobody_else(app, role):
    answers = {path: ask(app, path, f"Bearer {role}") for path in ("/desk", "/me")}
    assert answers["/desk"].status_code == (200 if role in ("officer", "auditor") else 403)
    assert answers["/me"].status_code == (200 if role == "resident" else 403)


def test_the_view_sees_who_asked_and_the_token_was_looked_at_once(app):
    assert ask(app, "/desk", "Bearer officer").text == f"officer {PERSON_ID}"
    assert app.extensions["asked"] == ["officer"]


def test_a_refusal_names_whom_the_route_is_for(app):
    assert ask(app, "/desk", "Bearer resident").json["detail"] == "this is for auditor, officer"


@pytest.mark.parametrize("authorization", ["bearer officer", "BEARER  officer ", "Bearer officer"])
def test_the_scheme_may_be_written_in_any_case(app, authorization):
    assert ask(app, "/desk", authorization).status_code == 200


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "officer", "Basic officer", "Bearerofficer"])
def test_without_a_bearer_token_nobody_is_known(app, authorization):
    answer = ask(app, "/desk", authorization)
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")
    assert answer.json["detail"] == "a bearer token is required"
    assert app.extensions["asked"] == []


def test_a_token_with_a_space_in_it_is_asked_about_as_a_whole(app):
    assert ask(app, "/desk", "Bearer officer officer").json["code"] == "of-no-use"
    assert app.extensions["asked"] == ["officer officer"]


def test_what_is_not_there_and_static_files_need_nobody(app):
    assert ask(app, "/nowhere").status_code == 404
    assert ask(app, "/static/nothing.css").status_code == 404


def test_nul_is_refused_before_anybody_is_asked(app):
    assert ask(app, "/desk%00", "Bearer rubbish").status_code == 404
    assert ask(app, "/there/is/none%00").json["code"] == "not-found"
    answer = ask(app, "/desk?a=1&b=2%00", "Bearer rubbish")
    assert (answer.status_code, answer.json["detail"]) == (400, "the address contains NUL")
    assert ask(app, "/desk?b%00=2", "Bearer rubbish").status_code == 400
    assert ask(app, "/desk?a=1&a=%00", "Bearer rubbish").status_code == 400
    assert app.extensions["asked"] == []
    assert ask(app, "/open?a=1&b=%01").text == "open"


def test_what_a_route_says_is_written_down():
    def documented(*roles):
        return allow(*roles)(lambda: "")._apidoc["manual_doc"]

    assert documented(Role.ANYONE, Role.OFFICER) == {"security": []}
    assert documented(Role.SUPERVISOR, Role.OFFICER) == {
        "security": [{"bearer": []}, {"session": []}],
        "responses": {401: "UNAUTHORIZED", 403: "FORBIDDEN"},
        "x-roles": ["officer", "supervisor"],
    }


def test_what_was_written_down_before_is_kept():
    def view():
        return ""

    view._apidoc = {"response": 1, "manual_doc": {"tags": ["x"], "security": [1]}}
    said = allow(Role.ANYONE)(view)._apidoc
    assert said == {"response": 1, "manual_doc": {"tags": ["x"], "security": []}}


def test_who_acts_is_named_or_numbered():
    assert Principal(Role.OFFICER, PERSON_ID, name="somchai").actor == "officer:somchai"
    assert Principal(Role.RESIDENT, PERSON_ID).actor == f"resident:{PERSON_ID}"


def test_neither_anyone_nor_a_resident_is_staff():
    assert set(Role) - STAFF == {Role.ANYONE, Role.RESIDENT}
