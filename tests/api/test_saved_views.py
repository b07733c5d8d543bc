"""Views of the queue that an officer keeps under a name, each counted up to a limit."""

import pytest
from sqlalchemy import text

from immigration.rules.offices import HEADQUARTERS
from operations.services import services_of
from tests.factories import officer, query, sign_in, together

FIRST = {"name": "First reports", "filter": {"reason": "first-report", "waiting_days": 2}}


@pytest.fixture
def anan(app):
    return officer(app, "anan", office="BKK")


def views(who):
    return who.get("/review/views").json["items"]


def kept(view):
    """What of a view's filter filters something."""
    return {name: value for name, value in view["filter"].items() if value and value not in ("all", "under-review")}


def test_a_filter_is_kept_renamed_changed_and_removed(anan, number):
    made = anan.post("/review/views", FIRST)
    assert (made.status_code, made.json["name"], kept(made.json)) == (201, FIRST["name"], FIRST["filter"])
    path = f"/review/views/{made.json['id']}"
    changed = anan.client.put(
        f"/api/v1{path}", headers=anan.headers, json={"name": "Paris", "filter": {"nationality": "FRA"}}
    )
    assert (changed.status_code, changed.json["count"], changed.json["most"]) == (200, 1, 100)
    assert [(view["name"], kept(view), view["count"]) for view in views(anan)] == [("Paris", {"nationality": "FRA"}, 1)]
    assert anan.delete(path).status_code == 204
    assert (views(anan), anan.delete(path).status_code) == ([], 404)


def test_a_view_shows_what_its_filter_shows(app, clock, anan, number):
    view = anan.post("/review/views", FIRST).json
    assert view["count"] == 0, "it does not wait for two days yet"
    clock.pass_by(days=2)
    anan = sign_in(app, "anan")
    assert views(anan)[0]["count"] == 1
    sent = "&".join(f"{name}={value}" for name, value in FIRST["filter"].items())
    assert [line["number"] for line in anan.get(f"/review/reports?{sent}").json["items"]] == [number]


def test_a_count_ends_at_one_more_than_a_hundred(app, anan, number):
    with services_of(app).database.transaction() as session:
        columns = "holder_id, passport_id, entered_on, due_on, filed_at, filed_on, status, assurance, subdistrict_code"
        columns += ", address, contact, office, checks, reasons, policy_version, filing_statement"
        session.execute(
            text(
                f"insert into reports (number, person_id, period, {columns})"
                f" select number || n, person_id, period || n, {columns} from reports, generate_series(1, 150) n"
            )
        )
    assert anan.post("/review/views", {"name": "All", "filter": {}}).json["count"] == 101


def test_the_views_of_others_are_not_found(app, anan):
    view = anan.post("/review/views", FIRST).json
    other = officer(app, "boonma", office="BKK")
    assert views(other) == []
    path = f"/review/views/{view['id']}"
    assert other.client.put(f"/api/v1{path}", headers=other.headers, json=FIRST).status_code == 404
    assert other.delete(path).status_code == 404
    assert other.post("/review/views", FIRST).status_code == 201, "names are each officer's own"


def test_a_name_stands_once_and_the_same_again_is_the_same(anan):
    answers = together([lambda: anan.post("/review/views", FIRST) for _ in range(4)])
    assert {answer.json["id"] for answer in answers} == {views(anan)[0]["id"]}
    again = anan.post("/review/views", {"name": "FIRST reports", "filter": {}})
    assert (again.status_code, again.json["code"]) == (409, "view-name-taken")
    second = anan.post("/review/views", {"name": "Second", "filter": {}}).json
    renamed = {"name": "first REPORTS", "filter": {}}
    path = f"/api/v1/review/views/{second['id']}"
    assert anan.client.put(path, headers=anan.headers, json=renamed).json["code"] == "view-name-taken"
    own = {"name": "SECOND", "filter": {}}
    assert anan.client.put(path, headers=anan.headers, json=own).json["name"] == "SECOND"


def test_twenty_views_are_kept(anan):
    made = [anan.post("/review/views", {"name": f"View {n}", "filter": {}}) for n in range(21)]
    assert [answer.status_code for answer in made] == [201] * 20 + [409]
    assert (made[-1].json["code"], made[-1].json["most"]) == ("too-many-views", 20)


def test_an_office_that_an_officer_left_has_no_count(app, anan, number):
    anan.post("/review/views", {"name": "Here", "filter": {"office": "BKK"}})
    assert views(anan)[0]["count"] == 1
    with services_of(app).database.transaction() as session:
        session.execute(text("update officers set offices = '{CMI}', office = 'CMI' where name = 'anan'"))
    assert views(anan)[0]["count"] is None


def test_what_an_officer_must_not_handle_is_in_no_count(app, resident, number):
    chief = officer(app, "chief", office=HEADQUARTERS)
    view = {"name": "All", "filter": {}}
    assert chief.post("/review/views", view).json["count"] == 1
    chief.post(f"/review/residents/{resident.id}/conflicts", {"officer": None, "reason": "My wife."})
    assert views(chief)[0]["count"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x"},
        {"filter": {}},
        {"name": "  ", "filter": {}},
        {"name": "x" * 61, "filter": {}},
        {"name": "a\u202eb", "filter": {}},
        {"name": "AB1234567", "filter": {}},
        {"name": "x", "filter": []},
        {"name": "x", "filter": {"reason": "none"}},
        {"name": "x", "filter": {"cursor": "1"}},
        {"name": "x", "filter": {"waiting_days": 10**9}},
        {"name": "x", "filter": {"at_office_days": -1}},
    ],
)
def test_what_is_no_view_is_refused(app, anan, body):
    assert anan.post("/review/views", body).status_code == 422
    assert query(app, "select count(*) from saved_views") == [(0,)]


def test_a_name_may_hold_any_letters(anan):
    name = "=ด่วน <b>"
    assert anan.post("/review/views", {"name": name, "filter": {}}).json["name"] == name


def test_administrators_and_residents_have_none(app, resident):
    assert officer(app, "admin", "administrator").get("/review/views").status_code == 403
    assert resident.get("/review/views").status_code == 403
