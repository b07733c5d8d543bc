"""Records, residents and officers with default values: a test names only what differs."""

import csv
import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from foundation.identity import Role
from immigration.rules.rows import KINDS
from immigration.services import activations, officers, records, refreshing, staging
from operations.services import services_of

ADDRESS = {
    "house_number": "1",
    "building": "",
    "moo": "",
    "soi": "Sukhumvit 31",
    "road": "Sukhumvit",
    "subdistrict_code": "103901",
    "postal_code": "10110",
}
PASSWORD = "a-long-enough-password"
_numbers = itertools.count(1)

DEFAULTS: dict[str, dict[str, str]] = {
    "passports": {
        "document_number": "TEST00001",
        "issuing_state": "FRA",
        "nationality": "FRA",
        "surname": "DURAND",
        "given_names": "ALIX",
        "birth_date": "1990-01-02",
        "sex": "F",
        "expires_on": "2035-01-01",
        "status": "valid",
    },
    "movements": {
        "document_number": "TEST00001",
        "issuing_state": "FRA",
        "direction": "arrival",
        "occurred_on": "2026-09-01",
        "checkpoint": "Suvarnabhumi",
        "visa_class": "NON-O",
        "permitted_until": "2027-08-01",
        "contact_email": "alix@example.org",
    },
    "permissions": {
        "document_number": "TEST00001",
        "issuing_state": "FRA",
        "kind": "extension",
        "permitted_until": "2028-01-01",
    },
    "reports": {"document_number": "TEST00001", "issuing_state": "FRA", "channel": "counter", "office": "BKK"},
    "residences": {
        "document_number": "TEST00001",
        "issuing_state": "FRA",
        "subdistrict_code": "103901",
        "address": "1 Sukhumvit 31",
        "from_on": "2026-01-01",
    },
}
_IDS = {
    "movements": "movement_id",
    "permissions": "permission_id",
    "reports": "receipt_number",
    "residences": "residence_id",
}


def row(kind: str, **values: str) -> dict[str, str]:
    """A row of a kind: the defaults but for the given values, with a new id."""
    record = dict.fromkeys(KINDS[kind].columns, "") | DEFAULTS[kind] | values
    if kind in _IDS and not record[_IDS[kind]]:
        record[_IDS[kind]] = f"T-{next(_numbers):06}"
    if record.get("direction") == "departure":
        record |= {"visa_class": "", "permitted_until": "", "contact_email": ""}
    return record


def load(app: Flask, kind: str, *rows: dict[str, str]) -> dict[str, int]:
    """Import rows through the service, as an import of a file does; its counts."""
    counted = merge(app, kind, *rows)
    context, now = services_of(app).filing, services_of(app).clock()
    refreshing.refresh(services_of(app).database, records=context.records, law=context.law, now=now, actor="import")
    return counted


def merge(app: Flask, kind: str, *rows: dict[str, str]) -> dict[str, int]:
    """Import rows as an interrupted import does: obligations are marked as out of date, but not recomputed."""
    typed = [(line, KINDS[kind].read([values[c] for c in KINDS[kind].columns])) for line, values in enumerate(rows, 2)]
    now = services_of(app).clock()
    with services_of(app).database.transaction() as session:
        merged = records.merge(session, kind, staging.staged(kind, typed), law=services_of(app).filing.law, now=now)
    return dict(merged.counts) | {"rejected": len(merged.rejected)}


def load_files(app: Flask, folder: Path) -> None:
    """Import the five files of a folder."""
    for kind in KINDS:
        outcome = import_file(app, kind, folder / f"{kind}.csv")
        assert outcome.endswith("rejected 0"), outcome


def import_file(app: Flask, kind: str, path: Path) -> str:
    """Import a file; the counts as they are printed."""
    context, now = services_of(app).filing, services_of(app).clock()
    database = services_of(app).database
    return str(records.import_file(database, kind, path, records=context.records, law=context.law, now=now))


def write(path: Path, kind: str, *rows: dict[str, str], columns: Sequence[str] = ()) -> Path:
    """Write a file of a kind, with its columns in another order where they are given."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns or KINDS[kind].columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def query(app: Flask, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with services_of(app).database.read_session() as session:
        return [tuple(each) for each in session.execute(text(statement))]


def together(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run calls at the same instant, each in a thread of its own; their results in order."""
    results: list[Any] = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(n: int) -> None:
        barrier.wait()
        results[n] = calls[n]()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@dataclass
class Resident:
    """A signed-in resident."""

    client: FlaskClient
    headers: dict[str, str]
    id: str
    refresh_token: str = ""

    def get(self, path: str, **more: Any) -> Any:
        """GET below the API's base."""
        return self.client.get(f"/api/v1{path}", headers=self.headers, **more)

    def post(self, path: str, json: Any = None, **headers: str) -> Any:
        """POST below the API's base."""
        return self.client.post(f"/api/v1{path}", json=json, headers=self.headers | headers)

    def delete(self, path: str) -> Any:
        """DELETE below the API's base."""
        return self.client.delete(f"/api/v1{path}", headers=self.headers)

    def file(self, key: str = "", **address: str) -> Any:
        """File a report from the default address but for the given parts, under a new key unless one is given."""
        body = {"address": ADDRESS | address, "phone": "+66 81 234 5678", "email": "alix@example.org"}
        return self.client.post(
            "/api/v1/reports", json=body, headers=self.headers | {"Idempotency-Key": key or f"key-{next(_numbers)}"}
        )


def code(app: Flask, number: str = "TEST00001", state: str = "FRA", assurance: str = "counter") -> str:
    """Issue an activation code."""
    with services_of(app).database.transaction() as session:
        issued = activations.issue(
            session, number, state, assurance=assurance, issued_by="test", now=services_of(app).clock()
        )
    return issued.activation_code


def activate(
    app: Flask,
    number: str = "TEST00001",
    state: str = "FRA",
    birth_date: str = "1990-01-02",
    assurance: str = "counter",
) -> Resident:
    """Activate the app for a passport on record; the signed-in resident."""
    client = app.test_client()
    answer = client.post(
        "/api/v1/activations",
        json={
            "document_number": number,
            "issuing_state": state,
            "birth_date": birth_date,
            "activation_code": code(app, number, state, assurance),
        },
    )
    assert answer.status_code == 201, answer.get_data(as_text=True)
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    return Resident(client, headers, answer.json["resident_id"], answer.json["refresh_token"])


def officer(
    app: Flask, name: str = "somchai", role: str = "officer", office: str | Sequence[str] | None = None
) -> Resident:
    """Add an officer, of an office or several or the headquarters, and sign in; the calls are as a resident's."""
    now = services_of(app).clock()
    with services_of(app).database.transaction() as session:
        officers.add(session, name, password=PASSWORD, role=Role(role), office=office, actor="test", now=now)
    return sign_in(app, name)


def sign_in(app: Flask, name: str) -> Resident:
    """Sign an officer in, also once more where their session is over."""
    client = app.test_client()
    answer = client.post("/api/v1/officers/sessions", json={"name": name, "password": PASSWORD})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return Resident(client, {"Authorization": f"Bearer {answer.json['access_token']}"}, "")


def approve(app: Flask, answer: Any, outcome: str = "approved", office: str | None = None) -> Any:
    """Approve or refuse, as another officer, what an answer says is waiting."""
    assert answer.status_code == 202, answer.get_data(as_text=True)
    second = officer(app, f"second-{next(_numbers)}", office=office)
    return second.post(f"/review/approvals/{answer.json['approval']}", {"outcome": outcome, "note": "Seen."})


def arrived(app: Flask, on: str | date = "2026-09-01", **values: str) -> None:
    """Import the default passport and an arrival on a day."""
    load(app, "passports", row("passports"))
    load(app, "movements", row("movements", occurred_on=str(on), **values))
