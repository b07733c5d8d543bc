"""Filing a 90-day report, and what its author can do with it afterwards."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import load_only

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import BadRequest, Conflict, NotFound, Unavailable, Unprocessable
from foundation.identity import Principal
from foundation.paging import Page, page
from foundation.sealing import keyring
from immigration.events import ReportCorrected, ReportOpened, ReportWithdrawn
from immigration.models.people import person_of_holder
from immigration.models.reports import Receipt, Report
from immigration.registries.records import Case
from immigration.rules import facts, numbers
from immigration.rules import reports as rules
from immigration.rules.codes import Channel, ReportStatus
from immigration.rules.findings import Filing
from immigration.services import accepting, judging, obligations, statements, storing, verification
from immigration.services.accepting import Acceptance
from immigration.services.judging import FilingContext, Judgement, ReportForm, Submission
from immigration.services.storing import FiledReport

TRIES = 8
_NEWEST = (
    select(Report, Receipt)
    .outerjoin(Receipt, (Receipt.report_id == Report.id) & Receipt.voided_at.is_(None))
    .where(Report.person_id == person_of_holder())
    .order_by(Report.id.desc())
    .limit(bindparam("limit"))
)
_IN_A_LINE = load_only(
    *(Report.number, Report.status, Report.filed_at, Report.due_on, Report.office, Report.reasons), raiseload=True
)
_OLDER = _NEWEST.where(Report.id < bindparam("before"))
_OWN = select(Report).where(Report.number == bindparam("number"), Report.person_id == person_of_holder())
_OWN_LOCKED = _OWN.with_for_update(of=Report)


class IdempotencyKeyRequired(BadRequest):
    """A filing needs an Idempotency-Key header, so that it can be sent again safely."""

    code = "idempotency-key-required"


class IdempotencyKeyReused(Unprocessable):
    """This Idempotency-Key already belongs to a filing with another body."""

    code = "idempotency-key-reused"


def body_digests(canonical: str) -> tuple[bytes, bytes]:
    """What is kept of a request's body: keyed, since an address can be guessed; and as earlier releases kept it."""
    return keyring().digest("report-body", canonical), hashlib.sha256(canonical.encode()).digest()


class CannotChange(Conflict):
    """The report is in a state that does not allow this."""

    code = "wrong-state"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to a filing: JSON text, and whether it was answered before."""

    text: str
    replayed: bool = False


Render = Callable[[FiledReport], str]
"""How an answer is written as JSON. It is kept with the idempotency key, to be given again as it was."""


def file(
    connection: Connection,
    submission: Submission,
    *,
    author: Principal,
    context: FilingContext,
    render: Render,
    now: datetime,
) -> Answer:
    """Store a report and answer with what the records make of it; the same key and body again get the same answer.

    Raises AddressUnknown, IdempotencyKeyReused, TooEarly, AlreadyReported, OtherRegime; NotFound for an
    unknown person.
    """
    office = judging.office_of(submission.form.address)
    for _ in range(TRIES):
        case = context.records.case(connection, author.id, submission.key)
        if case is None:
            raise NotFound()
        if case.answered:
            if case.answered.body_digest not in (submission.body_digest, submission.former_digest):
                raise IdempotencyKeyReused()
            storing.confirm(connection, case.answered.holder_id, submission.key)
            return Answer(case.answered.answer, replayed=True)
        if office is None:
            raise judging.unknown_address(submission.form.address)
        filed = write_up(case, submission, office, author=author, context=context, now=now)
        answer = render(filed)
        if storing.store(connection, filed, answer):
            return Answer(answer)
    raise Unavailable("the records of this person are changing; try again")


def write_up(
    case: Case, submission: Submission, office: str, *, author: Principal, context: FilingContext, now: datetime
) -> FiledReport:
    """Judge a filing, and write up everything that it leaves behind, ready to be stored in one statement.

    Raises TooEarly, AlreadyReported, OtherRegime.
    """
    filing = Filing(
        on=bangkok_date(now),
        assurance=author.assurance,
        subdistrict_code=submission.form.address.subdistrict_code,
        house_number=submission.form.address.house_number,
        office=office,
        activated_passport_id=author.passport_id,
    )
    policy = context.law.on(filing.on)
    judgement = judging.judge(case, filing, policy)
    number = numbers.report_number(secrets.token_bytes(12))
    document = case.documents[judgement.passport_id]
    statement = statements.filed(
        context.signer, context.issuer, number=number, document=document, filed_at=now, due_on=judgement.due_on
    )
    acceptance = _accept(case, number, judgement, filing, context=context, now=now)
    facts_after = acceptance.facts if acceptance else None
    return FiledReport(
        case=case,
        submission=submission,
        judgement=judgement,
        filing=filing,
        policy_version=policy.version,
        number=number,
        filing_statement=statement,
        acceptance=acceptance,
        owed=obligations.columns(facts_after, filing.on, policy) if facts_after else None,
        holder_id=author.id,
        actor=author.actor,
        filed_at=now,
    )


def _accept(
    case: Case, number: str, judgement: Judgement, filing: Filing, *, context: FilingContext, now: datetime
) -> Acceptance | None:
    """The acceptance of a report that the records decide; None where an officer has to look."""
    if judgement.next_due_on is None:
        return None
    report = facts.Report(
        number=number,
        on=filing.on,
        channel=Channel.ONLINE,
        next_due_on=judgement.next_due_on,
        passport_id=judgement.passport_id,
        office=filing.office,
        ours=True,
        entered_on=judgement.entered_on,
    )
    return accepting.accept(case, report, next_due_on=judgement.next_due_on, context=context, now=now)


Entry = tuple[Report, Receipt | None]
"""A report, and its receipt if it has one that is not void."""


def list_reports(session: ReadSession, holder_id: UUID, *, cursor: str | None = None, limit: int = 20) -> Page[Entry]:
    """A page of the reports of a holder's person, newest first. A cursor is the row id of a report."""
    values: dict[str, Any] = {"holder_id": holder_id, "limit": limit + 1}
    if cursor:
        values["before"] = int(cursor)
    rows = session.execute(_OLDER if cursor else _NEWEST, values)
    return page([(report, receipt) for report, receipt in rows], limit, lambda entry: str(entry[0].id))


def list_related(session: ReadSession, report: Report, *, limit: int = 10) -> Sequence[Report]:
    """Other reports of the person, newest first; without addresses and contacts."""
    others = select(Report).where(Report.person_id == report.person_id, Report.id != report.id)
    return session.scalars(others.options(_IN_A_LINE).order_by(Report.id.desc()).limit(limit)).all()


def get(session: ReadSession, number: str, *, author: Principal, lock: bool = False) -> Report:
    """A report of the asking resident; NotFound for another's exactly as for none."""
    values = {"number": numbers.normalise(number), "holder_id": author.id}
    report = session.scalars(_OWN_LOCKED if lock else _OWN, values).one_or_none()
    if report is None:
        raise NotFound()
    return report


def correct(
    session: Session, number: str, form: ReportForm, *, author: Principal, context: FilingContext, now: datetime
) -> Report:
    """Answer a returned report with a corrected one; an officer looks at it again.

    The same correction again changes nothing and gets the same answer, as long as nobody acted on the report.
    """
    report = get(session, number, author=author, lock=True)
    if _is_corrected_so(session, report, form):
        return report
    if not rules.may("correct", report.status):
        raise CannotChange(f"the report is {report.status}; only a returned report can be corrected")
    office = judging.office_of(form.address)
    if office is None:
        raise judging.unknown_address(form.address)
    policy = context.law.on(report.filed_on)
    case = context.records.case(session.connection(), author.id)
    report.status, report.office = ReportStatus.UNDER_REVIEW, office
    report.subdistrict_code = form.address.subdistrict_code
    report.address, report.contact = storing.as_json(form.address.as_dict()), storing.as_json(form.contact())
    report.checks, report.reasons = judging.examine(case, report.period, storing.filing_of(report), policy)
    report.policy_version = policy.version
    event = ReportCorrected(subject=report.number, person_id=report.person_id, reasons=report.reasons)
    events.record(session, event, actor=author.actor, at=now)
    return report


def _is_corrected_so(session: ReadSession, report: Report, form: ReportForm) -> bool:
    """Whether the last that happened to a report is this very correction."""
    if report.status != ReportStatus.UNDER_REVIEW:
        return False
    changes = [event.kind for event in events.history(session, report.number) if event.kind != ReportOpened.kind]
    as_stored = (form.address.as_dict(), form.contact())
    return changes[-1:] == [ReportCorrected.kind] and as_stored == (
        storing.from_json(report.address),
        storing.from_json(report.contact),
    )


def withdraw(session: Session, number: str, *, author: Principal, context: FilingContext, now: datetime) -> Report:
    """Take a report back before it is decided; the period is free again. Again, it changes nothing."""
    report = get(session, number, author=author, lock=True)
    if report.status == ReportStatus.WITHDRAWN:
        return report
    if not rules.may("withdraw", report.status):
        raise CannotChange(f"the report is {report.status}; it can be taken back only before it is decided")
    verification.check_verified(session, author, now=now)
    report.status = ReportStatus.WITHDRAWN
    obligations.follow(session, report.person_id, context=context, actor=author.actor, now=now)
    event = ReportWithdrawn(subject=report.number, person_id=report.person_id)
    events.record(session, event, actor=author.actor, at=now)
    return report
