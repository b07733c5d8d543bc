"""A snapshot of the stored rows, read by one statement without code of the service."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from foundation.db import Database

Row = dict[str, Any]
TABLES = {
    "reports": "id, number, person_id, passport_id, period, entered_on, due_on, filed_at, filed_on, status, reasons, "
    "contradicted_at, office_report",
    "receipts": "number, report_id, next_due_on, statement, voided_at",
    "decisions": "id, report_id, outcome, reasons, next_due_on, decided_by",
    "events": "id, at, kind, subject, person_id, actor, data, "
    "id not in (select event_id from events_to_relay) as relayed",
    "obligations": "*",
    "notifications": "id, person_id, kind, dedupe, status, params, created_at",
    "idempotency_keys": "person_id, key",
    "passports": "id, person_id, encode(document_index, 'hex') as document",
}
_ORDER = {"reports": "id", "decisions": "id", "events": "id", "passports": "id", "receipts": "issued_at, number"}
_QUERY = "select json_build_object({})".format(
    ", ".join(
        f"'{name}', (select coalesce(json_agg(t), '[]') from "
        f"(select {columns} from {name} order by {_ORDER.get(name, '1')}) t)"
        for name, columns in TABLES.items()
    )
)


@dataclass(frozen=True)
class Snapshot:
    """Every row of the tables that invariants are about, as JSON values, in the order they were written."""

    reports: list[Row]
    receipts: list[Row]
    decisions: list[Row]
    events: list[Row]
    obligations: list[Row]
    notifications: list[Row]
    idempotency_keys: list[Row]
    passports: list[Row]

    def reports_of(self, person_id: str) -> list[Row]:
        """A person's reports, oldest first."""
        return [report for report in self.reports if report["person_id"] == person_id]

    def report(self, number: str) -> Row:
        """A report by its number."""
        return next(report for report in self.reports if report["number"] == number)

    def receipt_of(self, report: Row) -> Row | None:
        """The receipt of a report that is not void."""
        valid = (c for c in self.receipts if c["report_id"] == report["id"] and not c["voided_at"])
        return next(valid, None)

    def person_of(self, document: bytes) -> str:
        """The id of the holder of a passport, by its blind index."""
        return next(str(p["person_id"]) for p in self.passports if p["document"] == document.hex())

    def kept(self, person_id: str) -> Row:
        """The stored obligation of a person."""
        return next(row for row in self.obligations if row["person_id"] == person_id)


def take_snapshot(database: Database) -> Snapshot:
    """Read all rows of this moment."""
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(_QUERY).scalar_one()
    return Snapshot(**(json.loads(rows) if isinstance(rows, str) else rows))


def day(value: str | None) -> date | None:
    """A date of a row, which has it as text."""
    return date.fromisoformat(value) if value else None


def holds(report: Row) -> bool:
    """Whether a report holds its period, so that no other report can be filed for it."""
    return report["status"] in ("accepted", "under-review", "returned") and not report["contradicted_at"]
