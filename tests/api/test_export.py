"""A person takes a copy of all that is kept of them, and of nobody else."""

import json

import pytest
from flask import Flask

from foundation.db import Base
from immigration.services import exporting
from tests.factories import Resident, activate, arrived, load, officer, query, row

TABLES = exporting.exported_tables()


@pytest.fixture
def resident(app: Flask) -> Resident:
    arrived(app)
    load(app, "residences", row("residences"))
    return activate(app)


def test_all_that_is_kept_is_in_it_and_readable(app: Flask, resident: Resident) -> None:
    filed = resident.file().json
    resident.post("/me/cases", {"about": "entry", "text": "I came by land."})
    officer(app, office="BKK").get(f"/review/reports/{filed['number']}")
    tables = resident.get("/me/export").json["tables"]
    assert tables["passports"][0]["document_number"] == "TEST00001"
    assert tables["movements"][0]["contact_email"] == "alix@example.org"
    assert json.loads(tables["reports"][0]["address"])["road"] == "Sukhumvit"
    assert tables["receipts"][0]["number"] == filed["receipt"]["number"]
    assert tables["cases"][0]["text"] == "I came by land."
    assert {"report.filed", "report.opened"} <= {event["kind"] for event in events_of(app)}
    assert len(tables["events"]) >= 4


def events_of(app: Flask) -> list[dict[str, str]]:
    return [{"kind": kind} for (kind,) in query(app, "select kind from events")]


def test_nothing_of_another_person_is_in_it(app: Flask, resident: Resident) -> None:
    other = {"document_number": "OTHER0001", "surname": "NOTMINE"}
    load(app, "passports", row("passports", **other))
    load(app, "movements", row("movements", document_number="OTHER0001", contact_email="notmine@example.org"))
    load(app, "residences", row("residences", document_number="OTHER0001", address="99 Notmine Road"))
    stranger = activate(app, "OTHER0001")
    number = stranger.file(road="Notmine").json["number"]
    stranger.post("/me/cases", {"about": "entry", "text": "Notmine at all."})
    resident.file()
    exported = resident.get("/me/export").get_data(as_text=True)
    assert "notmine" not in exported.lower()
    assert stranger.id not in exported
    assert number not in exported
    assert "notmine" in stranger.get("/me/export").get_data(as_text=True).lower()


def test_what_gives_access_or_belongs_to_others_is_left_out(app: Flask, resident: Resident) -> None:
    load(app, "residences", row("residences", residence_id="H9", host="Khun Somsri"))
    body = {"platform": "android", "kind": "token", "target": "a-push-address", "language": "en"}
    resident.client.put("/api/v1/devices/phone", json=body, headers=resident.headers)
    exported = resident.get("/me/export").get_data(as_text=True)
    for secret in ("a-push-address", "Khun Somsri", resident.refresh_token):
        assert secret not in exported


def test_no_officer_is_named_in_it(app: Flask) -> None:
    arrived(app)
    resident = activate(app, assurance="mail")
    number = resident.file().json["number"]
    flagged = {"officer": "somchai-named", "reason": "They are married."}
    officer(app, "somchai-named", office="BKK")
    officer(app, "malee-named", office="BKK").post(f"/review/residents/{resident.id}/conflicts", flagged)
    officer(app, "far-named", office="CMI").post(f"/review/reports/{number}/exception", {"reason": "Stands before me."})
    exported = resident.get("/me/export").get_data(as_text=True)
    assert "They are married." in exported
    assert "CMI" in exported
    assert "-named" not in exported


def test_every_personal_column_is_exported_or_left_out_with_a_reason() -> None:
    """Fails for a new table that leads to nobody, and for a name in LEFT_OUT that there is not."""
    exported = {table.name for table in TABLES}
    personal = {table.name for table in Base.metadata.sorted_tables if any(map(exporting._is_personal, table.columns))}
    assert personal - exported <= exporting.LEFT_OUT.keys()
    known = {table.name for table in Base.metadata.sorted_tables} | {
        str(column) for table in Base.metadata.sorted_tables for column in table.columns
    }
    assert exporting.LEFT_OUT.keys() <= known
    assert all(reason.strip() for reason in exporting.LEFT_OUT.values())


def test_an_export_is_recorded_and_only_residents_have_one(app: Flask, resident: Resident) -> None:
    resident.get("/me/export")
    assert query(app, "select actor from events where kind = 'resident.exported'") == [(f"resident:{resident.id}",)]
    assert officer(app).get("/me/export").status_code == 403
    assert app.test_client().get("/api/v1/me/export").status_code == 401
