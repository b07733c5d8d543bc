"""Officers act for their own offices; what lies outside is not found, or a recorded exception."""

from typing import Any

import pytest
from flask import Flask

from tests.access import SetClock
from tests.factories import Resident, approve, arrived, load, officer, query, row

WHO = {"document_number": "TEST00001", "issuing_state": "FRA", "purpose": "At the counter."}
REASON = {"reason": "Moved here; stands before me."}
SEARCH = "/review/residents/search"


def acts(staff: Resident, number: str, resident: Resident) -> dict[str, Any]:
    """Everything that an officer can do about a report and its author."""
    other = {"document_number": "OTHER0001", "issuing_state": "FRA", "reason": "Both are theirs."}
    return {
        "open": staff.get(f"/review/reports/{number}"),
        "decide": staff.post(f"/review/reports/{number}/decision", {"outcome": "rejected", "reasons": ["other"]}),
        "search": staff.post(SEARCH, WHO),
        "issue a code": staff.post(f"/review/residents/{resident.id}/activation-codes"),
        "link": staff.post(f"/review/residents/{resident.id}/links", other),
        "take in hand": staff.post(f"/review/reports/{number}/claim"),
        "see who has it": staff.get(f"/review/reports/{number}/claim"),
        "put back": staff.client.delete(f"/api/v1/review/reports/{number}/claim", headers=staff.headers),
        "queue": staff.get("/review/reports?office=BKK"),
    }


def test_nothing_of_another_office_is_found_and_nothing_of_it_changes(app: Flask, resident, number) -> None:
    load(app, "passports", row("passports", document_number="OTHER0001"))
    answers = acts(officer(app, office="CMI"), number, resident)
    assert {act: answer.status_code for act, answer in answers.items()} == dict.fromkeys(answers, 404)
    assert {answer.json["code"] for answer in answers.values()} == {"not-found"}
    assert query(app, "select status from reports") == [("under-review",)]
    boss = officer(app, "boss", "supervisor", "CMI")
    assert boss.post(f"/review/reports/{number}/reopening", {"note": "Mine?"}).status_code == 404


def test_what_is_foreign_is_answered_exactly_as_what_does_not_exist(app: Flask, resident, number) -> None:
    staff = officer(app, office="CMI")
    foreign, none = staff.get(f"/review/reports/{number}"), staff.get("/review/reports/R26-0000-0000-0000-0")
    assert (foreign.status_code, foreign.json) == (none.status_code, none.json)
    foreign, none = staff.post(SEARCH, WHO), staff.post(SEARCH, WHO | {"document_number": "NOBODY"})
    assert (foreign.status_code, foreign.json) == (none.status_code, none.json)


@pytest.mark.parametrize("office", ["BKK", ["CMI", "BKK"], "HQ", None])
def test_an_account_acts_for_each_of_its_offices_and_the_headquarters_for_all(
    app: Flask, resident, number, office
) -> None:
    staff = officer(app, office=office)
    assert [item["number"] for item in staff.get("/review/reports").json["items"]] == [number]
    assert staff.get(f"/review/reports/{number}").status_code == 200
    assert staff.post(SEARCH, WHO).status_code == 200
    assert staff.post(f"/review/residents/{resident.id}/activation-codes").status_code == 201


def test_one_of_several_offices_can_be_asked_for(app: Flask, number) -> None:
    staff = officer(app, office=["BKK", "CMI"])
    assert staff.get("/review/reports?office=CMI").json["items"] == []
    assert staff.get("/review/reports?office=PKT").status_code == 404


@pytest.mark.parametrize("office", ["XXX", "bkk", "", "BKK,CMI", "'"])
def test_an_office_that_there_is_not_is_refused(app: Flask, office: str) -> None:
    answer = officer(app).get(f"/review/reports?office={office}")
    assert (answer.status_code, answer.json["field_errors"][0]["code"]) == (422, "not-one-of")


def test_the_office_of_a_residence_finds_its_people_while_it_lasts(app: Flask) -> None:
    arrived(app)
    here = {"subdistrict_code": "500101", "address": "9 Tha Phae"}
    load(app, "residences", row("residences", residence_id="H1", **here))
    chiang_mai, bangkok = officer(app, "cm", office="CMI"), officer(app, "bk", office="BKK")
    assert (chiang_mai.post(SEARCH, WHO).status_code, bangkok.post(SEARCH, WHO).status_code) == (200, 404)
    load(app, "residences", row("residences", residence_id="H1", until_on="2026-11-01", **here))
    load(app, "residences", row("residences", residence_id="H2", from_on="2026-11-02"))
    assert (chiang_mai.post(SEARCH, WHO).status_code, bangkok.post(SEARCH, WHO).status_code) == (404, 200)


def test_an_office_that_took_an_earlier_report_no_longer_finds_the_person(app: Flask) -> None:
    arrived(app)
    load(app, "reports", row("reports", filed_on="2026-09-10", office="CMI", next_due_on="2026-12-09"))
    staff = officer(app, office="CMI")
    assert staff.post(SEARCH, WHO).status_code == 200
    load(app, "reports", row("reports", filed_on="2026-09-20", office="PKT", next_due_on="2026-12-19"))
    assert staff.post(SEARCH, WHO).status_code == 404


def test_a_person_of_no_office_is_found_by_any_and_that_is_noted(app: Flask) -> None:
    arrived(app)
    assert officer(app, office="PKT").post(SEARCH, WHO).status_code == 200
    assert looked(app) == [("no-office", ["PKT"])]


def looked(app: Flask) -> list[tuple[Any, ...]]:
    """What each look-up was allowed by, and the offices of the officer."""
    return query(app, "select data->>'link', data->'offices' from events where kind = 'resident.looked-up' order by id")


def test_a_stated_case_opens_an_exception_that_the_office_and_the_auditor_see(
    app: Flask, clock: SetClock, resident, number
) -> None:
    staff = officer(app, office="CMI")
    stated = WHO | REASON | {"stated_case": number.lower()}
    assert staff.post(SEARCH, stated).json["resident_id"] == resident.id
    assert staff.get(f"/review/reports/{number}").status_code == 200
    assert staff.post(f"/review/residents/{resident.id}/activation-codes").status_code == 201
    [seen] = officer(app, "auditor", "auditor").get("/review/exceptions").json["items"]
    assert (seen["officer"], seen["officer_offices"], seen["offices"]) == ("officer:somchai", ["CMI"], ["BKK"])
    assert (seen["reason"], seen["stated_case"]) == (REASON["reason"], number)
    assert officer(app, "theirs", office="BKK").get("/review/exceptions").json["items"] == [seen]
    assert officer(app, "others", office="PKT").get("/review/exceptions").json["items"] == []
    used = query(app, "select data->>'act' from events where kind = 'office-exception.used' order by id")
    assert used == [("open",), ("issue-code",)]
    statuses = []
    for minutes in (29, 29, 2):
        clock.pass_by(minutes=minutes)
        statuses.append(staff.get(f"/review/reports/{number}").status_code)
    assert statuses == [200, 200, 404]


def test_an_exception_is_of_one_officer_and_one_person(app: Flask, resident, number) -> None:
    load(app, "passports", row("passports", document_number="TEST00002", birth_date="1980-01-01"))
    load(app, "residences", row("residences", document_number="TEST00002"))
    staff, colleague = officer(app, office="CMI"), officer(app, "colleague", office="CMI")
    assert staff.post(SEARCH, WHO | REASON | {"stated_case": number}).status_code == 200
    assert colleague.get(f"/review/reports/{number}").status_code == 404
    other = {"document_number": "TEST00002"}
    assert staff.post(SEARCH, WHO | other).status_code == 404
    assert staff.post(SEARCH, WHO | other | REASON | {"stated_case": number}).status_code == 404


def test_a_receipt_is_a_stated_case_too(app: Flask, resident, number) -> None:
    decided = officer(app, "bk", office="BKK").post(f"/review/reports/{number}/decision", {"outcome": "accepted"})
    stated = WHO | REASON | {"stated_case": decided.json["receipt"]["number"]}
    assert officer(app, office="CMI").post(SEARCH, stated).status_code == 200


def test_a_case_needs_a_reason(app: Flask, number) -> None:
    answer = officer(app, office="CMI").post(SEARCH, WHO | {"stated_case": number})
    assert (answer.status_code, answer.json["field_errors"][0]["field"]) == (422, "reason")


def test_a_reason_alone_waits_for_another_person(app: Flask, resident, number) -> None:
    staff = officer(app, office="CMI")
    asked = staff.post(SEARCH, WHO | REASON)
    assert (asked.status_code, staff.post(SEARCH, WHO).status_code) == (202, 404)
    approve(app, asked, office="BKK")
    assert staff.post(SEARCH, WHO).json["resident_id"] == resident.id
    [seen] = staff.get("/review/exceptions").json["items"] or officer(app, "hq").get("/review/exceptions").json["items"]
    assert seen["approved_by"].startswith("officer:second")


def test_a_refused_look_stays_not_found(app: Flask, resident, number) -> None:
    staff = officer(app, office="CMI")
    approve(app, staff.post(SEARCH, WHO | REASON), "refused", office="BKK")
    assert staff.post(SEARCH, WHO).status_code == 404


def test_asking_for_a_look_does_not_tell_whether_there_is_such_a_passport(app: Flask, resident, number) -> None:
    staff = officer(app, office="CMI")
    nobody = staff.post(SEARCH, WHO | REASON | {"document_number": "NOBODY"})
    assert nobody.status_code == staff.post(SEARCH, WHO | REASON).status_code == 202
    first, second = staff.get("/review/approvals").json["items"]
    told = ("kind", "state", "report", "asked", "requested_by")
    assert [first[name] for name in told] == [second[name] for name in told]
    assert approve(app, nobody, office="CMI").status_code == 200
    assert staff.post(SEARCH, WHO | {"document_number": "NOBODY"}).status_code == 404


def test_a_report_whose_number_was_given_is_opened_for_a_reason(app: Flask, number) -> None:
    staff, path = officer(app, office="CMI"), f"/review/reports/{number}"
    assert staff.post(f"{path}/exception", {"reason": ""}).status_code == 422
    assert staff.post("/review/reports/R26-0000-0000-0000-0/exception", REASON).status_code == 404
    assert staff.post(f"{path}/exception", REASON).json["offices"] == ["BKK"]
    assert staff.get(path).json["report"]["number"] == number
