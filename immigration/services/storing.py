"""The one write of a filing: report, decision, receipt, idempotency key, events, obligation, in a single statement."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import JSONB

import immigration.models.people  # noqa: F401 - reports refer to its tables, whose types are asked for below
from foundation import events
from foundation.db import Base, Statement, column_definitions, column_type
from foundation.sealing import Sealed, bound
from immigration.events import ReportFiled
from immigration.models.obligations import KEPT_COLUMNS, Obligation
from immigration.models.reports import Decision, IdempotencyKey, Receipt, Report
from immigration.registries.records import Case
from immigration.rules.findings import Filing, to_keep
from immigration.services.accepting import Acceptance
from immigration.services.judging import SYSTEM, Judgement, Submission


def _columns(model: type[Base], *left_out: str) -> tuple[str, ...]:
    return tuple(column.name for column in model.__table__.columns if column.name not in left_out)


# What a filing writes of each table: every column but those that only a later change sets, or the database itself.
_WRITTEN: dict[type[Base], tuple[str, ...]] = {
    Report: _columns(Report, "id", "note", "contradicted_at", "office_report", "office_since"),
    IdempotencyKey: _columns(IdempotencyKey),
    Decision: _columns(Decision, "id", "note", "overridden"),
    Receipt: _columns(Receipt, "voided_at"),
    events.EventRecord: _columns(events.EventRecord, "id", "relayed_at"),
    Obligation: tuple(name for name in KEPT_COLUMNS if name != "changes_on"),
}


def columns_written(table: str) -> tuple[str, ...]:
    """The columns of a table that a filing writes, for what compares this statement with others."""
    return next(columns for model, columns in _WRITTEN.items() if model.__tablename__ == table)


def _parameter(model: type[Base], name: str) -> str:
    """A value as a parameter of the statement. But for texts its type is said: PostgreSQL takes a null for a text."""
    parameter, kind = f":{model.__tablename__}_{name}", column_type(model, name)
    return parameter if kind == "TEXT" else f"cast({parameter} as {kind})"


# Columns whose value stands in the statement already: in another table's parameter, or in what was written just before.
_SHARED: dict[type[Base], dict[str, str]] = {
    Report: {"person_id": "person_id"},
    IdempotencyKey: {
        "person_id": _parameter(Report, "holder_id"),
        "status": "201",
        "created_at": _parameter(Report, "filed_at"),
    },
    Decision: {
        "report_id": "id",
        "outcome": _parameter(Report, "status"),
        "reasons": _parameter(Report, "reasons"),
        "next_due_on": _parameter(Receipt, "next_due_on"),
        "policy_version": _parameter(Report, "policy_version"),
        "decided_by": _parameter(Report, "decided_by"),
        "decided_at": _parameter(Report, "filed_at"),
    },
    Receipt: {"report_id": "id", "issued_at": _parameter(Report, "filed_at")},
    Obligation: {"policy_version": _parameter(Report, "policy_version")},
}


def _value(model: type[Base], name: str) -> str:
    return _SHARED[model].get(name) or _parameter(model, name)


def _insert(model: type[Base], source: str) -> str:
    """An insert of one row where `source` has one."""
    columns, values = ", ".join(_WRITTEN[model]), ", ".join(_value(model, name) for name in _WRITTEN[model])
    return f"insert into {model.__tablename__} ({columns}) select {values} from {source}"  # noqa: S608 - names of ours


# A filing is one statement, for two reasons. It is one trip to the database, where a transaction would take eight. And
# it begins with the person's obligation: where the revision moved since the case was read, that update finds no row, so
# `held` is empty and nothing at all is written. Foreign keys are checked at the end of a statement, so a decision may
# name a report that is inserted beside it. The driver keeps how it reads a statement only up to 4,096 characters and 50
# parameters, and needs 300 µs for a longer one: a test sees that this one stays below.
_EVENTS = column_definitions(events.EventRecord, _WRITTEN[events.EventRecord])
_FILING = f"""
with held as (
  update obligations set revision = revision + 1 {{kept}}
  where person_id = :person_id and revision = :revision returning person_id
), report as (
  {_insert(Report, "held")} returning id
), idempotency_key as (
  {_insert(IdempotencyKey, "held")}
), event as (
  insert into events ({", ".join(_WRITTEN[events.EventRecord])})
  select e.* from held, jsonb_to_recordset(cast(:events as jsonb)) as e ({_EVENTS})
)
"""  # noqa: S608 - names come from the models
_ACCEPTANCE = f""", decision as (
  {_insert(Decision, "report")}
), receipt as (
  {_insert(Receipt, "report")}
)
"""
_KEPT = ", ".join(f"{name} = {_value(Obligation, name)}" for name in _WRITTEN[Obligation])
_REPORT_ID = "select id from report"
STORE_UNDER_REVIEW = Statement(_FILING.format(kept="") + _REPORT_ID)
STORE_ACCEPTED = Statement(_FILING.format(kept=f", {_KEPT}") + _ACCEPTANCE + _REPORT_ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledReport:
    """Everything that a filing leaves behind.

    `acceptance` is None where an officer has to look. `owed` holds the obligation's new columns once the report
    counts. `holder_id` is as whom the author was signed in.
    """

    case: Case
    submission: Submission
    judgement: Judgement
    filing: Filing
    policy_version: str
    number: str
    filing_statement: str
    acceptance: Acceptance | None
    owed: dict[str, Any] | None
    holder_id: UUID
    actor: str
    filed_at: datetime


def as_json(value: Mapping[str, Any]) -> str:
    """JSON as it is sealed into a column."""
    return json.dumps(value, ensure_ascii=False)


def from_json(text: str) -> dict[str, Any]:
    """What `as_json` sealed."""
    value: dict[str, Any] = json.loads(text)
    return value


def filing_of(report: Report) -> Filing:
    """The filing that a stored report is, to check it against the records again."""
    return Filing(
        on=report.filed_on,
        assurance=report.assurance,
        subdistrict_code=report.subdistrict_code,
        house_number=from_json(report.address)["house_number"],
        office=report.office,
        activated_passport_id=report.activated_passport_id,
    )


def store(connection: Connection, filed: FiledReport, answer: str) -> bool:
    """Write it, with the answer to be given again. False where nothing was written.

    That is when the person's obligation changed since the case was read.
    """
    statement = STORE_ACCEPTED if filed.acceptance else STORE_UNDER_REVIEW
    return statement.scalar(connection, parameters(filed, answer)) is not None


def parameters(filed: FiledReport, answer: str) -> dict[str, Any]:
    """The values of the statement's parameters; sealed where they are stored sealed."""
    judgement, form = filed.judgement, filed.submission.form
    report = {
        "number": filed.number,
        "holder_id": filed.holder_id,
        "passport_id": judgement.passport_id,
        "period": judgement.period,
        "entered_on": judgement.entered_on,
        "due_on": judgement.due_on,
        "filed_at": filed.filed_at,
        "filed_on": filed.filing.on,
        "status": judgement.status,
        "assurance": filed.filing.assurance,
        "activated_passport_id": filed.filing.activated_passport_id,
        "subdistrict_code": form.address.subdistrict_code,
        "address": bound(as_json(form.address.as_dict()), filed.number),
        "contact": bound(as_json(form.contact()), filed.number),
        "office": filed.filing.office,
        "checks": to_keep(judgement.findings),
        "reasons": judgement.reasons,
        "policy_version": filed.policy_version,
        "filing_statement": filed.filing_statement,
        "decided_at": filed.filed_at if filed.acceptance else None,
        "decided_by": SYSTEM if filed.acceptance else None,
    }
    key = {
        "key": filed.submission.key,
        "body_digest": filed.submission.body_digest,
        "answer": bound(answer, filed.submission.key),
    }
    return {
        "person_id": filed.case.person_id,
        "revision": filed.case.revision,
        **_bound(Report, report),
        **_bound(IdempotencyKey, key),
        "events": _events(filed),
        **(_acceptance(filed.acceptance, filed.owed) if filed.acceptance else {}),
    }


def _acceptance(acceptance: Acceptance, owed: dict[str, Any] | None) -> dict[str, Any]:
    """The parameters of receipt and next obligation; those of the decision are the report's and the receipt's."""
    assert owed is not None
    receipt = acceptance.receipt
    issued = {"number": receipt.number, "next_due_on": receipt.next_due_on, "statement": receipt.statement}
    return {**_bound(Receipt, issued), **_bound(Obligation, owed)}


def _encoder(model: type[Base], name: str) -> Callable[[Any], Any] | None:
    """How a column's values become what the driver takes; None where they already are."""
    kind = model.__table__.columns[name].type
    if isinstance(kind, Sealed):
        return kind.seal
    return json.dumps if isinstance(kind, JSONB) else None


_ENCODED = {
    model: [
        (name, f"{model.__tablename__}_{name}", _encoder(model, name)) for name in _WRITTEN[model] if name not in shared
    ]
    for model, shared in _SHARED.items()
}


def _bound(model: type[Base], values: Mapping[str, Any]) -> dict[str, Any]:
    """A row's values under the names of their parameters, as the driver takes them. KeyError where one is missing."""
    return {parameter: encode(values[name]) if encode else values[name] for name, parameter, encode in _ENCODED[model]}


# A write commits only after everything that was written before it, on the standby too: so a small one is made.
_CONFIRM = text("update idempotency_keys set status = status where person_id = :person_id and key = :key")


def confirm(connection: Connection, holder_id: UUID, key: str) -> None:
    """Make sure that an answer given before is safe: its commit may have ended before a standby had it."""
    connection.execute(_CONFIRM, {"person_id": holder_id, "key": key})


def _events(filed: FiledReport) -> str:
    """The events as JSON: filing is what the author did, acceptance what the service did."""
    judgement = filed.judgement
    event = ReportFiled(
        subject=filed.number,
        person_id=filed.case.person_id,
        status=judgement.status,
        reasons=judgement.reasons,
        due_on=judgement.due_on,
    )
    rows = [events.row(event, actor=filed.actor, at=filed.filed_at)]
    if filed.acceptance:
        rows.append(events.row(filed.acceptance.event, actor=SYSTEM, at=filed.filed_at))
    return json.dumps(rows, default=_in_json)


def _in_json(value: Any) -> str:
    """A value as `jsonb_to_recordset` reads it: bytes in hexadecimal, as PostgreSQL writes them."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
