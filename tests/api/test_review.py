"""What officers do, and what nobody may do."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from operations.services import services_of
from tests.factories import ADDRESS, Resident, activate, approve, arrived, load, officer, row
from tests.linking import relay


def decide(staff: Resident, number: str, outcome: str = "accepted", *reasons: str, **more: Any) -> Any:
    return staff.post(f"/review/reports/{number}/decision", {"outcome": outcome, "reasons": list(reasons)} | more)


def test_an_accepted_report_gets_its_receipt_and_next_date(app: Flask, resident: Resident, number: str) -> None:
    answer = decide(officer(app), number)
    assert (answer.status_code, answer.json["status"]) == (200, "accepted")
    assert answer.json["receipt"]["next_due_on"] == "2027-02-27"
    assert resident.get("/me/stay").json["obligation"]["due_on"] == "2027-02-27"
    assert resident.get(f"/reports/{number}/receipt").status_code == 200


def test_a_date_set_by_hand_overrides_the_formula_and_needs_a_note(app: Flask, resident: Resident, number: str) -> None:
    staff = officer(app)
    refused = decide(staff, number, next_due_on="2027-02-01")
    assert (refused.status_code, refused.json["code"]) == (409, "cannot-decide")
    decide(staff, number, next_due_on="2027-02-01", note="As printed at the counter.")
    assert resident.get("/me/stay").json["obligation"]["due_on"] == "2027-02-01"


@pytest.mark.parametrize("outcome", ["returned", "rejected", "needs-visit"])
def test_every_other_outcome_needs_a_reason(app: Flask, number: str, outcome: str) -> None:
    answer = decide(officer(app), number, outcome)
    assert (answer.status_code, answer.json["code"]) == (409, "cannot-decide")
    assert answer.json["obstacles"] == ["an outcome other than accepted needs at least one reason"]


def test_a_returned_report_is_corrected_and_decided_by_the_same_officer(
    app: Flask, resident: Resident, number: str
) -> None:
    staff = officer(app)
    decide(staff, number, "returned", "address-mismatch", note="Which soi?")
    shown = resident.get(f"/reports/{number}").json
    assert (shown["status"], shown["reasons"], shown["note"]) == ("returned", ["address-mismatch"], "Which soi?")
    corrected = resident.post(f"/reports/{number}/correction", {"address": ADDRESS | {"soi": "Sukhumvit 33"}})
    assert (corrected.json["status"], corrected.json["address"]["soi"]) == ("under-review", "Sukhumvit 33")
    assert resident.post(f"/reports/{number}/correction", {"address": ADDRESS}).status_code == 409
    assert decide(staff, number).json["status"] == "accepted"


def test_needs_visit_says_where_when_and_what_to_bring(app: Flask, resident: Resident, number: str) -> None:
    decide(officer(app), number, "needs-visit", "other")
    visit = resident.get(f"/reports/{number}").json["visit"]
    assert (visit["office"], visit["weekdays"]) == ("BKK", [1, 2, 3, 4, 5])
    assert visit["opens"] < visit["closes"]
    assert "passport" in visit["bring"]
    assert resident.file().status_code == 201


def test_a_supervisor_reopens_with_a_reason_and_the_receipt_is_void(
    app: Flask, resident: Resident, number: str
) -> None:
    first, boss = officer(app), officer(app, "boss", "supervisor")
    decide(first, number)
    receipt = resident.get(f"/reports/{number}/receipt").json["number"]
    assert boss.post(f"/review/reports/{number}/reopening", {}).status_code == 422
    asked = boss.post(f"/review/reports/{number}/reopening", {"note": "A random check."})
    assert resident.get(f"/reports/{number}").json["status"] == "accepted"
    assert approve(app, asked).json["state"] == "approved"
    assert resident.get(f"/reports/{number}").json["status"] == "under-review"
    assert resident.post("/receipts/verify", {"receipt": receipt}).json["status"] == "void"
    assert resident.get("/me/stay").json["obligation"]["due_on"] == "2026-11-29"
    assert decide(first, number).json["code"] == "own-decision"
    assert decide(officer(app, "second"), number).json["status"] == "accepted"


def test_a_decided_report_is_not_decided_again(app: Flask, number: str) -> None:
    decide(officer(app), number)
    assert decide(officer(app, "second"), number, "rejected", "other").json["code"] == "cannot-decide"


def test_a_rejected_report_is_not_reopened_once_the_period_has_another(
    app: Flask, resident: Resident, number: str
) -> None:
    decide(officer(app), number, "rejected", "other")
    resident.file()
    answer = officer(app, "boss", "supervisor").post(f"/review/reports/{number}/reopening", {"note": "Again."})
    assert (answer.status_code, answer.json["code"]) == (409, "cannot-reopen")


def test_the_queue_is_the_officers_own_office_oldest_first(app: Flask, resident: Resident, number: str) -> None:
    assert [r["number"] for r in officer(app, "bkk", office="BKK").get("/review/reports").json["items"]] == [number]
    phuket = officer(app, "pkt", office="PKT")
    assert phuket.get("/review/reports").json["items"] == []
    assert phuket.get("/review/reports?office=all").json["items"] == []
    assert [r["number"] for r in officer(app, "hq").get("/review/reports?office=all").json["items"]] == [number]


def test_pages_of_the_queue_neither_repeat_nor_skip(app: Flask) -> None:
    numbers = []
    for n in range(5):
        document = f"TEST{n:05}"
        load(app, "passports", row("passports", document_number=document))
        load(app, "movements", row("movements", document_number=document))
        numbers.append(activate(app, document, assurance="mail").file().json["number"])
    staff, seen, cursor = officer(app), [], ""
    while cursor is not None:
        page = staff.get(f"/review/reports?limit=2{cursor and '&cursor=' + cursor}").json
        seen += [item["number"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == numbers


def test_a_report_is_shown_beside_its_records_with_what_differs(app: Flask, resident: Resident, number: str) -> None:
    load(app, "residences", row("residences", subdistrict_code="830101", address="9 Beach Road"))
    shown = officer(app).get(f"/review/reports/{number}").json
    assert [d["reason"] for d in shown["differences"]] == ["first-report", "no-residence-record"]
    assert shown["records"]["passports"][0]["document_number"] == "TEST00001"
    assert shown["records"]["residences"][0]["address"] == "9 Beach Road"
    assert shown["stay"]["obligation"]["due_on"] == "2026-11-29"
    assert [event["kind"] for event in shown["history"]] == ["report.filed", "report.opened"]


def test_a_look_up_needs_a_purpose_and_records_it_whether_or_not_it_finds(app: Flask, resident: Resident) -> None:
    staff = officer(app)
    asked = {"document_number": "test00001", "issuing_state": "FRA", "purpose": "At the counter."}
    assert staff.post("/review/residents/search", asked | {"purpose": ""}).status_code == 422
    answer = staff.post("/review/residents/search", asked).json
    assert (answer["resident_id"], answer["obligation"]["due_on"]) == (resident.id, "2026-11-29")
    assert staff.post("/review/residents/search", asked | {"document_number": "NOBODY"}).status_code == 404
    with services_of(app).database.read_session() as session:
        recorded = session.execute(
            text(
                """select actor, data->>'purpose', person_id is null from events
                where kind = 'resident.looked-up' order by id"""
            )
        ).all()
    assert [tuple(r) for r in recorded] == [
        ("officer:somchai", "At the counter.", False),
        ("officer:somchai", "At the counter.", True),
    ]


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        ("resident", "get", "/review/reports", 403),
        ("resident", "post", "/review/residents/search", 403),
        ("officer", "get", "/me/stay", 403),
        ("officer", "post", "/reports", 403),
        ("officer", "post", "/review/reports/{number}/reopening", 403),
        ("auditor", "get", "/review/reports/{number}", 200),
        ("auditor", "post", "/review/reports/{number}/decision", 403),
        ("administrator", "get", "/review/reports", 403),
        ("nobody", "get", "/review/reports", 401),
        ("nobody", "post", "/reports", 401),
    ],
)
def test_each_door_opens_to_its_roles_only(
    app: Flask, resident: Resident, number: str, role: str, method: str, path: str, status: int
) -> None:
    if role == "resident":
        who = resident
    elif role == "nobody":
        who = Resident(app.test_client(), {}, "")
    else:
        who = officer(app, role, role)
    answer = getattr(who, method)(path.format(number=number))
    assert answer.status_code == status


def test_an_officer_issues_a_code_that_activates_at_the_counters_assurance(app: Flask, resident: Resident) -> None:
    issued = officer(app).post(f"/review/residents/{resident.id}/activation-codes")
    assert issued.status_code == 201
    answer = app.test_client().post(
        "/api/v1/activations",
        json={
            "document_number": "TEST00001",
            "issuing_state": "FRA",
            "birth_date": "1990-01-02",
            "activation_code": issued.json["activation_code"],
        },
    )
    assert answer.status_code == 201


def test_officers_see_which_accepted_reports_a_correction_contradicts(app: Flask) -> None:
    arrived(app, movement_id="M-1")
    number = activate(app).file().json["number"]
    staff = officer(app)
    assert staff.get("/review/reports?contradicted=true").json["items"] == []
    load(app, "movements", row("movements", movement_id="M-1", occurred_on="2026-09-04"))
    assert [r["number"] for r in staff.get("/review/reports?contradicted=true").json["items"]] == [number]


def test_somebody_whose_entry_stays_unknown_reports_again_when_the_next_window_opens(app: Flask) -> None:
    load(app, "passports", row("passports"))
    resident, staff = activate(app), officer(app)
    first = resident.file().json["number"]
    assert decide(staff, first).json["receipt"]["next_due_on"] == "2027-02-21"
    refused = resident.file()
    assert (refused.status_code, refused.json["code"]) == (409, "already-reported")
    assert (refused.json["number"], refused.json["opens_on"]) == (first, "2027-02-06")
    boss = officer(app, "boss", "supervisor")
    approve(app, boss.post(f"/review/reports/{first}/reopening", {"note": "Sooner."}))
    assert decide(boss, first, next_due_on="2026-12-01", note="Come back soon.").status_code == 200
    second = resident.file()
    assert (second.status_code, second.json["reasons"]) == (201, ["entry-not-found"])
    assert resident.file().json["number"] == second.json["number"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/review/residents/search", {"document_number": "TEST00001", "issuing_state": "FRA"}, "purpose"),
        ("/review/reports/R26-0000-0000-0000-0/decision", {"outcome": "accepted"}, "note"),
        ("/review/reports/R26-0000-0000-0000-0/reopening", {}, "note"),
        ("/review/address-corrections/R26-0000-0000-0000-0/decision", {"outcome": "applied"}, "note"),
    ],
)
def test_why_an_officer_does_something_holds_no_passport_number(app: Flask, path: str, body: Any, field: str) -> None:
    staff = officer(app, "boss", "supervisor")
    refused = staff.post(path, body | {field: "Asks about TEST00001."})
    assert refused.status_code == 422
    assert [(each["field"], each["code"]) for each in refused.json["field_errors"]] == [(field, "document-number")]
    assert staff.post(path, body | {field: "Asks about R26-4XQ2-7K3M-9PTC-T."}).status_code != 422


def test_beside_a_report_stand_messages_who_looked_and_other_reports(
    app: Flask, resident: Resident, number: str
) -> None:
    """A message that was read, a look-up and another officer's opening; the other report is of the period before."""
    near = officer(app, "near", office="BKK")
    officer(app, "far", office="HQ").get(f"/review/reports/{number}")
    sought = {"document_number": "TEST00001", "issuing_state": "FRA", "purpose": "A question by phone."}
    found = near.post("/review/residents/search", sought).json
    near.post(f"/review/reports/{number}/decision", {"outcome": "rejected", "reasons": ["other"]})
    relay(app)
    message = resident.get("/notifications").json["items"][0]
    resident.post(f"/notifications/{message['id']}/read")
    later = resident.file().json["number"]
    opened = near.get(f"/review/reports/{later}").json
    assert [(each["number"], each["status"]) for each in opened["related"]] == [(number, "rejected")]
    assert (opened["messages"][0]["title"], opened["messages"][0]["stage"]) == (message["title"], "opened")
    acts = [(each["act"], each["office"], each["role"], each["purpose"]) for each in opened["accesses"]]
    assert acts == [
        ("report-opened", "BKK", "officer", None),
        ("looked-up", "BKK", "officer", "A question by phone."),
        ("report-opened", "HQ", "officer", None),
    ]
    assert found["messages"] == []
    again = near.post("/review/residents/search", sought).json
    assert again["messages"][0]["stage"] == "opened"
    assert "near" not in str(again["accesses"]), "which officer it was is the auditor's to know"
