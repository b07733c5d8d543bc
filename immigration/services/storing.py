"""The one write of a filing: report, decision, receipt, idempotency key, events, obligation, in a single statement."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from foundation import events
from foundation.db import one
from foundation.sealing import keyring
from immigration.registries.records import Case
from immigration.rules.findings import Filing, to_keep
from immigration.services.judging import Judgement, Sent

OWED = ("regime", "visa_class", "entered_on", "permitted_until", "basis", "due_on", "opens_on", "online_closes_on",
         "grace_ends_on", "late_after", "expected", "policy_version")  # fmt: skip

_REPORT = """
with held as (
  update obligations set revision = revision + 1 {owed}
  where person_id = %(person_id)s and revision = %(revision)s returning person_id
), report as (
  insert into reports (number, person_id, passport_id, period, entered_on, due_on, filed_at, filed_on, status,
    assurance, subdistrict_code, address, contact, office, checks, reasons, policy_version, filing_statement,
    decided_at, decided_by)
  select %(number)s, person_id, %(passport_id)s, %(period)s, %(entered_on)s::date, %(due_on)s::date, %(filed_at)s,
    %(filed_on)s::date, %(status)s, %(assurance)s, %(subdistrict_code)s, %(address)s, %(contact)s, %(office)s,
    %(checks)s::jsonb, %(reasons)s::text[], %(policy_version)s, %(filing_statement)s, {decided} from held returning id
), key as (
  insert into idempotency_keys (person_id, key, body_digest, status, answer, created_at)
  select person_id, %(key)s, %(body_digest)s, 201, %(answer)s, %(filed_at)s from held
), told as (
  insert into events (at, kind, subject, person_id, actor, data)
  select %(filed_at)s, e.kind, %(number)s, person_id, e.actor, e.data
  from held, jsonb_to_recordset(%(told)s::jsonb) as e (kind text, actor text, data jsonb)
)
"""
_ACCEPTED = """, decision as (
  insert into decisions (report_id, outcome, reasons, next_due_on, policy_version, decided_by, decided_at)
  select id, 'accepted', '{}', %(next_due_on)s::date, %(policy_version)s, 'system', %(filed_at)s from report
), receipt as (
  insert into receipts (number, report_id, issued_at, next_due_on, statement)
  select %(receipt)s, id, %(filed_at)s, %(next_due_on)s::date, %(decision_statement)s from report
)
"""
_SET = ", ".join(f"{name} = %(owed_{name})s" for name in OWED)
_ID = "select id from report"
_UNDER_REVIEW = _REPORT.format(owed="", decided="null, null") + _ID
DECIDED = _REPORT.format(owed=", " + _SET, decided="%(filed_at)s, 'system'") + _ACCEPTED + _ID


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A receipt to be issued: number, the next due date it states, and the signed statement."""

    number: str
    next_due_on: date
    statement: str


@dataclass(frozen=True, slots=True)
class Written:
    """Everything that a filing leaves behind. `owed` holds the obligation's new columns; None leaves them."""

    case: Case
    sent: Sent
    judged: Judgement
    filing: Filing
    policy_version: str
    number: str
    statement: str
    receipt: NewReceipt | None
    answer: str
    told: list[events.Event]
    actor: str
    owed: dict[str, Any] | None
    at: datetime


def as_json(value: Mapping[str, Any]) -> str:
    """JSON as it is sealed into a column."""
    return json.dumps(value, ensure_ascii=False)


def from_json(text: str) -> dict[str, Any]:
    """What `as_json` sealed."""
    value: dict[str, Any] = json.loads(text)
    return value


def store(at: Connection, written: Written) -> bool:
    """Write it; False when the person's obligation changed since the case was read, and nothing was written."""
    return one(at, DECIDED if written.receipt else _UNDER_REVIEW, values(written)) is not None


def values(written: Written) -> dict[str, Any]:
    """What is written, by the names of the statements' parameters; sealed where it is stored sealed."""
    found = _report(written)
    if written.receipt is None or written.owed is None:
        return found
    found |= {f"owed_{name}": written.owed[name] for name in OWED}
    return found | {
        "receipt": written.receipt.number,
        "next_due_on": written.receipt.next_due_on,
        "decision_statement": written.receipt.statement,
    }


_CONFIRM = "update idempotency_keys set status = status where person_id = %(person_id)s and key = %(key)s"


def confirm(at: Connection, person_id: UUID, key: str) -> None:
    """Make sure that an answer given before is safe: its commit may have ended before a second machine had it.

    A write commits only after all that was written before it, on the second machine too, so a small one is made.
    """
    at.execute(_CONFIRM, {"person_id": person_id, "key": key})


def _report(written: Written) -> dict[str, Any]:
    keys, form, judged = keyring(), written.sent.form, written.judged
    return {
        "number": written.number,
        "person_id": written.case.person_id,
        "revision": written.case.revision,
        "passport_id": judged.passport_id,
        "period": judged.period,
        "entered_on": judged.entered_on,
        "due_on": judged.due_on,
        "filed_at": written.at,
        "filed_on": written.filing.on,
        "status": judged.status,
        "assurance": written.filing.assurance,
        "subdistrict_code": form.address.subdistrict_code,
        "address": keys.seal(as_json(form.address.as_dict()), "reports.address"),
        "contact": keys.seal(as_json(form.contact()), "reports.contact"),
        "office": written.filing.office,
        "checks": json.dumps(to_keep(judged.findings)),
        "reasons": judged.reasons,
        "policy_version": written.policy_version,
        "filing_statement": written.statement,
        "key": written.sent.key,
        "body_digest": written.sent.body_digest,
        "answer": keys.seal(written.answer, "idempotency_keys.answer"),
        "told": _told(written),
    }


def _told(written: Written) -> str:
    """The events as JSON: the first is the author's deed, what follows is the service's."""
    actors = [written.actor, *("system" for _ in written.told[1:])]
    told = zip(written.told, actors, strict=True)
    return json.dumps([{"kind": e.kind, "actor": actor, "data": events.payload(e)} for e, actor in told])
