"""The worked cases: records as CSV, and the obligation of each person."""

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

from tests.oracle.history import Change, Extension, History, Move, Report

CASES = Path(__file__).parents[1] / "data" / "cases"
Rows = list[dict[str, str]]


def worked_cases() -> dict[str, tuple[History, dict[str, Any]]]:
    """Of each person, the history and the obligation that is expected, dates as text."""
    expected = json.loads((CASES / "expected.json").read_text("utf-8"))
    today = dt.datetime.fromisoformat(expected["now"]).date()
    return {
        name: (_history(f"{person['issuing_state']}:{person['document_number']}", today), person["obligation"])
        for name, person in expected["people"].items()
    }


def _history(passport: str, today: dt.date) -> History:
    """All that is on record about a passport and the one it replaces."""
    replaced = {f"{row['issuing_state']}:{row['document_number']}": row["replaces"] for row in _read("passports")}
    passports = {passport, replaced[passport]}

    def rows(kind: str) -> Rows:
        return [row for row in _read(kind) if f"{row['issuing_state']}:{row['document_number']}" in passports]

    permissions = {
        kind: [
            (_day(row["granted_on"]), _day(row["permitted_until"]), row["visa_class"], row["permission_id"])
            for row in rows("permissions")
            if row["kind"] == kind
        ]
        for kind in ("extension", "change")
    }
    return History(
        [
            Move(on, "in" if row["direction"] == "arrival" else "out", row["visa_class"], _until(row, on))
            for row in rows("movements")
            for on in [_day(row["occurred_on"])]
        ],
        [Extension(*each) for each in permissions["extension"]],
        [Change(*each) for each in permissions["change"]],
        [
            Report(_day(row["filed_on"]), row["channel"], printed, row["receipt_number"], row["office"])
            for row in rows("reports")
            for printed in [_day(row["next_due_on"]) if row["next_due_on"] else None]
        ],
        residence=next((row["subdistrict_code"][:2] for row in rows("residences")), ""),
        today=today,
    )


def _until(row: dict[str, str], on: dt.date) -> dt.date:
    return _day(row["permitted_until"]) if row["permitted_until"] else on


def _day(written: str) -> dt.date:
    return dt.date.fromisoformat(written)


def _read(kind: str) -> Rows:
    with (CASES / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
