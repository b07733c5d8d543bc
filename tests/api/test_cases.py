""" "My record is wrong": a case goes to the right office, has a clock, and its author is told of the answer."""

from functools import partial

import pytest
from flask import Flask

from notifications import rounds
from operations.services import services_of
from operations.subscribing import SUBSCRIBERS
from tests.access import SetClock
from tests.factories import Resident, activate, arrived, load, officer, query, row, together

WRONG = {"about": "report-missing", "text": "I reported at Chaeng Watthana on 2 November.\nMy receipt is B-1."}
FOUND = {"outcome": "corrected", "text": "The report was typed in under another passport. It is put right."}


@pytest.fixture
def resident(app: Flask) -> Resident:
    arrived(app)
    load(app, "residences", row("residences"))
    return activate(app, assurance="mail")


@pytest.fixture
def staff(app: Flask) -> Resident:
    return officer(app, office="BKK")


def opened(resident: Resident, **changes: str) -> dict[str, str]:
    answer = resident.post("/me/cases", WRONG | changes)
    assert answer.status_code == 201, answer.json
    case: dict[str, str] = answer.json
    return case


def answer_path(case: dict[str, str]) -> str:
    return f"/review/cases/{case['number']}/answer"


def test_a_case_goes_to_the_office_of_the_resident_with_a_clock_of_working_days(resident: Resident) -> None:
    case = opened(resident)
    assert (case["status"], case["office"], case["due_by"]) == ("open", "BKK", "2026-11-30")
    assert resident.get("/me/cases").json["items"] == [case]


@pytest.mark.parametrize("about", ["correction", "erasure"])
def test_a_request_by_the_law_of_privacy_has_the_limit_of_that_law(resident: Resident, about: str) -> None:
    assert opened(resident, about=about)["due_by"] == "2026-12-23"


def test_a_case_about_a_report_goes_to_the_office_of_that_report(resident: Resident) -> None:
    number = resident.file(subdistrict_code="500101", postal_code="50200").json["number"]
    assert opened(resident, about=number)["office"] == "CMI"


def test_somebody_of_no_office_is_answered_by_the_headquarters(app: Flask) -> None:
    arrived(app)
    assert opened(activate(app, assurance="mail"))["office"] == "HQ"


def test_the_list_of_officers_has_no_names_and_no_words_of_residents(resident: Resident, staff: Resident) -> None:
    case = opened(resident)
    [line] = staff.get("/review/cases").json["items"]
    assert set(line) == {
        "number",
        "status",
        "about",
        "office",
        "opened_at",
        "due_by",
        "overdue",
        "office_since",
        "office_days",
    }
    assert resident.get("/me/access-log").json["items"] == []
    assert staff.get(f"/review/cases/{case['number']}").json["text"] == WRONG["text"]
    assert [entry["act"] for entry in resident.get("/me/access-log").json["items"]] == ["case-read"]


def test_the_person_is_told_of_the_answer(app: Flask, clock: SetClock, resident, staff) -> None:
    case = opened(resident)
    answered = staff.post(answer_path(case), FOUND)
    assert (answered.status_code, answered.json["status"]) == (200, "answered")
    assert staff.get("/review/cases").json["items"] == []
    assert [line["number"] for line in staff.get("/review/cases?answered=true").json["items"]] == [case["number"]]
    [own] = resident.get("/me/cases").json["items"]
    assert (own["status"], own["outcome"], own["answer"]) == ("answered", "corrected", FOUND["text"])
    rounds.relay_round(services_of(app).database, SUBSCRIBERS)
    titles = [item["title"] for item in resident.get("/notifications").json["items"]]
    assert "Your case was answered" in titles


def test_the_same_answer_again_changes_nothing_and_another_is_refused(app: Flask, resident, staff) -> None:
    path = answer_path(opened(resident))
    assert staff.post(path, FOUND).json == staff.post(path, FOUND).json
    assert query(app, "select count(*) from events where kind = 'case.answered'") == [(1,)]
    other = staff.post(path, FOUND | {"outcome": "refused"})
    assert (other.status_code, other.json["code"]) == (409, "cannot-answer")
    assert staff.post(path, {"transfer_to": "CMI"}).status_code == 409


def test_a_case_given_to_another_office_goes_on_there_with_its_clock(app: Flask, resident, staff) -> None:
    case = opened(resident)
    given = staff.post(answer_path(case), {"transfer_to": "CMI"})
    assert (given.json["status"], given.json["office"], given.json["due_by"]) == ("transferred", "CMI", case["due_by"])
    assert staff.post(answer_path(case), FOUND).status_code == 404
    assert officer(app, "there", office="CMI").post(answer_path(case), FOUND).status_code == 200


@pytest.mark.parametrize(("office", "status", "code"), [("XXX", 422, "unknown-office"), ("BKK", 409, "cannot-answer")])
def test_a_case_is_not_given_to_no_office_or_the_same(resident, staff, office: str, status: int, code: str) -> None:
    refused = staff.post(answer_path(opened(resident)), {"transfer_to": office})
    assert (refused.status_code, refused.json["code"]) == (status, code)


def test_a_case_of_another_office_is_not_found(app: Flask, resident) -> None:
    case, far = opened(resident), officer(app, "far", office="CMI")
    assert far.get("/review/cases").json["items"] == []
    assert far.get(f"/review/cases/{case['number']}").status_code == 404
    foreign, none = far.post(answer_path(case), FOUND), far.post("/review/cases/K26-0000-0000-0000-0/answer", FOUND)
    assert (foreign.status_code, foreign.json) == (404, none.json)


def test_nobody_sees_the_cases_of_another(app: Flask, resident) -> None:
    opened(resident)
    load(app, "passports", row("passports", document_number="TEST00002"))
    assert activate(app, "TEST00002").get("/me/cases").json["items"] == []


def test_the_same_case_again_while_it_waits_is_one_and_there_are_not_too_many(app: Flask, resident) -> None:
    assert opened(resident) == opened(resident)
    bodies = [WRONG | {"text": f"Wrong: {n}."} for n in range(12)]
    results = together([partial(resident.post, "/me/cases", body) for body in bodies])
    assert sorted(result.status_code for result in results) == [201] * 9 + [409] * 3
    assert {result.json["code"] for result in results if result.status_code == 409} == {"too-many-cases"}


def test_a_case_beyond_its_day_is_shown_as_overdue(clock: SetClock, app: Flask, resident) -> None:
    opened(resident)
    clock.pass_by(days=7)
    assert [line["overdue"] for line in officer(app, "bk", office="BKK").get("/review/cases").json["items"]] == [False]
    clock.pass_by(days=1)
    assert [line["overdue"] for line in officer(app, "bk2", office="BKK").get("/review/cases").json["items"]] == [True]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"about": ""},
        {"text": "x"},
        {"text": "x" * 4001},
        {"about": "x" * 61},
        {"text": "a\x07b and more"},
        {"text": "\u202emore"},
    ],
)
def test_what_is_no_case_is_refused(resident: Resident, body: dict[str, str]) -> None:
    assert resident.post("/me/cases", (WRONG | body) if body else {}).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"outcome": "corrected"},
        {"outcome": "perhaps", "text": "Something."},
        {"text": "Something."},
        FOUND | {"transfer_to": "CMI"},
        FOUND | {"more": 1},
    ],
)
def test_what_is_no_answer_is_refused(resident: Resident, staff: Resident, body: dict[str, str]) -> None:
    assert staff.post(answer_path(opened(resident)), body).status_code == 422


def test_the_number_of_a_case_is_a_stated_case(app: Flask, resident: Resident) -> None:
    asked = {"document_number": "TEST00001", "issuing_state": "FRA", "purpose": "A call.", "reason": "Called us."}
    far = officer(app, "far", office="CMI")
    number = opened(resident)["number"]
    assert far.post("/review/residents/search", asked | {"stated_case": number}).status_code == 200
    load(app, "passports", row("passports", document_number="TEST00002"))
    load(app, "residences", row("residences", document_number="TEST00002"))
    other = asked | {"document_number": "TEST00002", "stated_case": number}
    assert far.post("/review/residents/search", other).status_code == 404


def test_what_is_written_is_not_readable_in_the_database(app: Flask, resident, staff) -> None:
    staff.post(answer_path(opened(resident)), FOUND)
    [(kept,)] = query(app, "select c::text from cases c")
    assert "Chaeng" not in kept
    assert "typed" not in kept
