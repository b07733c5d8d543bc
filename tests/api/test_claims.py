"""Having a report in hand, and the queue that shows it."""

import pytest

from tests.access import make_app
from tests.factories import activate, arrived, load, officer, query, row, together

NO_NAMES = {"number", "status", "filed_at", "due_on", "answer_by", "office", "office_since", "office_days", "reasons",
            "nationality", "visa_class", "assurance", "claimed_by", "mine"}  # fmt: skip


@pytest.fixture
def app(database, clock):
    return make_app(database, clock)


@pytest.fixture
def number(app):
    arrived(app)
    return activate(app, assurance="mail").file().json["number"]


def claim(staff, number):
    return staff.post(f"/review/reports/{number}/claim")


def accept(staff, number):
    return staff.post(f"/review/reports/{number}/decision", {"outcome": "accepted"})


def holder(staff, number):
    answer = staff.get(f"/review/reports/{number}/claim").json
    return answer["claimed_by"], answer["mine"]


def test_of_two_officers_one_gets_the_report(app, number):
    staff = [officer(app, name) for name in ("somchai", "malee")]
    answers = together([lambda each=each: claim(each, number) for each in staff])
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    got = next(answer for answer in answers if answer.status_code == 200)
    assert refused.json["code"] == "claimed"
    assert refused.json["claimed_by"] == got.json["claimed_by"]
    assert got.json["mine"] is True
    assert refused.json["until"] == got.json["expires_at"]


def test_while_one_has_it_another_does_not_decide(app, number):
    somchai, malee = officer(app, "somchai"), officer(app, "malee")
    claim(somchai, number)
    refused = accept(malee, number)
    assert (refused.status_code, refused.json["code"], refused.json["claimed_by"]) == (409, "claimed", "somchai")
    assert accept(somchai, number).status_code == 200
    assert query(app, "select count(*) from claims") == [(0,)]
    assert query(app, "select count(*) from decisions where decided_by <> 'system'") == [(1,)]


def test_two_decisions_at_once_make_one(app, number):
    staff = [officer(app, name) for name in ("somchai", "malee")]
    answers = together([lambda each=each: accept(each, number) for each in staff])
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert query(app, "select count(*) from decisions where decided_by <> 'system'") == [(1,)]


def test_without_a_claim_anyone_decides(app, number):
    assert accept(officer(app), number).status_code == 200


def test_a_claim_ends_by_itself_and_is_kept_by_asking_again(app, clock, number):
    somchai, malee = officer(app, "somchai"), officer(app, "malee")
    claim(somchai, number)
    clock.pass_by(minutes=14)
    assert claim(somchai, number).status_code == 200
    clock.pass_by(minutes=14)
    assert claim(malee, number).status_code == 409
    assert holder(malee, number) == ("somchai", False)
    clock.pass_by(minutes=1)
    assert holder(malee, number) == (None, False)
    assert claim(malee, number).json["claimed_by"] == "malee"
    assert accept(somchai, number).status_code == 409


def test_only_who_has_it_puts_it_back(app, number):
    somchai, malee = officer(app, "somchai"), officer(app, "malee")
    claim(somchai, number)
    path = f"/api/v1/review/reports/{number}/claim"
    assert malee.client.delete(path, headers=malee.headers).status_code == 204
    assert holder(somchai, number) == ("somchai", True)
    assert somchai.client.delete(path, headers=somchai.headers).status_code == 204
    assert holder(somchai, number) == (None, False)


def test_a_report_that_is_decided_cannot_be_taken(app, number):
    somchai = officer(app, "somchai")
    accept(somchai, number)
    answer = claim(somchai, number)
    assert (answer.status_code, answer.json["code"]) == (409, "cannot-claim")


def test_an_unknown_report_is_not_found(app):
    staff = officer(app)
    for answer in (claim(staff, "RN1"), staff.get("/review/reports/RN1/claim")):
        assert (answer.status_code, answer.json["code"]) == (404, "not-found")


def test_an_auditor_takes_nothing(app, number):
    assert claim(officer(app, "auditor", "auditor"), number).status_code == 403


def test_asking_who_has_it_is_no_look_up(app, number):
    staff = officer(app)
    claim(staff, number)
    staff.get(f"/review/reports/{number}/claim")
    staff.get("/review/reports")
    assert query(app, "select count(*) from events where kind = 'report.opened'") == [(0,)]


def test_what_an_officer_opens_says_why_they_cannot_decide(app, number):
    somchai, malee = officer(app, "somchai"), officer(app, "malee")
    path = f"/review/reports/{number}"
    assert malee.get(path).json["obstacles"] == []
    claim(somchai, number)
    thai = malee.client.get(f"/api/v1{path}", headers=malee.headers | {"Accept-Language": "th"}).json["obstacles"]
    assert [each["code"] for each in thai] == ["claimed"]
    assert thai[0]["text"].startswith("เจ้าหน้าที่")
    assert [each["code"] for each in somchai.get(path).json["obstacles"]] == []
    accept(somchai, number)
    codes = [each["code"] for each in somchai.get(path).json["obstacles"]]
    assert codes == ["not-under-review", "own-decision"]
    auditor = officer(app, "auditor", "auditor")
    assert [each["code"] for each in auditor.get(path).json["obstacles"]] == ["role", "not-under-review"]


def test_the_queue_holds_no_names_and_says_until_when_to_answer(app, number):
    (line,) = officer(app).get("/review/reports").json["items"]
    assert line.keys() == NO_NAMES
    assert (line["number"], line["nationality"], line["visa_class"]) == (number, "FRA", "NON-O")
    assert line["answer_by"] == "2026-11-26"  # filed on Monday 23 November
    assert (line["claimed_by"], line["mine"]) == (None, False)


@pytest.mark.parametrize(
    ("fits", "other"),
    [
        ("reason=first-report", "reason=duplicate"),
        ("nationality=FRA", "nationality=DEU"),
        ("visa_class=NON-O", "visa_class=NON-B"),
        ("assurance=mail", "assurance=counter"),
        ("waiting_days=2", "waiting_days=3"),
        ("at_office_days=2", "at_office_days=3"),
        ("office=BKK", "office=CMI"),
        ("office=all", "status=returned"),
    ],
)
def test_the_queue_is_filtered(app, clock, number, fits, other):
    clock.pass_by(days=2)
    staff = officer(app)
    assert [line["number"] for line in staff.get(f"/review/reports?{fits}").json["items"]] == [number]
    assert staff.get(f"/review/reports?{other}").json["items"] == []


@pytest.mark.parametrize("recorded", ["D", "DEU"])
def test_a_german_is_found_in_the_queue_however_the_passport_writes_it(app, recorded):
    load(app, "passports", row("passports", document_number="C01X00T47", issuing_state=recorded, nationality=recorded))
    who = {"document_number": "C01X00T47", "issuing_state": recorded}
    load(app, "movements", row("movements", **who))
    number = activate(app, "C01X00T47", "DEU", assurance="mail").file().json["number"]
    staff = officer(app)
    for wanted in ("D", "DEU"):
        (line,) = staff.get(f"/review/reports?nationality={wanted}").json["items"]
        assert (line["number"], line["nationality"]) == (number, "DEU")


@pytest.mark.parametrize(
    "bad", ["reason=none", "nationality=fra", "assurance=post", "waiting_days=-1", "at_office_days=100", "mine=perhaps"]
)
def test_a_filter_that_cannot_be_is_refused(app, bad):
    assert officer(app).get(f"/review/reports?{bad}").status_code == 422


def test_mine_are_those_in_hand(app, number):
    somchai, malee = officer(app, "somchai"), officer(app, "malee", office="BKK")
    claim(somchai, number)
    assert [line["mine"] for line in somchai.get("/review/reports?mine=true&office=all").json["items"]] == [True]
    assert malee.get("/review/reports?mine=true&office=all").json["items"] == []
    assert malee.get("/review/reports?office=all").json["items"][0]["claimed_by"] == "somchai"
    assert [each.get("/review/counts").json["mine"] for each in (somchai, malee)] == [1, 0]


def test_a_list_that_has_not_changed_is_not_sent_again(app, number):
    staff = officer(app)
    first = staff.get("/review/reports")
    again = staff.client.get("/api/v1/review/reports", headers=staff.headers | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    claim(staff, number)
    changed = staff.client.get(
        "/api/v1/review/reports", headers=staff.headers | {"If-None-Match": first.headers["ETag"]}
    )
    assert changed.status_code == 200


def test_pages_do_not_overlap(app):
    for n in range(3):
        name = f"TEST0001{n}"
        load(app, "passports", row("passports", document_number=name))
        load(app, "movements", row("movements", document_number=name, occurred_on="2026-09-01"))
        assert activate(app, name, assurance="mail").file().status_code == 201
    staff = officer(app)
    first = staff.get("/review/reports?limit=2").json
    second = staff.get(f"/review/reports?limit=2&cursor={first['next_cursor']}").json
    numbers = [line["number"] for line in (*first["items"], *second["items"])]
    assert len(set(numbers)) == 3
    assert second["next_cursor"] is None
