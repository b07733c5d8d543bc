"""A report that a person without a phone makes at a counter: recorded by the officer who takes it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import Session
from foundation.errors import Conflict, NotFound
from foundation.identity import Principal
from immigration.events import CounterReportTaken
from immigration.models.people import Passport, current_passport, get_person_id
from immigration.models.records import OfficeReport
from immigration.registries import offices
from immigration.registries.records import Case
from immigration.rules import readings
from immigration.rules import reports as rules
from immigration.rules.bases import next_due
from immigration.rules.codes import Channel, RegimeName, ReportStatus
from immigration.rules.offices import covers
from immigration.rules.policies import Policy
from immigration.services import judging, obligations, office_reports, scope
from immigration.services.judging import FilingContext


class ReceiptNumberTaken(Conflict):
    """The paper receipt with this number belongs to another report."""

    code = "receipt-number-taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterReport:
    """What the officer says: the number of the paper receipt, and the office whose counter it is."""

    receipt_number: str
    office: str


def record(
    session: Session,
    resident_id: UUID,
    wanted: CounterReport,
    *,
    officer: Principal,
    context: FilingContext,
    now: datetime,
) -> OfficeReport:
    """Record that a person reported at a counter today; the same receipt again is the same report.

    What waits of the same period for an officer is closed by it, as when the office's list is imported. Raises NotFound
    for a person or an office that is not the officer's, ReceiptNumberTaken, and what refuses a filing.
    """
    if offices.office(wanted.office) is None or not covers(officer.offices, wanted.office):
        raise NotFound("this office is not yours")
    passport = current_passport(session, get_person_id(session, resident_id))
    if passport is None:
        raise NotFound
    scope.check_person(session, passport.person_id, officer=officer, act="counter-report", now=now)
    waiting = office_reports.lock(session, [passport.person_id])
    case = obligations.lock_case(session, passport.person_id, records=context.records)
    today = bangkok_date(now)
    if made := _find(session, wanted, passport, today):
        return made
    next_due_on = _next_due(case, today, context.law.on(today))
    taken = _store(session, wanted, passport, today, next_due_on)
    person_id = passport.person_id
    event = CounterReportTaken(
        subject=wanted.receipt_number, person_id=person_id, office=wanted.office, next_due_on=next_due_on
    )
    events.record(session, event, actor=officer.actor, at=now)
    kept: dict[str, Any] = {"records": context.records, "law": context.law, "now": now, "actor": officer.actor}
    obligations.recompute(session, [person_id], **kept)
    office_reports.settle(session, waiting, **kept)
    return taken


def _store(
    session: Session, wanted: CounterReport, passport: Passport, today: date, next_due_on: date | None
) -> OfficeReport:
    """Write the report. A row of the office's list with the same number replaces it, whatever it says."""
    taken = OfficeReport(
        receipt_number=wanted.receipt_number,
        passport_id=passport.id,
        filed_on=today,
        channel=Channel.COUNTER,
        office=wanted.office,
        next_due_on=next_due_on,
        row_digest=b"",
    )
    session.add(taken)
    session.flush()
    return taken


def _find(session: Session, wanted: CounterReport, passport: Passport, today: date) -> OfficeReport | None:
    """The report with this receipt, where it is the same; another one's number is refused."""
    query = select(OfficeReport).where(OfficeReport.receipt_number == wanted.receipt_number)
    made = session.scalars(query).one_or_none()
    same = (passport.id, today, Channel.COUNTER, wanted.office)
    if made and (made.passport_id, made.filed_on, made.channel, made.office) != same:
        raise ReceiptNumberTaken("look at the number on the paper again")
    return made


def _next_due(case: Case, today: date, policy: Policy) -> date | None:
    """The date for the receipt; None for an unclear regime. Raises what refuses a filing of today.

    An accepted report holds its period; one that waits does not, since this report answers it.
    """
    held = [report for report in case.held if report.status == ReportStatus.ACCEPTED]
    if case.facts:
        owed, obstacles = readings.to_file_under(case.facts, held, today, policy)
    else:
        owed, obstacles = case.kept, rules.obstacles_to_filing(case.kept, held, today, policy)
    judging.refuse(obstacles)
    if owed.regime == RegimeName.UNCLEAR:
        return None
    return next_due(owed.window.due_on if owed.window else None, None, today, Channel.COUNTER, policy)
