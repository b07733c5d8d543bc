"""All that is kept of a person, read by the data dictionary: a new table or column is in it without a change here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, select

from foundation import events
from foundation.classification import Classification
from foundation.db import Base, Session
from foundation.events import EventRecord, plain
from foundation.identity import Principal
from foundation.sealing import Sealed
from immigration.events import AlarmRaised, DataExported
from immigration.models.people import Passport, get_person_id, holders_of
from immigration.models.reports import Report
from immigration.services import belongings

LEFT_OUT: Mapping[str, str] = {
    "activation_requests": "anybody may have typed it; whose passport it names is not kept readably",
    "officers": "accounts of officers",
    "signing_keys": "keys of the service",
    "rejected_rows": "rows that were not taken; whose they are is not known, and they go after 30 days",
    "idempotency_keys": "the answer to a filing is that of its report",
    "residences.host": "the name of somebody else",
    "devices.target": "gives access to a phone; the device itself is listed",
}
"""Tables and columns that an export leaves out, each with the reason."""
OF_STAFF = frozenset({"officer", "decided_by", "requested_by"})
"""Facts of events that name an officer: a person sees which office acted, not who."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """What is kept of a person: by table, a list of rows with the columns that say something about them."""

    resident_id: UUID
    exported_at: datetime
    tables: Mapping[str, Sequence[Mapping[str, Any]]]


def export(session: Session, resident: Principal, *, now: datetime) -> Export:
    """All that is kept of the resident's person, readable; that it was exported is recorded.

    Source of the right: Personal Data Protection Act B.E. 2562, sections 30 and 31.
    """
    person_id = get_person_id(session, resident.id)
    rows = {table.name: _rows(session, table, person_id) for table in exported_tables()}
    event = DataExported(subject=str(person_id), person_id=person_id)
    events.record(session, event, actor=resident.actor, at=now)
    return Export(resident_id=resident.id, exported_at=now, tables=rows)


def exported_tables() -> list[Table]:
    """The tables that hold something about people who use the service."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT and exported_columns(table)]


def exported_columns(table: Table) -> list[Column[Any]]:
    """The columns of a table that say something about a person, in its order."""
    return [column for column in table.columns if _is_personal(column) and str(column) not in LEFT_OUT]


def _is_personal(column: Column[Any]) -> bool:
    """What is sensitive and not sealed is a digest or an index, which nobody can read."""
    kind = column.info["classification"]
    return kind == Classification.PERSONAL or (kind == Classification.SENSITIVE and isinstance(column.type, Sealed))


def _rows(session: Session, table: Table, person_id: UUID) -> list[dict[str, Any]]:
    query = select(*exported_columns(table)).where(is_of_person(table, person_id)).order_by(*table.primary_key)
    if table is EventRecord.__table__:
        query = query.where(table.columns["kind"] != AlarmRaised.kind)  # about an officer: the auditor's
    return [{name: _plain(value) for name, value in row._mapping.items()} for row in session.execute(query)]


def _plain(value: Any) -> Any:
    """A value as JSON keeps it, without the facts that name an officer."""
    if isinstance(value, dict):
        value = {name: each for name, each in value.items() if name not in OF_STAFF}
    return plain(value)


def is_of_person(table: Table, person_id: UUID) -> ColumnElement[bool]:
    """Which rows of a table are about a person, by the columns that lead to one.

    Raises LookupError for a table whose columns lead to nobody, so that a new one is not forgotten.
    """
    people = holders_of(person_id).union(select(Passport.person_id).where(Passport.person_id == person_id))
    if table is EventRecord.__table__:
        return belongings.concerns(person_id)
    leads = {
        "person_id": people,
        "passport_id": select(Passport.id).where(Passport.person_id == person_id),
        "report_id": select(Report.id).where(Report.person_id == person_id),
    }
    name = next((name for name in leads if name in table.columns), None)
    if name is not None:
        return table.columns[name].in_(leads[name])
    if table.name == "people":
        return table.columns["id"].in_(people)
    raise LookupError(f"{table.name}: no column says whose a row is")
