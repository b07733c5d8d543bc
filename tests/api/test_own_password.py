"""An officer changes their own password: the present one is needed, other sessions end, and guesses are held up."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from foundation.http import SESSION_COOKIE
from immigration.services import passwords
from tests.access import make_app
from tests.factories import PASSWORD, activate, arrived, officer, query, sign_in

NEXT = "plum tart after rain"
PATH = "/api/v1/officers/password"


@pytest.fixture
def anan(app):
    return officer(app, "anan")


def change(staff, current=PASSWORD, password=NEXT):
    body = {"current_password": current, "password": password}
    return staff.client.put(PATH, json=body, headers=staff.headers)


def code(answer):
    return answer.status_code, answer.json["code"]


def signs_in(app, password):
    body = {"name": "anan", "password": password}
    return app.test_client().post("/api/v1/officers/sessions", json=body).status_code


def lives(staff):
    return staff.get("/officers/passkeys").status_code == 200


def changes(app):
    return query(app, "select actor, data->>'change' from events where kind = 'officer.changed' order by id")


@pytest.mark.parametrize("role", ["officer", "supervisor", "administrator", "auditor"])
def test_the_next_password_signs_in_and_the_former_one_does_not(app, role):
    staff = officer(app, "anan", role)
    assert change(staff).status_code == 204
    assert (signs_in(app, PASSWORD), signs_in(app, NEXT)) == (401, 201)
    assert changes(app) == [(f"{role}:anan", "own-password")]
    assert NEXT not in str(query(app, "select data from events"))


def test_other_sessions_end_and_this_one_goes_on(app, anan):
    other, colleague = sign_in(app, "anan"), officer(app, "ploy")
    assert change(anan).status_code == 204
    assert (lives(anan), lives(other), lives(colleague)) == (True, False, True)


def test_the_session_of_the_console_goes_on_too(app, anan):
    client = app.test_client()
    own = {"Sec-Fetch-Site": "same-origin"}
    body = {"name": "anan", "password": PASSWORD}
    assert client.post("/api/v1/console/session", json=body, headers=own, base_url="https://localhost").status_code
    assert client.get_cookie(SESSION_COOKIE, domain="localhost")
    changed = {"current_password": PASSWORD, "password": NEXT}
    assert client.put(PATH, json=changed, headers=own, base_url="https://localhost").status_code == 204
    answer = client.get("/api/v1/console/session", headers=own, base_url="https://localhost")
    assert (answer.status_code, lives(anan)) == (200, False)


def test_without_the_present_password_nothing_changes_and_it_is_on_record(app, anan):
    assert code(change(anan, current="not the present one")) == (422, "wrong-password")
    assert signs_in(app, PASSWORD) == 201
    assert changes(app) == []
    failed = "select actor from events where kind = 'officer.sign-in-failed'"
    assert query(app, failed) == [("officer:anan",)]


@pytest.mark.parametrize(
    ("password", "obstacles"),
    [("too short", ["too-short"]), ("password1234567", ["common"]), ("anan and the plum tart", ["name"])],
)
def test_a_weak_password_is_refused_with_its_reasons(app, anan, password, obstacles):
    for _ in range(12):  # what is weak is no guess, however often it is tried
        answer = change(anan, password=password)
        assert (*code(answer), answer.json["obstacles"]) == (422, "weak-password", obstacles)
    assert change(anan).status_code == 204


def test_the_present_password_is_no_next_one(app, anan):
    assert code(change(anan, password=PASSWORD)) == (422, "same-password")
    assert changes(app) == []


def test_a_stolen_session_does_not_guess_the_password(app, anan):
    answers = [change(anan, current=f"guess number {n}") for n in range(30)]
    assert {answer.status_code for answer in answers} == {422, 429}
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert code(change(anan)) == (429, "too-many-requests")
    guessed = query(app, "select count(*) from events where kind = 'officer.sign-in-failed'")[0][0]
    assert guessed == sum(answer.status_code == 422 for answer in answers) < 15


def test_a_right_change_forgets_wrong_ones_before_it(app, anan):
    for now_one, next_one in ((PASSWORD, NEXT), (NEXT, PASSWORD)) * 3:
        for _ in range(3):
            assert code(change(anan, current="a wrong password", password=next_one)) == (422, "wrong-password")
        assert change(anan, current=now_one, password=next_one).status_code == 204


def test_of_two_changes_at_once_one_counts(app, database, clock, anan):
    nexts = [NEXT, "seven green mountains"]
    elsewhere = make_app(database, clock)

    def on(place, password):
        body = {"current_password": PASSWORD, "password": password}
        return place.test_client().put(PATH, json=body, headers=anan.headers).status_code

    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(on, (app, elsewhere), nexts))
    assert sorted(got) == [204, 422]
    assert signs_in(app, nexts[got.index(204)]) == 201
    assert changes(app) == [("officer:anan", "own-password")]


def test_what_was_checked_before_another_change_does_not_count(app, anan, monkeypatch):
    """The administrator sets another password while this one is being hashed."""
    hashes = passwords.replaced

    def meanwhile(*given, **more):
        made = hashes(*given, **more)
        monkeypatch.setattr(passwords, "replaced", hashes)
        assert change(anan, password="seven green mountains").status_code == 204
        return made

    monkeypatch.setattr(passwords, "replaced", meanwhile)
    assert code(change(anan)) == (422, "wrong-password")
    assert signs_in(app, "seven green mountains") == 201


@pytest.mark.parametrize(
    "body",
    [
        *({}, [], None, {"password": NEXT}, {"current_password": PASSWORD}),
        {"current_password": PASSWORD, "password": None},
        {"current_password": PASSWORD, "password": "x" * 257},
        {"current_password": "x" * 257, "password": NEXT},
        {"current_password": PASSWORD, "password": NEXT, "name": "ploy"},
    ],
)
def test_what_is_malformed_is_refused_and_is_no_guess(app, anan, body):
    for _ in range(12):
        assert anan.client.put(PATH, json=body, headers=anan.headers).status_code in (400, 422)
    assert change(anan).status_code == 204


def test_residents_and_nobody_have_no_such_password(app):
    arrived(app)
    assert code(change(activate(app))) == (403, "forbidden")
    assert app.test_client().put(PATH, json={}).status_code == 401
