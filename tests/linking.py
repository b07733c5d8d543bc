"""What tests of linked passports share: rows of passports, files of them, and what a person sees."""

from pathlib import Path

from flask import Flask

from notifications import rounds
from operations.services import services_of
from operations.subscribing import SUBSCRIBERS
from tests.factories import Resident, import_file, query, row, write

OLD, NEW = "TEST00001", "TEST00002"


def passport(number: str, replaces: str = "", **values: str) -> dict[str, str]:
    """A row of a passport, which replaces another one of the same state."""
    return row("passports", document_number=number, replaces=replaces and f"FRA:{replaces}", **values)


def relay(app: Flask) -> None:
    """Run the relay round."""
    rounds.relay_round(services_of(app).database, SUBSCRIBERS)


def people(app: Flask) -> int:
    """How many people the passports on record have."""
    return int(query(app, "select count(distinct person_id) from passports")[0][0])


def import_passports(app: Flask, path: Path, *rows: dict[str, str]) -> str:
    """Write a file of passports and import it; the counts as they are printed."""
    return import_file(app, "passports", write(path, "passports", *rows))


def messages(resident: Resident) -> list[str]:
    """The kinds of the messages in an inbox."""
    return [item["kind"] for item in resident.get("/notifications?limit=100").json["items"]]


def reports(resident: Resident) -> list[str]:
    """The numbers of the reports that a resident sees."""
    return [report["number"] for report in resident.get("/reports").json["items"]]


def device(resident: Resident, device_id: str) -> None:
    """Register a device for messages."""
    body = {"platform": "android", "kind": "fid", "target": f"target-{device_id}", "language": "en"}
    answer = resident.client.put(f"/api/v1/devices/{device_id}", json=body, headers=resident.headers)
    assert answer.status_code == 200, answer.json


def documents(resident: Resident) -> tuple[str, str]:
    """Given names and the last figures of the passport as `/me` shows them."""
    shown = resident.get("/me").json
    return shown["given_names"], shown["document_number"][-3:]
