"""No officer handles what is their own, or where a colleague flagged a conflict of interest."""

from uuid import uuid4

import pytest

from immigration.services import officers
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import officer, query, together

WHY = "It is my wife."


@pytest.fixture
def anan(app):
    return officer(app, "anan", office="BKK")


def declare(who, resident, name=None, reason=WHY):
    return who.post(f"/review/residents/{resident.id}/conflicts", {"officer": name, "reason": reason})


def acts(who, resident, number, case):
    """All that an officer may do with what is a person's, and the status of each answer."""
    report, person = f"/review/reports/{number}", f"/review/residents/{resident.id}"
    passport = {"document_number": "TEST00001", "issuing_state": "FRA", "purpose": "At the counter."}
    calls = {
        "open": lambda: who.get(report),
        "claim": lambda: who.post(f"{report}/claim"),
        "decide": lambda: who.post(f"{report}/decision", {"outcome": "accepted"}),
        "case": lambda: who.get(f"/review/cases/{case}"),
        "answer": lambda: who.post(f"/review/cases/{case}/answer", {"outcome": "explained", "text": "It is right."}),
        "search": lambda: who.post("/review/residents/search", passport),
        "receipt": lambda: who.post("/review/residents/search-by-receipt", {"receipt": number, "purpose": "A visit."}),
        "code": lambda: who.post(f"{person}/activation-codes"),
        "counter": lambda: who.post(f"{person}/counter-reports", {"receipt_number": "B-1"}),
    }
    return {name: make() for name, make in calls.items()}


@pytest.fixture
def case(resident):
    return resident.post("/me/cases", {"about": "entry", "text": "I came by land."}).json["number"]


def test_an_officer_handles_nothing_of_a_person_they_declared(app, resident, number, case, anan):
    made = declare(anan, resident)
    assert (made.status_code, made.json["officer"], made.json["made_by"]) == (201, "officer:anan", "officer:anan")
    answers = acts(anan, resident, number, case)
    assert {name: (each.status_code, each.json.get("code")) for name, each in answers.items()} == dict.fromkeys(
        answers, (403, "conflict-of-interest")
    )
    assert answers["open"].json["detail"] == f"you stated on 2026-11-23: {WHY}"
    assert query(app, "select status, (select count(*) from activation_codes) from reports") == [("under-review", 1)]
    lists = ("reports", "cases", "address-corrections", "approvals")
    assert {name: anan.get(f"/review/{name}").json["items"] for name in lists} == {name: [] for name in lists}
    named = {"name": "durand alix", "purpose": "At the counter."}
    assert anan.post("/review/residents/search-by-name", named).json["items"] == []


def test_a_colleague_handles_it(app, resident, number, case, anan):
    declare(anan, resident)
    colleague = officer(app, "boonma", office="BKK")
    assert {each.status_code for each in acts(colleague, resident, number, case).values()} <= {200, 201, 409}
    assert len(colleague.get("/review/cases?answered=true").json["items"]) == 1


def test_a_colleague_flags_an_officer_who_is_told_why_and_not_by_whom(app, resident, number, anan):
    assert anan.post(f"/review/reports/{number}/claim").status_code == 200
    colleague = officer(app, "boonma", office="BKK")
    assert declare(colleague, resident, "anan", "They are married.").status_code == 201
    refused = anan.post(f"/review/reports/{number}/decision", {"outcome": "accepted"})
    assert refused.json["detail"] == "a colleague stated on 2026-11-23: They are married."
    assert query(app, "select count(*) from claims") == [(0,)]
    assert query(
        app, "select actor, data->>'officer', data->>'reason' from events where kind = 'conflict.declared'"
    ) == [("officer:boonma", "officer:anan", "They are married.")]


def test_the_same_again_stands_once(app, resident, anan):
    colleague = officer(app, "boonma", office="BKK")
    answers = together([lambda: declare(colleague, resident, "anan") for _ in range(4)])
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert query(app, "select count(*) from conflicts") == [(1,)]


def test_a_supervisor_ends_it_and_not_who_it_is_about(app, resident, number, anan):
    made = declare(anan, resident).json
    end = f"/review/conflicts/{made['id']}/end"
    chief = officer(app, "chief", "supervisor", "BKK")
    [shown] = chief.get("/review/conflicts").json["items"]
    assert (shown["id"], shown["reason"], shown["resident_id"]) == (made["id"], WHY, resident.id)
    assert anan.post(end, {"reason": "Over."}).status_code == 403
    assert officer(app, "far", "supervisor", "CMI").post(end, {"reason": "Over."}).status_code == 404
    assert chief.post(end, {"reason": ""}).status_code == 422
    assert anan.get(f"/review/reports/{number}").status_code == 403
    assert (chief.post(end, {"reason": "Over."}).status_code, chief.post(end, {"reason": "Over."}).status_code) == (
        204,
        204,
    )
    assert anan.get(f"/review/reports/{number}").status_code == 200
    assert chief.get("/review/conflicts").json["items"] == []
    assert query(app, "select count(*) from events where kind = 'conflict.ended'") == [(1,)]


def test_a_supervisor_does_not_end_what_is_about_them(app, resident):
    chief = officer(app, "chief", "supervisor", "BKK")
    made = declare(chief, resident).json
    answer = chief.post(f"/review/conflicts/{made['id']}/end", {"reason": "Over."})
    assert (answer.status_code, answer.json["code"]) == (403, "conflict-of-interest")


def test_who_is_flagged_approves_nothing_about_the_person(app, resident, number, anan):
    asker = officer(app, "asker", office="BKK")
    beyond = {"outcome": "accepted", "next_due_on": "2027-06-01", "note": "In hospital."}
    asked = asker.post(f"/review/reports/{number}/decision", beyond).json["approval"]
    declare(anan, resident)
    answer = anan.post(f"/review/approvals/{asked}", {"outcome": "approved", "note": ""})
    assert (answer.status_code, answer.json["code"]) == (403, "conflict-of-interest")
    assert query(app, "select status from reports") == [("under-review",)]


def test_an_officer_sees_what_is_about_themself_only(app, resident, anan):
    declare(anan, resident)
    assert len(anan.get("/review/conflicts").json["items"]) == 1
    assert officer(app, "boonma", office="BKK").get("/review/conflicts").json["items"] == []


LOOKS = "select data->>'purpose', person_id, data->>'sought' from events where kind = 'resident.looked-up' order by id"


def test_a_look_that_a_conflict_refuses_is_recorded_as_one_in_vain(app, resident, number, anan):
    declare(anan, resident)
    passport = {"document_number": "TEST00001", "issuing_state": "FRA"}
    people = "/review/residents"
    calls = {
        f"{people}/search": passport | {"purpose": "By passport."},
        f"{people}/search-by-receipt": {"receipt": number, "purpose": "By receipt."},
        f"{people}/{resident.id}/look-ups": {"purpose": "By person."},
    }
    assert {anan.post(path, body).json["code"] for path, body in calls.items()} == {"conflict-of-interest"}
    looks = query(app, LOOKS)
    assert [(purpose, person) for purpose, person, _ in looks] == [(body["purpose"], None) for body in calls.values()]
    assert looks[0][2] == looks[2][2] != ""
    found = officer(app, "auditor", "auditor").post("/audit/look-ups", passport).json["items"]
    assert [each["data"]["purpose"] for each in found] == ["By person.", "By passport."]
    assert resident.get("/me/access-log").json["items"] == []


def test_no_exception_leads_past_a_conflict(app, resident, number, anan):
    declare(anan, resident)
    with services_of(app).database.transaction() as session:
        officers.move(session, "anan", ["CMI"], actor="test", now=NOW)
    passport = {"document_number": "TEST00001", "issuing_state": "FRA", "purpose": "A visit.", "reason": "She is here."}
    for path, body in (
        ("search", passport | {"stated_case": number}),
        ("search-by-receipt", {"receipt": number, "purpose": "A visit.", "reason": "She is here."}),
    ):
        answer = anan.post(f"/review/residents/{path}", body)
        assert (answer.status_code, answer.json["code"]) == (403, "conflict-of-interest"), path
    assert query(app, "select count(*) from office_exceptions") == [(0,)]
    assert len(query(app, LOOKS)) == 2


def test_of_nobody_and_for_no_officer_there_is_none(app, resident, number, anan):
    assert anan.post(f"/review/residents/{uuid4()}/conflicts", {"reason": WHY}).status_code == 404
    assert declare(anan, resident, "nobody").json["code"] == "unknown-officer"
    for body in ({}, {"reason": "x"}, {"reason": "y" * 201}, {"reason": WHY, "x": 1}, {"reason": "Passport AB1234567"}):
        assert anan.post(f"/review/residents/{resident.id}/conflicts", body).status_code == 422
    assert declare(officer(app, "far", office="CMI"), resident).status_code == 404


def test_corrections_and_approvals_of_the_person_are_in_no_list_of_the_officer(app, resident, number, anan):
    asker = officer(app, "asker", office="BKK")
    beyond = {"outcome": "accepted", "next_due_on": "2027-06-01", "note": "In hospital."}
    assert asker.post(f"/review/reports/{number}/decision", beyond).status_code == 202
    assert len(anan.get("/review/approvals").json["items"]) == 1
    declare(anan, resident)
    assert anan.get("/review/approvals").json["items"] == []
    assert len(officer(app, "boonma", office="BKK").get("/review/approvals").json["items"]) == 1
