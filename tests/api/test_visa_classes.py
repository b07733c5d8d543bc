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
