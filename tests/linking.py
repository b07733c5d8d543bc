"""What tests of linked passports share: rows of passports, files of them, and what a person sees."""

from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from immigration.rules.rows import KINDS
from immigration.services import records
from notifications import rounds
from operations.services import services_of
from operations.subscribing import SUBSCRIBERS
from tests.conftest import NOW
from tests.factories import Resident, row

OLD, NEW = "TEST00001", "TEST00002"


def passport(number: str, replaces: str = "", **values: str) -> dict[str, str]:
    """A row of a passport, which replaces another one of the same state."""
    return row("passports", document_number=number, replaces=replaces and f"FRA:{replaces}", **values)


def query(app: Flask, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with services_of(app).database.read_session() as session:
        return [tuple(each) for each in session.execute(text(statement))]


def relay(app: Flask) -> None:
    """Run the relay round."""
    rounds.relay_round(services_of(app).database, NOW, SUBSCRIBERS)


def people(app: Flask) -> int:
    """How many people the passports on record have."""
    return int(query(app, "select count(distinct person_id) from passports")[0][0])


def write(path: Path, *rows: dict[str, str]) -> Path:
    """Write a file of passports."""
    columns = KINDS["passports"].columns
    path.write_text("\n".join([",".join(columns), *(",".join(each[c] for c in columns) for each in rows)]) + "\n")
    return path


def import_file(app: Flask, path: Path) -> str:
    """Import a file of passports; the counts as they are printed."""
    context = services_of(app).filing
    done = records.import_file(
        services_of(app).database, "passports", path, records=context.records, law=context.law, now=NOW
    )
    return str(done)


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
