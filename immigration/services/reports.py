"""Filing a 90-day report, and what its author can do with it afterwards."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import events
from foundation.clock import bangkok_date, rfc3339
from foundation.errors import BadRequest, Conflict, NotFound, Unavailable, Unprocessable
from foundation.identity import Principal
from immigration.events import ReportCorrected, ReportDecided, ReportFiled, ReportWithdrawn
from immigration.models.reports import Report
from immigration.registries import addresses, offices
from immigration.registries.law import Law
from immigration.registries.records import Case, Kept, Records
from immigration.rules import due_dates, findings, numbers
from immigration.rules import reports as rules
from immigration.rules.addresses import Address
from immigration.rules.due_dates import Obligation
from immigration.rules.facts import Facts
from immigration.rules.facts import Report as Counted
from immigration.rules.policies import Policy
from immigration.services import obligations, statements, storing
from immigration.services.keys import Signer

TRIES = 8
SYSTEM = "system"


class IdempotencyKeyRequired(BadRequest):
    """A filing needs an Idempotency-Key header, so that it can be sent again safely."""

    code = "idempotency-key-required"


class IdempotencyKeyReused(Unprocessable):
    """This Idempotency-Key already belongs to a filing with another body."""

    code = "idempotency-key-reused"


class AddressUnknown(Unprocessable):
    """The subdistrict does not exist, or the postal code is not one of its own."""

    code = "address-unknown"


class TooEarly(Conflict):
    """The report cannot be filed yet."""

    code = "too-early"


class AlreadyReported(Conflict):
    """This period already has a report."""

    code = "already-reported"


class OtherRegime(Conflict):
    """No 90-day report is taken here for this visa class."""

    code = "other-regime"


class CannotChange(Conflict):
    """The report is in a state that does not allow this."""

    code = "wrong-state"


_REFUSALS = {kind.code: kind for kind in (TooEarly, AlreadyReported, OtherRegime)}


@dataclass(frozen=True, slots=True)
class Form:
    """A report as its author sends it."""

    address: Address
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What filing stands on besides the database: the records, the law, and the pen that signs."""

    records: Records
    law: Law
    signer: Signer
    issuer: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to a filing: JSON text, and whether it was answered before."""

    text: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the records make of a filing."""

    status: str
    findings: list[findings.Finding]
    reasons: list[str]
    period: str
    due_on: date | None
    entered_on: date | None
    passport_id: int
    next_due_on: date | None


def file(
    session: Session, form: Form, *, author: Principal, key: str, body_digest: bytes, desk: Desk, now: datetime
) -> Answer:
    """Store a report and answer with what the records make of it; the same key and body again get the same answer.

    Raises AddressUnknown, IdempotencyKeyReused, TooEarly, AlreadyReported, OtherRegime; NotFound for nobody on record.
    """
    office = office_of(form.address)
    for _ in range(TRIES):
        case = desk.records.case(session, author.id, key)
        if case is None:
            raise NotFound()
        if case.answered:
            if case.answered.body_digest != body_digest:
                raise IdempotencyKeyReused()
            return Answer(case.answered.answer, replayed=True)
        if office is None:
            raise unknown_address(form.address)
        filing = findings.Filing(
            bangkok_date(now), author.assurance, form.address.subdistrict_code, form.address.house_number, office
        )
        policy = desk.law.on(filing.on)
        judged = judge(case, filing, policy)
        if (answer := _store(session, form, case, judged, filing, policy, author, key, body_digest, desk, now)) is not None:
            return Answer(answer)
    raise Unavailable("the records of this person are changing; try again")


def office_of(address: Address) -> str | None:
    """The office in whose territory an address lies; None where subdistrict and postal code do not fit together."""
    found = addresses.lookup(address.subdistrict_code)
    if found is None or address.postal_code not in found.postal_codes:
        return None
    return offices.office_for(found.province_code).code


def unknown_address(address: Address) -> AddressUnknown:
    """The refusal of an address, with what may have been meant."""
    likely = addresses.suggestions(address.subdistrict_code, address.postal_code)
    return AddressUnknown(suggestions=[suggestion(one) for one in likely])


def suggestion(found: addresses.Subdistrict) -> dict[str, Any]:
    """A subdistrict as the API shows it."""
    return {
        "subdistrict_code": found.code,
        "subdistrict": {"th": found.name_th, "en": found.name_en},
        "district": {"th": found.district_th, "en": found.district_en},
        "province": {"th": found.province_th, "en": found.province_en},
        "postal_codes": list(found.postal_codes),
    }


def judge(case: Case, filing: findings.Filing, policy: Policy) -> Judgement:
    """What the records make of a filing; raises what refuses it."""
    if case.facts is None:
        return _judge_blind(case, filing, policy)
    owed = due_dates.obligation(case.facts, filing.on, policy)
    refuse(rules.obstacles_to_filing(owed, case.held, filing.on, policy))
    found = findings.examine(case.facts, owed, filing, policy)
    reasons = findings.holding(found, filing, policy)
    next_due_on = None if reasons else next_due_after(owed, filing.on, policy)
    return Judgement(
        "under-review" if reasons else "accepted",
        found,
        reasons,
        rules.period_of(owed),
        owed.window.due_on if owed.window else None,
        owed.entered_on,
        case.facts.passport.id,
        next_due_on,
    )


def next_due_after(owed: Obligation, filed_on: date, policy: Policy) -> date:
    """The next due date that a report filed online on `filed_on` earns."""
    window = owed.window
    return due_dates.next_due(
        window.due_on if window else None, window.late_after if window else None, filed_on, "online", policy
    )


def _judge_blind(case: Case, filing: findings.Filing, policy: Policy) -> Judgement:
    """While the records cannot be read: the kept obligation says the period, an officer or a later check the rest."""
    kept: Kept = case.kept
    period = kept.basis or "no-entry"
    held = [h for h in case.held if h.period == period]
    if held:
        refuse([rules.Obstacle("already-reported", f"report {held[0].number} is {held[0].status}", held[0].number)])
    found = findings.unavailable()
    reasons = findings.holding(found, filing, policy)
    passport_id = max(case.documents)
    return Judgement("under-review", found, reasons, period, kept.due_on, kept.entered_on, passport_id, None)


def refuse(obstacles: Sequence[rules.Obstacle]) -> None:
    """Raise the problem of the first obstacle, if there is one."""
    for obstacle in obstacles:
        members: dict[str, Any] = {}
        if obstacle.number:
            members["number"] = obstacle.number
        if obstacle.opens_on:
            members["opens_on"] = obstacle.opens_on.isoformat()
        raise _REFUSALS[obstacle.reason](obstacle.detail, **members)


def _store(
    session: Session,
    form: Form,
    case: Case,
    judged: Judgement,
    filing: findings.Filing,
    policy: Policy,
    author: Principal,
    key: str,
    body_digest: bytes,
    desk: Desk,
    now: datetime,
) -> str | None:
    """Write report, receipt, decision, key and events in one statement; None when the person's records moved on."""
    number = numbers.report_number(secrets.token_bytes(12))
    document = case.documents[judged.passport_id]
    statement = statements.filed(
        desk.signer, desk.issuer, number=number, document=document, filed_at=now, due_on=judged.due_on
    )
    told: list[events.Event] = [ReportFiled(number, case.person_id, judged.status, judged.reasons, judged.due_on)]
    receipt = None
    if judged.next_due_on:
        receipt = numbers.receipt_number(secrets.token_bytes(12))
        told.append(ReportDecided(number, case.person_id, "accepted", [], judged.next_due_on, filing.office))
    answer = json.dumps(
        {
            "number": number,
            "status": judged.status,
            "filed_at": rfc3339(now),
            "due_on": judged.due_on.isoformat() if judged.due_on else None,
            "filing_statement": statement,
            "checks": [finding.as_dict() for finding in judged.findings],
            "reasons": judged.reasons,
            "receipt": {"number": receipt, "next_due_on": judged.next_due_on.isoformat()} if judged.next_due_on else None,
            "office": filing.office,
        }
    )
    decision = (
        None
        if judged.next_due_on is None or receipt is None
        else statements.decided(
            desk.signer,
            desk.issuer,
            number=number,
            receipt=receipt,
            document=document,
            decided_at=now,
            next_due_on=judged.next_due_on,
        )
    )
    stored = storing.Stored(
        number=number,
        person_id=case.person_id,
        revision=case.revision,
        judged_status=judged.status,
        passport_id=judged.passport_id,
        period=judged.period,
        entered_on=judged.entered_on,
        due_on=judged.due_on,
        filed_at=now,
        filed_on=filing.on,
        assurance=author.assurance,
        address=form.address,
        contact={"phone": form.phone, "email": form.email},
        office=filing.office,
        checks=[finding.as_dict() for finding in judged.findings],
        reasons=judged.reasons,
        policy_version=policy.version,
        filing_statement=statement,
        receipt=receipt,
        next_due_on=judged.next_due_on,
        decision_statement=decision,
        key=key,
        body_digest=body_digest,
        answer=answer,
        told=told,
        actor=author.actor,
        owed=_owed_after(case.facts, judged, number, filing, policy),
    )
    return answer if storing.store(session, stored) else None


def _owed_after(
    facts: Facts | None, judged: Judgement, number: str, filing: findings.Filing, policy: Policy
) -> dict[str, Any] | None:
    """The obligation's columns once the report is stored; None leaves them as they are."""
    if facts is None or judged.next_due_on is None:
        return None
    counted = Counted(
        number, filing.on, "online", judged.next_due_on, judged.passport_id, filing.office, True, judged.entered_on
    )
    after = due_dates.obligation(replace(facts, reports=(*facts.reports, counted)), filing.on, policy)
    return obligations.columns(after, policy)


def mine(session: Session, person_id: UUID, *, before: int | None, limit: int) -> Sequence[Report]:
    """A person's reports, newest first, below a row id."""
    found = select(Report).where(Report.person_id == person_id).order_by(Report.id.desc()).limit(limit)
    return session.scalars(found.where(Report.id < before) if before else found).all()


def get(session: Session, number: str, *, author: Principal, lock: bool = False) -> Report:
    """A report of the asking resident; NotFound for another's exactly as for none."""
    wanted = select(Report).where(Report.number == numbers.normalise(number), Report.person_id == author.id)
    found = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise NotFound()
    return found


def correct(session: Session, number: str, form: Form, *, author: Principal, desk: Desk, now: datetime) -> Report:
    """Answer a returned report with a corrected one; an officer looks at it again."""
    report = get(session, number, author=author, lock=True)
    if not rules.may("correct", report.status):
        raise CannotChange(f"the report is {report.status}; only a returned report can be corrected")
    office = office_of(form.address)
    if office is None:
        raise unknown_address(form.address)
    case = desk.records.case(session, author.id)
    filing = findings.Filing(
        report.filed_on, report.assurance, form.address.subdistrict_code, form.address.house_number, office
    )
    policy = desk.law.on(bangkok_date(now))
    found = findings.unavailable()
    if case is not None and case.facts is not None:
        found = findings.examine(case.facts, due_dates.obligation(case.facts, filing.on, policy), filing, policy)
    report.status, report.office = "under-review", office
    report.address, report.contact = storing.as_json(form.address.as_dict()), storing.as_json(
        {"phone": form.phone, "email": form.email}
    )
    report.subdistrict_code = form.address.subdistrict_code
    report.checks = [finding.as_dict() for finding in found]
    report.reasons = findings.holding(found, filing, policy) or ["other"]
    report.policy_version = policy.version
    events.record(session, ReportCorrected(report.number, report.person_id, report.reasons), actor=author.actor, at=now)
    return report


def withdraw(session: Session, number: str, *, author: Principal, now: datetime) -> Report:
    """Take a report back before it is decided; the period is free again."""
    report = get(session, number, author=author, lock=True)
    if not rules.may("withdraw", report.status):
        raise CannotChange(f"the report is {report.status}; it can be taken back only before it is decided")
    report.status = "withdrawn"
    storing.touch(session, report.person_id)
    events.record(session, ReportWithdrawn(report.number, report.person_id), actor=author.actor, at=now)
    return report
