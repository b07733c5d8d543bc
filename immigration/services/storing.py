"""The one write of a filing: report, decision, receipt, idempotency key, events and obligation in a single statement."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from foundation import events
from foundation.sealing import keyring
from immigration.rules.addresses import Address

_OWED = ("regime", "visa_class", "entered_on", "permitted_until", "basis", "due_on", "opens_on", "online_closes_on",
         "grace_ends_on", "late_after", "expected", "policy_version")  # fmt: skip

_REPORT = """
with held as (
  update obligations set revision = revision + 1 {owed}
  where person_id = :person_id and revision = :revision returning person_id
), report as (
  insert into reports (number, person_id, passport_id, period, entered_on, due_on, filed_at, filed_on, status, assurance,
    subdistrict_code, address, contact, office, checks, reasons, policy_version, filing_statement, decided_at, decided_by)
  select :number, person_id, :passport_id, :period, cast(:entered_on as date), cast(:due_on as date), :filed_at,
    cast(:filed_on as date), :status, :assurance, :subdistrict_code, :address, :contact, :office,
    cast(:checks as jsonb), cast(:reasons as text[]), :policy_version, :filing_statement,
    {decided} from held returning id
), key as (
  insert into idempotency_keys (person_id, key, body_digest, status, answer, created_at)
  select person_id, :key, :body_digest, 201, :answer, :filed_at from held
), told as (
  insert into events (at, kind, subject, person_id, actor, data)
  select :filed_at, e.kind, :number, person_id, e.actor, cast(e.data as jsonb)
  from held, unnest(cast(:kinds as text[]), cast(:actors as text[]), cast(:facts as text[])) as e (kind, actor, data)
)
"""
_ACCEPTED = """, decision as (
  insert into decisions (report_id, outcome, reasons, next_due_on, policy_version, decided_by, decided_at)
  select id, 'accepted', '{}', cast(:next_due_on as date), :policy_version, 'system', :filed_at from report
), receipt as (
  insert into receipts (number, report_id, issued_at, next_due_on, statement)
  select :receipt, id, :filed_at, cast(:next_due_on as date), :decision_statement from report
)
"""
_SET = ", ".join(f"{name} = :owed_{name}" for name in _OWED)
_UNDER_REVIEW = text(_REPORT.format(owed="", decided="null, null") + "select id from report")
_DECIDED = text(_REPORT.format(owed=", " + _SET, decided=":filed_at, 'system'") + _ACCEPTED + "select id from report")


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything that a filing leaves behind."""

    number: str
    person_id: UUID
    revision: int
    judged_status: str
    passport_id: int
    period: str
    entered_on: date | None
    due_on: date | None
    filed_at: datetime
    filed_on: date
    assurance: str
    address: Address
    contact: Mapping[str, str]
    office: str
    checks: list[dict[str, str | None]]
    reasons: list[str]
    policy_version: str
    filing_statement: str
    receipt: str | None
    next_due_on: date | None
    decision_statement: str | None
    key: str
    body_digest: bytes
    answer: str
    told: list[events.Event]
    actor: str
    owed: dict[str, Any] | None


def as_json(value: Mapping[str, Any]) -> str:
    """JSON as it is sealed into a column."""
    return json.dumps(value, ensure_ascii=False)


def from_json(text: str) -> dict[str, Any]:
    """What `as_json` sealed."""
    value: dict[str, Any] = json.loads(text)
    return value


def store(session: Session, filed: Stored) -> bool:
    """Write it; False when the person's obligation was changed since `revision` was read, and nothing was written."""
    keys = keyring()
    values = {
        "number": filed.number,
        "person_id": filed.person_id,
        "revision": filed.revision,
        "passport_id": filed.passport_id,
        "period": filed.period,
        "entered_on": filed.entered_on,
        "due_on": filed.due_on,
        "filed_at": filed.filed_at,
        "filed_on": filed.filed_on,
        "status": filed.judged_status,
        "assurance": filed.assurance,
        "subdistrict_code": filed.address.subdistrict_code,
        "address": keys.seal(as_json(filed.address.as_dict()), "reports.address"),
        "contact": keys.seal(as_json(filed.contact), "reports.contact"),
        "office": filed.office,
        "checks": json.dumps(filed.checks),
        "reasons": filed.reasons,
        "policy_version": filed.policy_version,
        "filing_statement": filed.filing_statement,
        "key": filed.key,
        "body_digest": filed.body_digest,
        "answer": keys.seal(filed.answer, "idempotency_keys.answer"),
        "kinds": [event.kind for event in filed.told],
        "actors": [filed.actor, *("system" for _ in filed.told[1:])],
        "facts": [json.dumps(events.payload(event)) for event in filed.told],
    }
    if filed.owed is None:
        return session.execute(_UNDER_REVIEW, values).first() is not None
    values |= {f"owed_{name}": filed.owed[name] for name in _OWED}
    values |= {
        "next_due_on": filed.next_due_on,
        "receipt": filed.receipt,
        "decision_statement": filed.decision_statement,
    }
    return session.execute(_DECIDED, values).first() is not None


def touch(session: Session, person_id: UUID) -> None:
    """Say that something about a person changed: a filing judged on what was before must look again."""
    session.execute(
        text("update obligations set revision = revision + 1 where person_id = :person_id"), {"person_id": person_id}
    )
