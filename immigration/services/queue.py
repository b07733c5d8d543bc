"""The queue: reports that wait for an officer, oldest first. It holds no names, so reading it looks nobody up."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import load_only

from foundation.clock import bangkok_day
from foundation.db import ReadSession
from foundation.errors import NotFound
from foundation.identity import Principal
from foundation.paging import Page, page
from immigration.models.access import Officer
from immigration.models.claims import Claim
from immigration.models.obligations import Obligation
from immigration.models.people import Passport
from immigration.models.reports import Report
from immigration.rules.nationalities import canonical
from immigration.rules.offices import EVERY_OFFICE, covers
from immigration.services import conflicts
from immigration.services.claims import Holder
from immigration.services.scope import in_own_offices

MOST_COUNTED = 100
"""Where a count ends: "more than 100" is enough for a label, and costs the same at any size."""
_SHOWN = load_only(
    *(Report.number, Report.status, Report.filed_at, Report.filed_on, Report.due_on),
    *(Report.office, Report.office_since, Report.reasons, Report.assurance),
    raiseload=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """Which reports a queue shows: in a state, or contradicted by the records; of one of the officer's offices, or all.

    `claimed_by` is who has them in hand, `filed_until` the last day of filing, `at_office_until` the last day on which
    they came to their present office; what is None or empty filters nothing.
    """

    status: str
    office: str = EVERY_OFFICE
    contradicted: bool = False
    claimed_by: UUID | None = None
    reason: str | None = None
    nationality: str | None = None
    visa_class: str | None = None
    assurance: str | None = None
    filed_until: date | None = None
    at_office_until: date | None = None


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A report in the queue, with what officers choose by."""

    report: Report
    nationality: str
    visa_class: str | None
    holder: Holder | None


def queue(
    session: ReadSession,
    wanted: QueueFilter,
    *,
    officer: Principal,
    now: datetime,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[QueueEntry]:
    """A page of the reports of an officer's offices, oldest first. A cursor is the row id of a report.

    Raises NotFound for another office.
    """
    query = select(Report, Passport.nationality, Obligation.visa_class, Officer.id, Officer.name, Claim.expires_at)
    query = query.select_from(Report).join(Passport, Passport.id == Report.passport_id)
    query = query.outerjoin(Obligation, Obligation.person_id == Report.person_id)
    query = query.outerjoin(Claim, and_(Claim.report_id == Report.id, Claim.expires_at > now))
    query = query.outerjoin(Officer, Officer.id == Claim.officer_id).options(_SHOWN)
    query = _filtered(session, query, wanted, officer)
    if cursor:
        query = query.where(Report.id > int(cursor))
    rows = session.execute(query.order_by(Report.id).limit(limit + 1))
    entries = [
        QueueEntry(report, nationality, visa_class, Holder(officer_id, name, until) if officer_id else None)
        for report, nationality, visa_class, officer_id, name, until in rows
    ]
    return page(entries, limit, lambda entry: str(entry.report.id))


def count(session: ReadSession, wanted: QueueFilter, *, officer: Principal, now: datetime) -> int:
    """How many reports a queue holds, at most one more than MOST_COUNTED; only what is filtered by is joined."""
    query = select(Report.id).select_from(Report)
    if wanted.nationality:
        query = query.join(Passport, Passport.id == Report.passport_id)
    if wanted.visa_class:
        query = query.join(Obligation, Obligation.person_id == Report.person_id)
    if wanted.claimed_by:
        query = query.join(Claim, and_(Claim.report_id == Report.id, Claim.expires_at > now))
    found = _filtered(session, query, wanted, officer).limit(MOST_COUNTED + 1)
    return session.execute(select(func.count()).select_from(found.subquery())).scalar_one()


def _filtered(
    session: ReadSession,
    query: Select,  # type: ignore[type-arg]
    wanted: QueueFilter,
    officer: Principal,
) -> Select:  # type: ignore[type-arg]
    """A query of reports with all that is filtered by, without what the officer must not handle. Raises NotFound."""
    if wanted.office != EVERY_OFFICE and not covers(officer.offices, wanted.office):
        raise NotFound()
    query = query.where(in_own_offices(Report.office, officer))
    if refused := conflicts.people_of(session, officer.id):
        query = query.where(Report.person_id.not_in(refused))
    query = query.where(Report.contradicted_at.is_not(None) if wanted.contradicted else Report.status == wanted.status)
    conditions = [
        (wanted.office != EVERY_OFFICE, Report.office == wanted.office),
        (wanted.claimed_by, Claim.officer_id == wanted.claimed_by),
        (wanted.reason, Report.reasons.contains([wanted.reason])),
        (wanted.nationality, Passport.nationality == canonical(wanted.nationality or "")),
        (wanted.visa_class, Obligation.visa_class == wanted.visa_class),
        (wanted.assurance, Report.assurance == wanted.assurance),
        (wanted.filed_until, Report.filed_on <= (wanted.filed_until or date.max)),
    ]
    if wanted.at_office_until:
        query = query.where(_came_by(wanted.at_office_until))
    return query.where(*(condition for given, condition in conditions if given))


def _came_by(day: date) -> ColumnElement[bool]:
    """Whether a report was at its present office by the end of a civil day in Bangkok."""
    return func.coalesce(Report.office_since, Report.filed_at) < bangkok_day(day)[1]
