"""Filing where the readings of a rule differ, and by the rules of which day a report is decided."""

from dataclasses import replace
from datetime import date, timedelta

from flask import Flask

from operations.services import services_of
from tests.conftest import NOW
from tests.factories import Resident, activate, arrived, load, officer, row
from tests.laws import law_with

TODAY = NOW.date()
NEW_OFFSET = """
[[rule]]
key = "due.next_offset"
value = 89
options = [89, 90]
effective_from = 2026-11-25
grade = "CON"
source = "a test"
"""


def d(days: int) -> str:
    return str(TODAY + timedelta(days=days))


def extended(app: Flask, *, arrived_on: int, extended_on: int) -> Resident:
    arrived(app, d(arrived_on), permitted_until=d(10))
    load(app, "permissions", row("permissions", granted_on=d(extended_on), permitted_until=d(400)))
    load(app, "residences", row("residences"))
    return activate(app)


def test_a_filing_that_another_reading_allows_is_taken_and_earns_the_date_of_that_reading(app: Flask) -> None:
    resident = extended(app, arrived_on=-80, extended_on=-10)
    obligation = resident.get("/me/stay").json["obligation"]
    assert (obligation["due_on"], obligation["state"]) == (d(80), "not-open")
    assert (obligation["opens_on"], obligation["can_file_from"]) == (d(65), d(-6))
    assert obligation["explanation"][-1]["code"] == "other-reading"
    answer = resident.file().json
    assert (answer["status"], answer["due_on"]) == ("accepted", d(9))
    assert answer["receipt"]["next_due_on"] == d(99)
    assert resident.get("/me/stay").json["obligation"]["due_on"] == d(99)
    again = resident.file()
    assert (again.status_code, again.json["code"]) == (409, "already-reported")


def test_a_report_of_another_reading_that_an_officer_accepts_earns_the_same_date(app: Flask) -> None:
    extended(app, arrived_on=-80, extended_on=-10)
    resident = activate(app, assurance="mail")
    number = resident.file().json["number"]
    decided = officer(app).post(f"/review/reports/{number}/decision", {"outcome": "accepted"}).json
    assert decided["receipt"]["next_due_on"] == d(99)


def test_where_no_reading_is_open_the_refusal_names_the_first_day(app: Flask) -> None:
    resident = extended(app, arrived_on=-60, extended_on=-10)
    refused = resident.file()
    assert (refused.status_code, refused.json["code"]) == (409, "too-early")
    assert refused.json["opens_on"] == resident.get("/me/stay").json["obligation"]["can_file_from"] == d(14)
    assert d(14) in refused.json["detail"]


def test_a_report_is_decided_by_the_rules_of_the_day_it_was_filed(app: Flask) -> None:
    arrived(app)
    resident = activate(app, assurance="mail")
    number = resident.file().json["number"]
    services = services_of(app)
    services.filing = replace(services.filing, law=law_with(rules=NEW_OFFSET))
    services.clock = lambda: NOW + timedelta(days=3)
    decided = officer(app).post(f"/review/reports/{number}/decision", {"outcome": "accepted"}).json
    assert decided["receipt"]["next_due_on"] == str(date(2026, 11, 29) + timedelta(days=90))
