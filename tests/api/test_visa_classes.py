"""What a person notices whose visa class is in no list, or is written as stamps write it."""

import pytest
from flask import Flask

from immigration.services import rechecks
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import Resident, activate, arrived, load, officer, row

HOSTILE = 'NON "O" / ปกติ <script>'


@pytest.fixture
def resident(app: Flask) -> Resident:
    arrived(app, visa_class=HOSTILE)
    return activate(app)


def decide(app: Flask, number: str, **more: str) -> int:
    answer = officer(app).post(f"/review/reports/{number}/decision", {"outcome": "accepted", "reasons": []} | more)
    return int(answer.status_code)


def test_a_class_in_no_list_is_shown_as_written_and_leaves_the_regime_unclear(resident: Resident) -> None:
    stay = resident.get("/me/stay").json
    assert (stay["visa_class"], stay["entered_on"]) == (HOSTILE, "2026-09-01")
    assert (stay["obligation"]["regime"], stay["obligation"]["state"]) == ("unclear", "none")
    assert stay["obligation"]["due_on"] is None
    assert [step["code"] for step in stay["obligation"]["explanation"]] == ["entered", "regime", "where-to-go"]


def test_its_holder_may_file_and_an_officer_looks(app: Flask, resident: Resident) -> None:
    answer = resident.file()
    assert answer.status_code == 201, answer.json
    assert (answer.json["status"], answer.json["reasons"]) == ("under-review", ["other-regime"])
    assert (answer.json["due_on"], answer.json["receipt"]) == (None, None)
    checks = {check["check"]: check["outcome"] for check in answer.json["checks"]}
    assert checks.pop("regime") == "failed"
    shown = officer(app).get(f"/review/reports/{answer.json['number']}").json
    assert HOSTILE in str(shown)


def test_one_report_waits_at_a_time(resident: Resident) -> None:
    number = resident.file().json["number"]
    again = resident.file()
    assert (again.status_code, again.json["code"], again.json["number"]) == (409, "already-reported", number)
    resident.post(f"/reports/{number}/withdrawal")
    assert resident.file().status_code == 201


def test_after_an_acceptance_the_next_report_is_taken_when_the_window_of_its_date_opens(
    app: Flask, resident: Resident
) -> None:
    number = resident.file().json["number"]
    assert decide(app, number, next_due_on="2027-02-15", note="As the officer of the province said.") == 200
    again = resident.file()
    assert (again.status_code, again.json["code"], again.json["opens_on"]) == (409, "already-reported", "2027-01-31")


def test_who_accepts_states_the_next_due_date_or_none(app: Flask, resident: Resident) -> None:
    number = resident.file().json["number"]
    path, staff = f"/review/reports/{number}/decision", officer(app, "states")
    for stated in ({}, {"next_due_on": None}, {"note": "Fine."}):
        refused = staff.post(path, {"outcome": "accepted"} | stated)
        assert (refused.status_code, refused.json["code"]) == (409, "cannot-decide")
        assert refused.json["obstacles"] == ['of an unclear regime the next due date has to be stated, or "none"']
    for wrong in ({"next_due_on": "never"}, {"next_due_on": 5}, {"next_due_on": "2027-02-30"}, {"next_due_on": ""}):
        assert staff.post(path, {"outcome": "accepted"} | wrong).status_code == 422
    rejected = staff.post(path, {"outcome": "rejected", "reasons": ["other"], "next_due_on": "none"})
    assert rejected.json["code"] == "cannot-decide"
    assert resident.get(f"/reports/{number}").json["status"] == "under-review"


def test_none_is_due_after_none_was_stated(app: Flask, resident: Resident) -> None:
    number = resident.file().json["number"]
    assert decide(app, number, next_due_on="none") == 200
    again = officer(app, "again").post(
        f"/review/reports/{number}/decision", {"outcome": "accepted", "next_due_on": "none"}
    )
    assert again.status_code == 409  # another officer's
    shown = resident.get(f"/reports/{number}").json
    assert (shown["status"], shown["receipt"]["next_due_on"]) == ("accepted", None)
    receipt = resident.get(f"/reports/{number}/receipt").json
    assert receipt["next_due_on"] is None
    for text in (receipt["number"], receipt["statement"]):
        verdict = resident.post("/receipts/verify", {"receipt": text}).json
        assert (verdict["valid"], verdict["says"]["next_due_on"]) == (True, None)
    obligation = resident.get("/me/stay").json["obligation"]
    assert (obligation["regime"], obligation["state"], obligation["due_on"]) == ("unclear", "none", None)
    assert resident.file().json["code"] == "already-reported"
    made = officer(app, "looks").get(f"/review/reports/{number}").json["decisions"][-1]
    assert (made["next_due_on"], made["overridden"]) == (None, True)


def test_none_belongs_to_an_unclear_regime(app: Flask) -> None:
    arrived(app)
    number = activate(app, assurance="mail").file().json["number"]
    assert decide(app, number, next_due_on="none") == 409


def test_a_date_of_an_unclear_regime_needs_no_note(app: Flask, resident: Resident) -> None:
    assert decide(app, resident.file().json["number"], next_due_on="2027-02-15") == 200


def test_a_report_of_an_earlier_stay_does_not_stand_in_the_way(app: Flask, resident: Resident) -> None:
    number = resident.file().json["number"]
    assert decide(app, number, next_due_on="2027-02-15", note="As the officer of the province said.") == 200
    left = row("movements", direction="departure", occurred_on="2026-11-20")
    load(app, "movements", left, row("movements", occurred_on="2026-11-21", visa_class="ZZ-TOP"))
    assert resident.file().status_code == 201


def test_a_class_that_a_correction_names_is_judged_by_its_regime(app: Flask, resident: Resident) -> None:
    arrival = row("movements", movement_id="M-1", occurred_on="2026-11-01", visa_class="?")
    load(app, "movements", arrival)
    assert resident.get("/me/stay").json["obligation"]["regime"] == "unclear"
    load(app, "movements", arrival | {"visa_class": "Non-Immigrant O-A"})
    stay = resident.get("/me/stay").json
    assert (stay["visa_class"], stay["obligation"]["due_on"]) == ("Non-Immigrant O-A", "2027-01-29")


@pytest.mark.parametrize(
    ("written", "status", "code"),
    [("ED+", 201, None), ("ผผ.90", 201, None), ("smart-e", 409, "other-regime"), ("D", 409, "other-regime")],
)
def test_a_class_as_stamped_is_that_of_its_list(app: Flask, written: str, status: int, code: str | None) -> None:
    arrived(app, visa_class=written)
    answer = activate(app).file()
    assert (answer.status_code, answer.json.get("code")) == (status, code)
    assert code or answer.json["status"] == "accepted"


def test_while_the_records_cannot_be_read_the_last_known_class_decides(app: Flask, resident: Resident) -> None:
    done = app.test_cli_runner().invoke(args=["records", "source", "down"])
    assert done.exit_code == 0, done.output
    answer = resident.file()
    assert (answer.status_code, answer.json["reasons"]) == (201, ["source-unavailable"])
    app.test_cli_runner().invoke(args=["records", "source", "up"])
    with services_of(app).database.transaction() as session:
        assert rechecks.recheck(session, context=services_of(app).filing, now=NOW) == 1
    shown = resident.get(f"/reports/{answer.json['number']}").json
    assert (shown["status"], shown["reasons"]) == ("under-review", ["other-regime"])
