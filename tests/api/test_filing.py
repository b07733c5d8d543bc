"""Filing a report: one answer, one report, whatever is sent twice, late, or at the same time."""

import hashlib
import json

import pytest
from flask import Flask
from sqlalchemy import text

from operations.services import services_of
from tests.factories import ADDRESS, activate, arrived, load, row, together


def count(app: Flask, table: str) -> int:
    with services_of(app).database.read_session() as session:
        return int(session.execute(text(f"select count(*) from {table}")).scalar_one())


def test_an_honest_report_is_accepted_with_receipt_and_next_date(app: Flask) -> None:
    arrived(app)
    load(app, "residences", row("residences"))
    resident = activate(app)
    answer = resident.file()
    assert answer.status_code == 201
    assert answer.json["status"] == "accepted"
    assert {check["outcome"] for check in answer.json["checks"] if check["check"] != "first-report"} == {"passed"}
    receipt = resident.get(f"/reports/{answer.json['number']}/receipt").json
    assert (receipt["number"], receipt["next_due_on"]) == (answer.json["receipt"]["number"], "2027-02-27")
    verdict = resident.post("/receipts/verify", {"receipt": receipt["statement"]}).json
    assert (verdict["valid"], verdict["says"]["next_due_on"]) == (True, "2027-02-27")
    assert verdict["says"]["document_number"] == "••••••001"
    assert resident.get("/me/stay").json["obligation"]["due_on"] == "2027-02-27"


def test_the_same_key_and_body_get_the_same_answer(app: Flask) -> None:
    arrived(app)
    resident = activate(app)
    first, again = resident.file("k"), resident.file("k")
    assert (again.status_code, again.data) == (201, first.data)
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert count(app, "reports") == 1


def test_the_same_key_with_another_body_is_refused(app: Flask) -> None:
    arrived(app)
    resident = activate(app)
    resident.file("k")
    answer = resident.file("k", soi="Sukhumvit 33")
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency-key-reused")


def test_only_an_acknowledged_filing_is_remembered_for_its_key(app: Flask) -> None:
    arrived(app)
    resident = activate(app)
    assert resident.file("k", subdistrict_code="999999").status_code == 422
    assert resident.file("k").status_code == 201


def test_keys_of_two_people_do_not_meet(app: Flask) -> None:
    arrived(app)
    load(app, "passports", row("passports", document_number="TEST00002"))
    load(app, "movements", row("movements", document_number="TEST00002"))
    assert activate(app).file("k").status_code == 201
    assert activate(app, "TEST00002").file("k").status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_filing_needs_a_key_of_reasonable_length(app: Flask, key: str) -> None:
    arrived(app)
    resident = activate(app)
    answer = resident.post("/reports", {"address": ADDRESS}, **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency-key-required")


def test_two_devices_at_the_same_instant_make_one_report(app: Flask) -> None:
    arrived(app)
    phones = [activate(app) for _ in range(6)]
    answers = together([phone.file for phone in phones])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    number = next(answer.json["number"] for answer in answers if answer.status_code == 201)
    assert {answer.json["number"] for answer in answers} == {number}
    assert count(app, "reports") == 1


def test_one_key_at_the_same_instant_gets_one_answer_everywhere(app: Flask) -> None:
    arrived(app)
    resident = activate(app)
    answers = together([lambda: resident.file("k") for _ in range(6)])
    assert {(answer.status_code, answer.data) for answer in answers} == {(201, answers[0].data)}
    assert count(app, "reports") == count(app, "receipts") == count(app, "idempotency_keys") == 1


def test_a_second_report_of_the_period_is_refused_with_the_number_of_the_first(app: Flask) -> None:
    arrived(app)
    resident = activate(app)
    number = resident.file().json["number"]
    answer = resident.file()
    assert (answer.status_code, answer.json["code"], answer.json["number"]) == (409, "already-reported", number)
    assert answer.json["opens_on"] == "2027-02-12"


def test_too_early_says_when_and_stores_nothing(app: Flask) -> None:
    arrived(app, "2026-10-20")
    answer = activate(app).file()
    assert (answer.status_code, answer.json["code"], answer.json["opens_on"]) == (409, "too-early", "2027-01-02")
    assert count(app, "reports") == 0


def test_an_unknown_address_is_refused_with_what_may_have_been_meant(app: Flask) -> None:
    arrived(app)
    answer = activate(app).file(postal_code="50000")
    assert (answer.status_code, answer.json["code"]) == (422, "address-unknown")
    assert answer.json["suggestions"][0]["subdistrict_code"] == "103901"
    assert answer.json["suggestions"][0]["postal_codes"] == ["10110"]


def test_a_report_goes_to_the_office_of_its_address(app: Flask) -> None:
    arrived(app)
    answer = activate(app, assurance="mail").file(subdistrict_code="830101", postal_code="83000")
    assert (answer.status_code, answer.json["office"]) == (201, "PKT")


def test_a_withdrawn_report_frees_the_period(app: Flask) -> None:
    arrived(app)
    resident = activate(app, assurance="mail")
    number = resident.file().json["number"]
    assert resident.post(f"/reports/{number}/withdrawal").json["status"] == "withdrawn"
    assert resident.post(f"/reports/{number}/withdrawal").status_code == 200
    assert resident.file().status_code == 201


def test_an_accepted_report_cannot_be_taken_back(app: Flask) -> None:
    arrived(app)
    resident = activate(app)
    answer = resident.post(f"/reports/{resident.file().json['number']}/withdrawal")
    assert (answer.status_code, answer.json["code"]) == (409, "wrong-state")


def test_another_persons_report_does_not_exist(app: Flask) -> None:
    arrived(app)
    load(app, "passports", row("passports", document_number="TEST00002"))
    load(app, "movements", row("movements", document_number="TEST00002"))
    number = activate(app).file().json["number"]
    stranger = activate(app, "TEST00002")
    nobody = stranger.get("/reports/R00-0000-0000-0000-0").data
    for path in ("", "/receipt"):
        answer = stranger.get(f"/reports/{number}{path}")
        assert (answer.status_code, answer.data) == (404, nobody)
    assert stranger.post(f"/reports/{number}/withdrawal").data == nobody
    body = {"address": ADDRESS}
    assert stranger.post(f"/reports/{number}/correction", body).data == nobody


def test_a_receipt_is_kept_as_json_only_so_far(app: Flask) -> None:
    arrived(app)
    resident = activate(app)
    number = resident.file().json["number"]
    answer = resident.client.get(
        f"/api/v1/reports/{number}/receipt", headers=resident.headers | {"Accept": "application/pdf"}
    )
    assert (answer.status_code, answer.json["code"]) == (406, "not-acceptable")


def test_reports_are_listed_newest_first_page_by_page(app: Flask) -> None:
    arrived(app)
    resident = activate(app, assurance="mail")
    filed = []
    for _ in range(3):
        filed.append(resident.file().json["number"])
        resident.post(f"/reports/{filed[-1]}/withdrawal")
    first = resident.get("/reports?limit=2").json
    rest = resident.get(f"/reports?limit=2&cursor={first['next_cursor']}").json
    assert [item["number"] for item in first["items"] + rest["items"]] == filed[::-1]
    assert rest["next_cursor"] is None


def test_a_correction_that_contradicts_an_accepted_report_leaves_the_receipt_and_moves_the_date(app: Flask) -> None:
    arrived(app, movement_id="M-1")
    resident = activate(app)
    number = resident.file().json["number"]
    load(app, "movements", row("movements", direction="departure", occurred_on="2026-11-10"))
    load(app, "movements", row("movements", occurred_on="2026-11-12"))
    assert resident.get("/me/stay").json["obligation"]["due_on"] == "2027-02-09"
    shown = resident.get(f"/reports/{number}").json
    assert (shown["status"], shown["receipt"]["next_due_on"], shown["next_due_on_counts"]) == (
        "accepted",
        "2027-02-27",
        False,
    )
    verdict = resident.post("/receipts/verify", {"receipt": shown["receipt"]["number"]}).json
    assert (verdict["valid"], verdict["status"]) == (False, "record-corrected")


def test_a_correction_frees_the_period_it_took_the_ground_from(app: Flask) -> None:
    arrived(app, movement_id="M-1")
    resident = activate(app)
    resident.file()
    load(app, "movements", row("movements", movement_id="M-1", occurred_on="2026-09-02"))
    assert resident.get("/me/stay").json["obligation"]["due_on"] == "2026-11-30"
    assert resident.file().status_code == 201


def test_leaving_after_an_accepted_report_does_not_contradict_it(app: Flask) -> None:
    arrived(app)
    resident = activate(app)
    number = resident.file().json["number"]
    load(app, "movements", row("movements", direction="departure", occurred_on="2026-11-23"))
    assert resident.get(f"/reports/{number}").json["next_due_on_counts"] is True
    assert resident.get("/me/stay").json["obligation"]["state"] == "none"


def test_a_report_from_somebody_with_no_entry_on_record_goes_to_an_officer(app: Flask) -> None:
    load(app, "passports", row("passports"))
    answer = activate(app).file()
    assert (answer.status_code, answer.json["status"], answer.json["due_on"]) == (201, "under-review", None)
    assert answer.json["reasons"] == ["entry-not-found"]


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        ("passports", {"status": "stolen"}, "passport-invalid"),
        ("passports", {"expires_on": "2026-11-22"}, "passport-invalid"),
        ("movements", {"permitted_until": "2026-11-22"}, "stay-expired"),
        ("movements", {"permitted_until": "2026-08-31"}, "entry-mismatch"),
        ("movements", {"occurred_on": "2026-08-20"}, "too-late"),
    ],
)
def test_what_the_records_hold_against_a_report_is_its_reason(
    app: Flask, kind: str, values: dict[str, str], reason: str
) -> None:
    load(app, "passports", row("passports", **(values if kind == "passports" else {})))
    load(app, "movements", row("movements", **(values if kind == "movements" else {})))
    answer = activate(app).file()
    assert (answer.json["status"], reason in answer.json["reasons"]) == ("under-review", True)


def test_two_passports_that_disagree_on_the_birth_date_are_an_identity_mismatch(app: Flask) -> None:
    """The import joins no such passports any more; those that were joined before it refused them are on record."""
    load(app, "passports", row("passports", document_number="TEST00009"), row("passports", replaces="FRA:TEST00009"))
    load(app, "movements", row("movements"))
    with services_of(app).database.transaction() as session:
        session.execute(text("update passports set birth_date = '1980-01-01' where id = 1"))
    assert activate(app).file().json["reasons"] == ["identity-mismatch"]


def test_a_report_at_a_counter_in_this_window_that_moved_nothing_is_a_duplicate(app: Flask) -> None:
    arrived(app)
    load(app, "reports", row("reports", filed_on="2026-11-20", next_due_on="2026-11-29"))
    assert activate(app).file().json["reasons"] == ["duplicate"]


def test_the_body_is_kept_as_a_keyed_digest_and_that_of_an_earlier_release_still_counts(app: Flask) -> None:
    arrived(app)
    resident = activate(app)
    body = {"address": ADDRESS, "phone": "+66 81 234 5678", "email": "alix@example.org"}
    plain = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    first = resident.file(key="one")
    store = services_of(app).database
    with store.transaction() as session:
        kept = bytes(session.scalar(text("select body_digest from idempotency_keys")))
        assert kept not in (plain, hashlib.sha256(json.dumps(body).encode()).digest())
        session.execute(text("update idempotency_keys set body_digest = :plain"), {"plain": plain})
    again = resident.file(key="one")
    assert (again.text, again.headers["Idempotent-Replayed"]) == (first.text, "true")
    assert resident.file(key="one", soi="Sukhumvit 33").json["code"] == "idempotency-key-reused"
