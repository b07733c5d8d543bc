"""What acceptance adds to a report, whoever accepts it: the records when it is filed, or an officer later."""

import secrets
from dataclasses import dataclass, replace
from datetime import date, datetime

from immigration.events import ReportDecided
from immigration.registries.records import Case
from immigration.rules import numbers
from immigration.rules.codes import Outcome
from immigration.rules.facts import Facts, Report
from immigration.services import statements
from immigration.services.judging import FilingContext


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReceipt:
    """A receipt to be issued: number, the next due date it states (None: none is due), and the signed statement."""

    number: str
    next_due_on: date | None
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The receipt, the event, and the person's facts with the report counted; None while the records are away."""

    receipt: NewReceipt
    event: ReportDecided
    facts: Facts | None


def accept(
    case: Case, report: Report, *, next_due_on: date | None, context: FilingContext, now: datetime
) -> Acceptance:
    """What the acceptance of `report` leaves behind; nothing is stored here."""
    receipt_number = numbers.receipt_number(secrets.token_bytes(12))
    statement = statements.decided(
        context.signer,
        context.issuer,
        number=report.number,
        receipt=receipt_number,
        document=case.documents[report.passport_id],
        decided_at=now,
        next_due_on=next_due_on,
    )
    return Acceptance(
        receipt=NewReceipt(number=receipt_number, next_due_on=next_due_on, statement=statement),
        event=ReportDecided(
            subject=report.number,
            person_id=case.person_id,
            outcome=Outcome.ACCEPTED,
            reasons=[],
            next_due_on=next_due_on,
            office=report.office,
        ),
        facts=_with_report(case, replace(report, next_due_on=next_due_on)),
    )


def _with_report(case: Case, report: Report) -> Facts | None:
    """The facts with an accepted report in its place: reports of ours stand in the order in which they were filed."""
    if case.facts is None:
        return None
    newest_first = [held.number for held in case.held]
    place = newest_first.index(report.number) if report.number in newest_first else 0
    later = set(newest_first[:place])
    before = [other for other in case.facts.reports if other.number not in later]
    after = [other for other in case.facts.reports if other.number in later]
    return replace(case.facts, reports=(*before, report, *after))
