"""Administrators and the accounts of officers: each act, its limits, and two who act at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from immigration.services import officer_passkeys, officers
from operations.services import services_of
from tests.factories import PASSWORD, Resident, officer, query, together
from tests.waiting import await_waiting_backends

PATH = "/administration/officers"


@pytest.fixture
def admin(app: Flask) -> Resident:
    return officer(app, "admin", "administrator")


@pytest.fixture
def anan(app: Flask) -> Resident:
    return officer(app, "anan", office="BKK")


def account(who: Resident, name: str) -> dict[str, Any]:
    items = who.get(f"{PATH}?limit=100").json["items"]
    found: dict[str, Any] = next(each for each in items if each["name"] == name)
    return found


def path_of(who: Resident, name: str, act: str) -> str:
    return f"{PATH}/{account(who, name)['id']}/{act}"


def change(who: Resident, name: str, **wanted: Any) -> Any:
    seen = account(who, name)
    body = {each: seen[each] for each in ("role", "offices", "version")} | wanted
    return who.client.put(f"/api/v1{PATH}/{seen['id']}/access", json=body, headers=who.headers)


def kinds(app: Flask) -> list[tuple[Any, ...]]:
    written = "select kind, actor, data->>'change' from events where kind like 'officer.%' and actor like 'admin%'"
    return query(app, written + " and kind <> 'officer.signed-in' order by id")


def refused(answer: Any, code: str, *obstacles: str) -> bool:
    found = (answer.status_code, answer.json["code"], answer.json.get("obstacles", []))
    return found == (409, code, list(obstacles))


def sign_in(app: Flask, name: str, password: str) -> Any:
    return app.test_client().post("/api/v1/officers/sessions", json={"name": name, "password": password})


def test_the_list_says_who_there_is_and_what_they_sign_in_by(admin, anan) -> None:
    seen = account(admin, "anan")
    assert (seen["role"], seen["offices"], seen["passkeys"], seen["sessions"]) == ("officer", ["BKK"], 0, 1)
    assert (seen["authenticator"], seen["openid"], seen["mine"], seen["closed_at"]) == (False, False, False, None)
    assert seen["signed_in_at"].startswith("2026-11-23T10:00:00")
    assert account(admin, "admin")["obstacles"] == ["own-account", "last-administrator"]
    assert [each["name"] for each in admin.get(f"{PATH}?name=NA").json["items"]] == ["anan"]
    page = admin.get(f"{PATH}?limit=1").json
    assert [each["name"] for each in page["items"]] == ["admin"]
    assert admin.get(f"{PATH}?limit=1&cursor={page['next_cursor']}").json["items"][0]["name"] == "anan"
    assert admin.get(f"{PATH}?name=%25").json["items"] == []


def test_a_new_account_signs_in_with_the_password_that_is_shown_once(app, admin) -> None:
    added = admin.post(PATH, {"name": "มานี", "role": "supervisor", "offices": ["CMI", "BKK", "CMI"]})
    assert (added.status_code, added.json["offices"]) == (201, ["BKK", "CMI"])
    assert sign_in(app, "มานี", added.json["password"]).json["role"] == "supervisor"
    assert "password" not in account(admin, "มานี")
    assert kinds(app) == [("officer.added", "administrator:admin", None)]


NAMES = ("", " x", "x ", "a:supervisor", "a\u202eb", "a\u200bb", "a\nb", "e\u0301", "x" * 65, None, 7, ["x"])
WRONG: tuple[dict[str, Any], ...] = (
    *({"name": name} for name in NAMES),
    {"role": "resident"},
    {"role": None},
    {"offices": []},
    {"offices": "BKK"},
    {"offices": ["BKK"] * 101},
    {"offices": ["XXX"]},
    {"offices": ["BKK", "'; drop table officers"]},
    {"password": "mine-mine-mine-mine"},
)


def test_what_does_not_fit_or_could_be_taken_for_another_name_is_refused_and_nothing_is_stored(app, admin) -> None:
    body = {"name": "new", "role": "officer", "offices": ["BKK"]}
    answers = {str(wrong): admin.post(PATH, body | wrong).status_code for wrong in WRONG}
    assert answers == dict.fromkeys(answers, 422)
    assert query(app, "select count(*) from officers") == [(1,)]


def test_a_name_is_given_once_however_it_is_written(admin, anan) -> None:
    for name in ("anan", "ANAN"):
        assert refused(admin.post(PATH, {"name": name, "role": "officer", "offices": ["BKK"]}), "officer-exists")


def test_the_same_name_given_twice_at_once_makes_one_account(app, admin) -> None:
    other = officer(app, "other", "administrator")
    body = {"name": "new", "role": "officer", "offices": ["BKK"]}
    answers = together([lambda: admin.post(PATH, body), lambda: other.post(PATH, body)])
    assert sorted(answer.status_code for answer in answers) == [201, 409]


def test_role_and_offices_change_at_once(app, admin, anan) -> None:
    changed = change(admin, "anan", role="supervisor", offices=["HQ"])
    assert (changed.status_code, changed.json["role"], changed.json["offices"]) == (200, "supervisor", ["HQ"])
    assert anan.get("/console/session").json["role"] == "supervisor"
    assert [kind for kind, *_ in kinds(app)] == ["officer.moved", "officer.role-changed"]


def test_a_change_on_what_another_one_changed_is_a_conflict(app, admin, anan) -> None:
    other = officer(app, "other", "administrator")
    seen = account(other, "anan")
    assert change(admin, "anan", offices=["CMI"]).status_code == 200
    late = change(other, "anan", version=seen["version"], offices=["PKT"])
    assert refused(late, "changed-meanwhile")
    assert account(admin, "anan")["offices"] == ["CMI"]
    again = change(other, "anan", version=seen["version"], offices=["CMI"])
    assert again.status_code == 200, "what is so already was sent again after a lost answer"
    assert len(kinds(app)) == 1


def test_of_two_changes_made_at_once_one_counts(app, admin, anan) -> None:
    other = officer(app, "other", "administrator")
    seen = account(admin, "anan")
    body = {"role": "officer", "version": seen["version"]}
    path = f"/api/v1{PATH}/{seen['id']}/access"
    answers = together(
        [
            lambda: admin.client.put(path, json=body | {"offices": ["CMI"]}, headers=admin.headers),
            lambda: other.client.put(path, json=body | {"offices": ["PKT"]}, headers=other.headers),
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


def test_nobody_raises_or_closes_themself(app, admin) -> None:
    officer(app, "other", "administrator")
    assert refused(change(admin, "admin", role="supervisor"), "cannot-change-account", "own-account")
    assert refused(change(admin, "admin", offices=["BKK"]), "cannot-change-account", "own-account")
    for act in ("closing", "password"):
        assert refused(admin.post(path_of(admin, "admin", act)), "cannot-change-account", "own-account")
    answer = admin.delete(path_of(admin, "admin", "second-factors"))
    assert refused(answer, "cannot-change-account", "own-account")


def test_two_administrators_who_close_each_other_leave_one(app, admin) -> None:
    other = officer(app, "other", "administrator")
    theirs, mine = path_of(admin, "other", "closing"), path_of(admin, "admin", "closing")
    engine = services_of(app).database.engine
    with ThreadPoolExecutor(2) as pool, engine.begin() as held:
        held.execute(text("select from officers for update"))
        both = [pool.submit(admin.post, theirs), pool.submit(other.post, mine)]
        await_waiting_backends(engine.url, "Lock", count=2)
        held.commit()
        answers = [each.result() for each in both]
    assert sorted(answer.status_code for answer in answers) == [200, 403]
    left = query(app, "select count(*) from officers where role = 'administrator' and disabled_at is null")
    assert left == [(1,)]


def test_a_closed_account_is_out_at_once_and_opens_again_without_factors(app, admin, anan) -> None:
    with services_of(app).database.transaction() as session:
        officers.set_up_totp(session, "anan", actor="test", now=services_of(app).clock())
    closed = admin.post(path_of(admin, "anan", "closing"))
    assert (closed.status_code, closed.json["sessions"]) == (200, 0)
    assert anan.get("/review/reports").status_code == 401
    assert admin.post(path_of(admin, "anan", "closing")).json == closed.json
    assert refused(change(admin, "anan", role="supervisor"), "cannot-change-account", "closed")
    assert refused(admin.post(path_of(admin, "anan", "password")), "cannot-change-account", "closed")
    opened = admin.post(path_of(admin, "anan", "reopening"))
    assert (opened.json["closed_at"], opened.json["authenticator"]) == (None, False)
    assert [change for *_, change in kinds(app)] == ["closed", "reopened"]


def test_a_password_that_was_lost_is_made_anew_and_ends_the_sessions(app, admin, anan) -> None:
    made = admin.post(path_of(admin, "anan", "password")).json
    assert anan.get("/review/reports").status_code == 401
    assert sign_in(app, "anan", made["password"]).status_code == 201


def test_lost_factors_and_sessions_are_ended(app, admin, anan) -> None:
    with services_of(app).database.transaction() as session:
        officers.set_up_totp(session, "anan", actor="test", now=services_of(app).clock())
    assert account(admin, "anan")["authenticator"] is True
    assert admin.delete(path_of(admin, "anan", "sessions")).json["sessions"] == 0
    assert anan.get("/review/reports").status_code == 401
    assert admin.delete(path_of(admin, "anan", "second-factors")).json["authenticator"] is False
    assert [change for *_, change in kinds(app)] == ["sessions-ended", "factors-ended"]


def test_an_administrator_of_an_office_is_over_its_accounts_only(app, admin, anan) -> None:
    local = officer(app, "local", "administrator", "BKK")
    wide = officer(app, "wide", "officer", ["BKK", "CMI"])
    assert [each["name"] for each in local.get(PATH).json["items"]] == ["anan", "local"]
    foreign = local.post(path_of(admin, "wide", "closing"))
    missing = local.post(f"{PATH}/{uuid4()}/closing")
    assert (foreign.status_code, foreign.json) == (missing.status_code, missing.json) == (404, missing.json)
    assert wide.get("/review/reports").status_code == 200
    beyond = change(local, "anan", offices=["HQ"])
    assert refused(beyond, "cannot-change-account", "beyond-offices")
    body = {"name": "new", "role": "administrator", "offices": ["HQ"]}
    assert refused(local.post(PATH, body), "cannot-change-account", "beyond-offices")


def issue(who: Resident, name: str, **wanted: Any) -> Any:
    return who.post(path_of(who, name, "first-use-code"), wanted)


def is_taken(app: Flask, name: str, code: str) -> bool:
    """Whether a passkey could be made with a code of first use."""
    asked = {"name": name, "password": PASSWORD, "code": code}
    answer = app.test_client().post("/api/v1/officers/passkeys/first/options", json=asked)
    return bool(answer.status_code == 200)


def test_a_code_of_first_use_is_shown_once_and_recorded_without_it(app, admin, anan) -> None:
    issued = issue(admin, "anan")
    assert (issued.status_code, issued.json["expires_at"][:19]) == (200, "2026-11-24T10:00:00")
    assert is_taken(app, "anan", issued.json["code"])
    assert not {"code", "expires_at"} & set(account(admin, "anan"))
    assert anan.get("/review/reports").status_code == 200, "its sessions go on: nothing was lost"
    told = query(app, "select actor, subject, data::text from events where kind = 'officer.changed'")
    assert told == [("administrator:admin", issued.json["id"], '{"change": "first-use-code"}')]


def test_a_code_that_replaces_what_was_lost_ends_it(app, admin, anan) -> None:
    with services_of(app).database.transaction() as session:
        officers.set_up_totp(session, "anan", actor="test", now=services_of(app).clock())
    issued = issue(admin, "anan", replace=True).json
    assert (issued["authenticator"], issued["sessions"]) == (False, 0)
    assert anan.get("/review/reports").status_code == 401
    assert is_taken(app, "anan", issued["code"])
    assert [change for *_, change in kinds(app)] == ["factors-replaced"]


def test_of_two_codes_issued_at_once_the_last_one_holds(app, admin, anan) -> None:
    other = officer(app, "other", "administrator")
    path = path_of(admin, "anan", "first-use-code")
    answers = together([lambda: admin.post(path, {}), lambda: other.post(path, {})])
    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted(is_taken(app, "anan", answer.json["code"]) for answer in answers) == [False, True]


def test_codes_are_not_for_oneself_a_closed_account_another_office_or_none(app, admin, anan) -> None:
    assert refused(issue(admin, "admin"), "cannot-change-account", "own-account")
    local = officer(app, "local", "administrator", "CMI")
    foreign = local.post(path_of(admin, "anan", "first-use-code"), {})
    missing = admin.post(f"{PATH}/{uuid4()}/first-use-code", {})
    assert (foreign.status_code, foreign.json) == (missing.status_code, missing.json) == (404, missing.json)
    for role in ("officer", "supervisor", "auditor"):
        who = officer(app, role, role)
        assert who.post(path_of(admin, "anan", "first-use-code"), {}).status_code == 403
    for wrong in ({"replace": "perhaps"}, {"replace": None}, {"code": "AAAAA-AAAAA"}):
        assert admin.post(path_of(admin, "anan", "first-use-code"), wrong).status_code == 422
    admin.post(path_of(admin, "anan", "closing"))
    assert refused(issue(admin, "anan"), "cannot-change-account", "closed")
    assert [change for *_, change in kinds(app)] == ["closed"]


def test_an_administrator_issues_so_many_codes_an_hour_and_others_go_on(app, admin, anan, clock) -> None:
    path, at = path_of(admin, "anan", "first-use-code"), services_of(app).clock()
    with services_of(app).database.transaction() as session:
        for _ in range(29):
            officer_passkeys.issue_code(session, "anan", replace=False, actor="administrator:admin", now=at)
    clock.pass_by(minutes=10)
    other = officer(app, "other", "administrator")
    answers = together([lambda: admin.post(path, {}), lambda: admin.post(path, {"replace": True})])
    assert sorted(answer.status_code for answer in answers) == [200, 429]
    late = admin.post(path, {})
    assert (late.status_code, late.json["code"], late.headers["Retry-After"]) == (429, "too-many-requests", "3001")
    assert other.post(path, {}).status_code == 200
    clock.pass_by(minutes=25)
    assert admin.get(PATH).status_code == 200, "the session goes on"
    clock.pass_by(minutes=25, seconds=1)
    assert admin.post(path, {}).status_code == 200
