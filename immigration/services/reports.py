"""Filing a 90-day report, and what its author can do with it afterwards."""

import json
import secrets
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, select

from foundation import events
from foundation.clock import bangkok_date, rfc3339
from foundation.db import ReadSession, Session, execute_bulk
from foundation.errors import BadRequest, Conflict, NotFound, Unavailable, Unprocessable
from foundation.identity import Principal
from immigration.events import ReportCorrected, ReportDecided, ReportFiled, ReportWithdrawn
from immigration.models.reports import IdempotencyKey, Receipt, Report
from immigration.registries.records import Case
from immigration.rules import due_dates, findings, numbers
from immigration.rules import reports as rules
from immigration.rules.facts import Report as Counted
from immigration.rules.policies import Policy
from immigration.services import judging, obligations, statements, storing
from immigration.services.judging import FilingContext, Form, Judgement, Sent

TRIES = 8
KEYS_KEPT = timedelta(days=400)
"""How long the answer to a filing is kept under its idempotency key."""
_NEWEST = (
    select(Report, Receipt)
    .outerjoin(Receipt, (Receipt.report_id == Report.id) & Receipt.voided_at.is_(None))
    .where(Report.person_id == bindparam("person_id"))
    .order_by(Report.id.desc())
    .limit(bindparam("limit"))
)
_OLDER = _NEWEST.where(Report.id < bindparam("before"))


class IdempotencyKeyRequired(BadRequest):
    """A filing needs an Idempotency-Key header, so that it can be sent again safely."""

    code = "idempotency-key-required"


class IdempotencyKeyReused(Unprocessable):
    """This Idempotency-Key already belongs to a filing with another body."""

    code = "idempotency-key-reused"


class CannotChange(Conflict):
    """The report is in a state that does not allow this."""

    code = "wrong-state"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to a filing: JSON text, and whether it was answered before."""

    text: str
    replayed: bool = False


def file(connection: Connection, sent: Sent, *, author: Principal, context: FilingContext, now: datetime) -> Answer:
    """Store a report and answer with what the records make of it; the same key and body again get the same answer.

    Raises AddressUnknown, IdempotencyKeyReused, TooEarly, AlreadyReported, OtherRegime; NotFound for an
    unknown person.
    """
    office = judging.office_of(sent.form.address)
    for _ in range(TRIES):
        case = context.records.case(connection, author.id, sent.key)
        if case is None:
            raise NotFound()
        if case.answered:
            if case.answered.body_digest != sent.body_digest:
                raise IdempotencyKeyReused()
            storing.confirm(connection, author.id, sent.key)
            return Answer(case.answered.answer, replayed=True)
        if office is None:
            raise judging.unknown_address(sent.form.address)
        written = write_up(case, sent, office, author=author, context=context, now=now)
        if storing.store(connection, written):
            return Answer(written.answer)
    raise Unavailable("the records of this person are changing; try again")


def _filing(form: Form, on: date, assurance: str, office: str) -> findings.Filing:
    return findings.Filing(on, assurance, form.address.subdistrict_code, form.address.house_number, office)


def write_up(
    case: Case, sent: Sent, office: str, *, author: Principal, context: FilingContext, now: datetime
) -> storing.Written:
    """Judge a filing, and write up everything that it leaves behind, ready to be stored in one statement.

    Raises TooEarly, AlreadyReported, OtherRegime.
    """
    filing = _filing(sent.form, bangkok_date(now), author.assurance, office)
    policy = context.law.on(filing.on)
    judged = judging.judge(case, filing, policy)
    number = numbers.report_number(secrets.token_bytes(12))
    document = case.documents[judged.passport_id]
    statement = statements.filed(
        context.signer, context.issuer, number=number, document=document, filed_at=now, due_on=judged.due_on
    )
    recorded: list[events.Event] = [ReportFiled(number, case.person_id, judged.status, judged.reasons, judged.due_on)]
    receipt = owed = None
    if judged.next_due_on:
        recorded.append(ReportDecided(number, case.person_id, "accepted", [], judged.next_due_on, filing.office))
        receipt = _receipt(context, number, document, judged.next_due_on, now)
        owed = _owed_after(case, judged, number, filing, policy)
    answer = _answer(number, judged, statement, receipt, filing.office, now)
    return storing.Written(
        case,
        sent,
        judged,
        filing,
        policy.version,
        number,
        statement,
        receipt,
        answer,
        recorded,
        author.actor,
        owed,
        now,
    )


def _receipt(
    context: FilingContext, number: str, document: str, next_due_on: date, now: datetime
) -> storing.NewReceipt:
    receipt = numbers.receipt_number(secrets.token_bytes(12))
    statement = statements.decided(
        context.signer,
        context.issuer,
        number=number,
        receipt=receipt,
        document=document,
        decided_at=now,
        next_due_on=next_due_on,
    )
    return storing.NewReceipt(receipt, next_due_on, statement)


def _answer(
    number: str, judged: Judgement, statement: str, receipt: storing.NewReceipt | None, office: str, now: datetime
) -> str:
    shown = {"number": receipt.number, "next_due_on": receipt.next_due_on.isoformat()} if receipt else None
    return json.dumps(
        {
            "number": number,
            "status": judged.status,
            "filed_at": rfc3339(now),
            "due_on": judged.due_on.isoformat() if judged.due_on else None,
            "filing_statement": statement,
            "checks": [finding.as_dict() for finding in judged.findings],
            "reasons": judged.reasons,
            "receipt": shown,
            "office": office,
        }
    )


def _owed_after(
    case: Case, judged: Judgement, number: str, filing: findings.Filing, policy: Policy
) -> dict[str, Any] | None:
    """The obligation's columns once the accepted report counts."""
    if case.facts is None:
        return None
    counted = Counted(
        number, filing.on, "online", judged.next_due_on, judged.passport_id, filing.office, True, judged.entered_on
    )
    after = replace(case.facts, reports=(*case.facts.reports, counted))
    return obligations.columns(due_dates.obligation(after, filing.on, policy, explain=False), policy)


def list_reports(
    session: ReadSession, person_id: UUID, *, before: int | None, limit: int
) -> list[tuple[Report, Receipt | None]]:
    """A person's reports, newest first, below a row id, each with its receipt if it has one that is not void."""
    values: dict[str, Any] = {"person_id": person_id, "limit": limit}
    if before:
        values["before"] = before
    return [(report, receipt) for report, receipt in session.execute(_OLDER if before else _NEWEST, values)]


def get(session: ReadSession, number: str, *, author: Principal, lock: bool = False) -> Report:
    """A report of the asking resident; NotFound for another's exactly as for none."""
    wanted = select(Report).where(Report.number == numbers.normalise(number), Report.person_id == author.id)
    found = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise NotFound()
    return found


def correct(
    session: Session, number: str, form: Form, *, author: Principal, context: FilingContext, now: datetime
) -> Report:
    """Answer a returned report with a corrected one; an officer looks at it again."""
    report = get(session, number, author=author, lock=True)
    if not rules.may("correct", report.status):
        raise CannotChange(f"the report is {report.status}; only a returned report can be corrected")
    office = judging.office_of(form.address)
    if office is None:
        raise judging.unknown_address(form.address)
    filing = _filing(form, report.filed_on, report.assurance, office)
    policy = context.law.on(bangkok_date(now))
    found = _examine(context.records.case(session.connection(), author.id), filing, policy)
    report.status, report.office, report.subdistrict_code = "under-review", office, form.address.subdistrict_code
    report.address, report.contact = storing.as_json(form.address.as_dict()), storing.as_json(form.contact())
    report.checks = findings.to_keep(found)
    report.reasons = findings.holding(found, filing, policy) or ["other"]
    report.policy_version = policy.version
    events.record(session, ReportCorrected(report.number, report.person_id, report.reasons), actor=author.actor, at=now)
    return report


def _examine(case: Case | None, filing: findings.Filing, policy: Policy) -> list[findings.Finding]:
    if case is None or case.facts is None:
        return findings.unavailable()
    return findings.examine(case.facts, due_dates.obligation(case.facts, filing.on, policy), filing, policy)


def withdraw(session: Session, number: str, *, author: Principal, context: FilingContext, now: datetime) -> Report:
    """Take a report back before it is decided; the period is free again."""
    report = get(session, number, author=author, lock=True)
    if not rules.may("withdraw", report.status):
        raise CannotChange(f"the report is {report.status}; it can be taken back only before it is decided")
    report.status = "withdrawn"
    session.flush()
    obligations.recompute(
        session,
        [report.person_id],
        records=context.records,
        law=context.law,
        now=now,
        actor=author.actor,
        announce=False,
    )
    events.record(session, ReportWithdrawn(report.number, report.person_id), actor=author.actor, at=now)
    return report


def forget_idempotency_keys(session: Session, *, now: datetime) -> int:
    """Remove keys that are older than KEYS_KEPT; how many there were."""
    return execute_bulk(session, delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEYS_KEPT))
