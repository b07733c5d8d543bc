"""Taking a report in hand and putting it back, so that two officers do not work on one report."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from foundation.clock import bangkok_date, rfc3339
from foundation.db import BULK, ReadSession, Session
from foundation.errors import Conflict
from immigration.models.access import Officer
from immigration.models.claims import Claim
from immigration.models.reports import Report
from immigration.registries.access import terms
from immigration.rules import reports as rules


class Claimed(Conflict):
    """A colleague has this report in hand."""

    code = "claimed"


class CannotClaim(Conflict):
    """The report cannot be taken in hand."""

    code = "cannot-claim"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a report in hand, by account and name, and until when."""

    officer_id: UUID
    name: str
    expires_at: datetime


def find_holder(session: ReadSession, report_id: int, *, now: datetime) -> Holder | None:
    """Who has a report in hand at present."""
    query = (
        select(Officer.id, Officer.name, Claim.expires_at)
        .join(Claim, Claim.officer_id == Officer.id)
        .where(Claim.report_id == report_id, Claim.expires_at > now)
    )
    row = session.execute(query).one_or_none()
    return Holder(*row) if row else None


def take(session: Session, report: Report, officer_id: UUID, *, now: datetime) -> Holder:
    """Take a report in hand, or keep it for longer. The report is locked, so that of two officers one gets it.

    Raises Claimed, and CannotClaim for a report that nobody can decide.
    """
    if not rules.may("decide", report.status):
        raise CannotClaim(f"the report is {report.status}")
    refuse_if_claimed(session, report, officer_id, now=now)
    expires_at = now + terms(bangkok_date(now)).claim
    values = {"officer_id": officer_id, "claimed_at": now, "expires_at": expires_at}
    statement = insert(Claim).values(report_id=report.id, **values)
    statement = statement.on_conflict_do_update(index_elements=[Claim.report_id], set_=values)
    session.execute(statement, execution_options=BULK)
    name = session.scalars(select(Officer.name).where(Officer.id == officer_id)).one()
    return Holder(officer_id, name, expires_at)


def refuse_if_claimed(session: ReadSession, report: Report, officer_id: UUID, *, now: datetime) -> None:
    """Raise Claimed where another officer has the report in hand."""
    holder = find_holder(session, report.id, now=now)
    if holder and holder.officer_id != officer_id:
        until = rfc3339(holder.expires_at)
        raise Claimed(f"{holder.name} has it until {until}", claimed_by=holder.name, until=until)


def release(session: Session, report: Report, officer_id: UUID | None = None) -> None:
    """Put a report back: the claim of one officer, or whosever it is."""
    ended = delete(Claim).where(Claim.report_id == report.id)
    if officer_id:
        ended = ended.where(Claim.officer_id == officer_id)
    session.execute(ended, execution_options=BULK)
