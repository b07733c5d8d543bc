"""A slip in the address of an accepted report: status and receipt stay."""

from typing import Any

import pytest
from flask import Flask

from tests.access import SetClock
from tests.factories import ADDRESS, Resident, activate, approve, arrived, load, officer, query, row, together
from tests.linking import messages, relay

NEARBY = {"house_number": "11", "soi": "Sukhumvit 13"}
ELSEWHERE = {"subdistrict_code": "500101", "postal_code": "50200"}
"""In Chiang Mai, whose office is CMI."""


@pytest.fixture
def resident(app: Flask) -> Resident:
    arrived(app)
    load(app, "residences", row("residences"))
    return activate(app)


@pytest.fixture
def report(resident: Resident) -> dict[str, Any]:
    filed: dict[str, Any] = resident.file().json
    assert filed["status"] == "accepted"
    return filed


def correct(resident: Resident, number: str, key: str = "one", **changes: str) -> Any:
    address = {"address": ADDRESS | changes}
    return resident.post(f"/reports/{number}/address-correction", address, **{"Idempotency-Key": key})


def decide(staff: Resident, number: str, outcome: str = "applied", note: str = "") -> Any:
    return staff.post(f"/review/address-corrections/{number}/decision", {"outcome": outcome, "note": note})


def kept(resident: Resident, report: dict[str, Any]) -> None:
    """Status, receipt, dates and statement of the report are those of before, and the receipt is valid."""
    shown = resident.get(f"/reports/{report['number']}").json
    assert {name: shown[name] for name in report} == report
    assert resident.get("/me/stay").json["obligation"]["due_on"] == report["receipt"]["next_due_on"]
    verdict = resident.post("/receipts/verify", {"receipt": report["receipt"]["number"]}).json
    assert (verdict["valid"], verdict["status"]) == (True, "accepted")


def test_within_the_subdistrict_it_is_applied_at_once(app: Flask, resident: Resident, report: dict[str, Any]) -> None:
    answer = correct(resident, report["number"], **NEARBY)
    assert (answer.status_code, answer.json["status"]) == (201, "applied")
    shown = resident.get(f"/reports/{report['number']}").json
    assert shown["address"] == ADDRESS | NEARBY
    assert shown["address_correction"] == answer.json
    assert resident.get("/reports").json["items"][0]["address"] == ADDRESS | NEARBY  # what the app fills in next
    kept(resident, report)
    relay(app)
    assert messages(resident).count("report.address-corrected") == 1


def test_a_correction_has_a_signed_statement_of_its_own(resident: Resident, report: dict[str, Any]) -> None:
    corrected = correct(resident, report["number"], **NEARBY).json
    for text in (corrected["number"], corrected["statement"]):
        verdict = resident.post("/receipts/verify", {"receipt": text}).json
        assert (verdict["valid"], verdict["kind"], verdict["status"]) == (False, "address-correction", "applied")
        assert (verdict["says"]["report"], verdict["says"]["subdistrict_code"]) == (report["number"], "103901")


def test_to_another_subdistrict_its_office_decides(app: Flask, resident: Resident, report: dict[str, Any]) -> None:
    answer = correct(resident, report["number"], **ELSEWHERE)
    assert (answer.status_code, answer.json["status"], answer.json["statement"]) == (201, "under-review", None)
    number = answer.json["number"]
    assert resident.get(f"/reports/{report['number']}").json["address"] == ADDRESS
    kept(resident, report)
    assert officer(app, "bkk", office="BKK").get("/review/address-corrections").json["items"] == []
    staff = officer(app, "cnx", office="CMI")
    [waiting] = staff.get("/review/address-corrections").json["items"]
    assert (waiting["number"], waiting["report"], waiting["office"]) == (number, report["number"], "CMI")
    opened = staff.get(f"/review/address-corrections/{number.lower()}").json
    assert (opened["present_address"], opened["address"]) == (ADDRESS, ADDRESS | ELSEWHERE)
    places = [place["subdistrict_code"] for place in opened["places"]]
    assert places == [ADDRESS["subdistrict_code"], ELSEWHERE["subdistrict_code"]]
    assert decide(staff, number).json["status"] == "applied"
    assert resident.get(f"/reports/{report['number']}").json["address"] == ADDRESS | ELSEWHERE
    assert staff.get("/review/address-corrections").json["items"] == []
    kept(resident, report)
    relay(app)
    assert messages(resident).count("report.address-corrected") == 1
    assert correct(resident, report["number"], "two", **ELSEWHERE, road="Nimman").json["status"] == "applied"


def test_addresses_show_where_a_correction_is_opened_and_the_person_sees_who_did(
    app: Flask, resident: Resident, report: dict[str, Any]
) -> None:
    number = correct(resident, report["number"], **ELSEWHERE).json["number"]
    staff = officer(app, "cnx", office="CMI")
    listed = staff.get("/review/address-corrections").get_data(as_text=True)
    assert not [part for part in {*ADDRESS.values(), *ELSEWHERE.values()} if len(part) > 2 and part in listed]
    assert resident.get("/me/access-log").json["items"] == []
    path = f"/review/address-corrections/{number}"
    assert officer(app, "bkk", office="BKK").get(path).status_code == 404
    assert staff.get(path).status_code == 200
    [seen] = resident.get("/me/access-log").json["items"]
    assert (seen["act"], seen["report"], seen["office"]) == ("report-opened", report["number"], "CMI")


def test_a_refusal_needs_a_note_and_the_person_sees_it(app: Flask, resident: Resident, report: dict[str, Any]) -> None:
    number = correct(resident, report["number"], **ELSEWHERE).json["number"]
    staff = officer(app, "cnx", office="CMI")
    assert decide(staff, number, "refused").json["code"] == "cannot-decide-correction"
    assert decide(staff, number, "refused", "This is a move.").json["status"] == "refused"
    assert decide(staff, number, "refused", "This is a move.").status_code == 200
    assert decide(staff, number).json["code"] == "cannot-decide-correction"
    shown = resident.get(f"/reports/{report['number']}").json
    assert (shown["address"], shown["address_correction"]["note"]) == (ADDRESS, "This is a move.")
    kept(resident, report)
    relay(app)
    assert messages(resident).count("report.address-correction-refused") == 1


def test_other_offices_and_roles_decide_nothing(app: Flask, resident: Resident, report: dict[str, Any]) -> None:
    number = correct(resident, report["number"], **ELSEWHERE).json["number"]
    assert decide(officer(app, "bkk", office="BKK"), number).status_code == 404
    assert decide(officer(app, "audit", "auditor", office="CMI"), number).status_code == 403
    assert decide(resident, number).status_code in (401, 403)
    assert decide(officer(app, "cnx", office="CMI"), "A00-0000-0000-0000-0").status_code == 404
    assert decide(officer(app, "hq", office="HQ"), number).status_code == 200


def test_the_same_again_gets_the_same_answer(app: Flask, resident: Resident, report: dict[str, Any]) -> None:
    first = correct(resident, report["number"], **NEARBY)
    again = correct(resident, report["number"].lower(), **NEARBY)
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert query(app, "select count(*) from address_corrections") == [(1,)]
    other = correct(resident, report["number"], house_number="12")
    assert (other.status_code, other.json["code"]) == (422, "idempotency-key-reused")
    assert resident.file("one").json["code"] == "idempotency-key-reused"


def test_a_key_is_required(resident: Resident, report: dict[str, Any]) -> None:
    answer = resident.post(f"/reports/{report['number']}/address-correction", {"address": ADDRESS | NEARBY})
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency-key-required")


def test_of_two_at_once_one_is_taken(app: Flask, resident: Resident, report: dict[str, Any]) -> None:
    calls = [lambda n=n: correct(resident, report["number"], f"key-{n}", **ELSEWHERE) for n in range(4)]
    answers = together(calls)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"address-correction-waiting"}
    same = together([lambda: correct(resident, report["number"], "same", **ELSEWHERE)] * 2)
    assert {answer.json["code"] for answer in same} == {"address-correction-waiting"}


def test_the_same_request_twice_at_once_is_taken_once(app: Flask, resident: Resident, report: dict[str, Any]) -> None:
    answers = together([lambda: correct(resident, report["number"], **NEARBY)] * 4)
    assert {(answer.status_code, answer.data) for answer in answers} == {(201, answers[0].data)}
    assert query(app, "select count(*) from address_corrections") == [(1,)]


def test_only_the_address_of_an_accepted_report_is_corrected(app: Flask, report: dict[str, Any]) -> None:
    load(app, "passports", row("passports", document_number="OTHER0001"))
    load(app, "movements", row("movements", document_number="OTHER0001"))
    waiting = activate(app, "OTHER0001", assurance="mail")
    number = waiting.file().json["number"]
    answer = correct(waiting, number, **NEARBY)
    assert (answer.status_code, answer.json["code"]) == (409, "cannot-correct-address")
    waiting.post(f"/reports/{number}/withdrawal")
    assert correct(waiting, number, **NEARBY).json["code"] == "cannot-correct-address"
    assert correct(waiting, report["number"], **NEARBY).status_code == 404  # another's
    assert correct(waiting, "R00-0000-0000-0000-0", **NEARBY).status_code == 404


def test_a_report_of_an_old_period_is_left_as_it_was(
    app: Flask, clock: SetClock, resident: Resident, report: dict[str, Any]
) -> None:
    clock.pass_by(days=85)
    resident = activate(app)
    newer = resident.file().json["number"]
    answer = correct(resident, report["number"], **NEARBY)
    assert (answer.status_code, answer.json["code"], answer.json["number"]) == (409, "cannot-correct-address", newer)
    assert correct(resident, newer, "two", **NEARBY).json["status"] == "applied"


def test_a_contradicted_report_is_left_to_an_officer(app: Flask, resident: Resident, report: dict[str, Any]) -> None:
    arrival = query(app, "select movement_id from movements")[0][0]
    load(app, "movements", row("movements", movement_id=arrival, occurred_on="2026-09-10"))
    assert correct(resident, report["number"], **NEARBY).json["code"] == "cannot-correct-address"


def test_what_is_reopened_meanwhile_is_not_corrected(app: Flask, resident: Resident, report: dict[str, Any]) -> None:
    number = correct(resident, report["number"], **ELSEWHERE).json["number"]
    boss = officer(app, "boss", "supervisor")
    approve(app, boss.post(f"/review/reports/{report['number']}/reopening", {"note": "A check."}))
    staff = officer(app, "cnx", office="CMI")
    assert decide(staff, number).json["code"] == "cannot-decide-correction"
    assert decide(staff, number, "refused", "The report is looked at again.").json["status"] == "refused"


@pytest.mark.parametrize("changes", [{}, {"subdistrict_code": "999999"}, {"postal_code": "50200"}])
def test_what_corrects_nothing_is_refused(resident: Resident, report: dict[str, Any], changes: dict[str, str]) -> None:
    answer = correct(resident, report["number"], **changes)
    assert (answer.status_code, answer.json["code"]) == (
        (422, "address-unknown") if changes else (409, "cannot-correct-address")
    )


@pytest.mark.parametrize("body", [{}, {"address": None}, {"address": "x"}, {"address": ADDRESS | {"road": "x" * 151}}])
def test_a_malformed_correction_is_refused(resident: Resident, report: dict[str, Any], body: dict[str, Any]) -> None:
    path = f"/reports/{report['number']}/address-correction"
    assert resident.post(path, body, **{"Idempotency-Key": "k"}).status_code == 422
