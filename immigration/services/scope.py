"""For whom an officer acts: people and reports of their offices, and by a recorded exception others for a while.

What lies outside is *not found*, exactly like what does not exist.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, TextClause, bindparam, select, text, true
from sqlalchemy.orm import InstrumentedAttribute

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import NotFound
from foundation.identity import Principal
from foundation.paging import Page, page
from immigration.events import OfficeExceptionOpened, OfficeExceptionUsed
from immigration.models.approvals import OfficeException
from immigration.models.reports import Report
from immigration.registries import offices
from immigration.registries.access import terms
from immigration.rules.codes import Alarm, Link
from immigration.rules.offices import HEADQUARTERS, covers, overlap
from immigration.services import alarms, conflicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why an officer has to look beyond their offices, and the number of the report, receipt or case it is about."""

    text: str
    stated_case: str | None = None
    approved_as: str | None = None


# A report says where a person is until a newer one is made, here or at an office; an open one until it is decided. A
# residence says it while it lasts. The tables are read, not the port to the records: its failing hides nobody.
_PLACES = """
with filed as (
  select r.filed_on, r.office from reports r where r.person_id = {person}
  union all
  select o.filed_on, o.office from office_reports o join passports p on p.id = o.passport_id
  where p.person_id = {person}
)
select office, null as subdistrict_code from filed where filed_on = (select max(filed_on) from filed)
union all
select r.office, null from reports r
where r.person_id = {person} and (r.status in ('under-review', 'returned') or r.contradicted_at is not null)
union all
select null, h.subdistrict_code from residences h join passports p on p.id = h.passport_id
where p.person_id = {person} and h.from_on <= :today and (h.until_on is null or h.until_on >= :today)
"""
# Whoever was never at one of the offices, which most people with a common name were not, is left out by fewer reads.
_EVER_AT = """
exists (select from reports r where r.person_id = {person} and r.office = any(:own_offices))
or exists (
  select from office_reports o join passports p on p.id = o.passport_id
  where p.person_id = {person} and o.office = any(:own_offices)
)
or exists (
  select from residences h join passports p on p.id = h.passport_id
  where p.person_id = {person} and left(h.subdistrict_code, 2) = any(:own_provinces)
)
"""
_PLACES_OF_ONE = text(_PLACES.format(person=":person_id"))


def offices_of(session: ReadSession, person_id: UUID, *, now: datetime) -> frozenset[str]:
    """The offices that have to do with a person: by residence, by the last report, by a report that is open."""
    rows = session.execute(_PLACES_OF_ONE, {"person_id": person_id, "today": bangkok_date(now)})
    return frozenset(row.office or _office_at(row.subdistrict_code) for row in rows)


def in_own_offices(office: InstrumentedAttribute[str], officer: Principal) -> ColumnElement[bool]:
    """Whether the office of a row is one of an officer's; to the headquarters every one is."""
    return true() if HEADQUARTERS in officer.offices else office.in_(sorted(officer.offices))


def is_of_offices(person: ColumnElement[UUID], officer: Principal, today: date) -> ColumnElement[bool] | TextClause:
    """Whether a person, of a column of people, has to do with an officer's offices, as `offices_of` says."""
    if HEADQUARTERS in officer.offices:
        return true()
    own = sorted(officer.offices)
    provinces = [province for each in offices.all_offices() if each.code in own for province in each.provinces]
    ever, places = (each.format(person=str(person)) for each in (_EVER_AT, _PLACES))
    return text(
        f"({ever}) and exists (select from ({places}) place"
        " where place.office = any(:own_offices) or left(place.subdistrict_code, 2) = any(:own_provinces))"
    ).bindparams(
        bindparam("today", today),
        bindparam("own_offices", own, ARRAY(Text)),
        bindparam("own_provinces", provinces, ARRAY(Text)),
    )


def _office_at(subdistrict_code: str) -> str:
    """The office of a residence; one that no office serves is a matter of the headquarters."""
    try:
        return offices.office_for(subdistrict_code[:2]).code
    except LookupError:
        return HEADQUARTERS


def link_to_person(session: ReadSession, person_id: UUID, *, officer: Principal, now: datetime) -> Link | None:
    """What makes a person an officer's to see; None where nothing does. Raises HasConflict."""
    concerned = offices_of(session, person_id, now=now)
    if overlap(officer.offices, concerned):
        link = Link.OWN_OFFICE
    elif not concerned:
        link = Link.NO_OFFICE
    elif has_exception(session, person_id, officer=officer, now=now):
        link = Link.EXCEPTION
    else:
        return None
    conflicts.refuse(session, person_id, officer=officer)
    return link


def check_person(session: Session, person_id: UUID, *, officer: Principal, act: str, now: datetime) -> Link:
    """What makes a person an officer's to act for; what is done by an exception is recorded. Raises NotFound."""
    link = link_to_person(session, person_id, officer=officer, now=now)
    if link is None:
        raise NotFound()
    if link == Link.EXCEPTION:
        record_use(session, person_id, officer=officer, act=act, now=now)
    return link


def check_people(session: Session, people: Collection[UUID], *, officer: Principal, act: str, now: datetime) -> None:
    """Raise NotFound unless all of some people are an officer's to act for."""
    for person_id in people:
        check_person(session, person_id, officer=officer, act=act, now=now)


def link_to_report(session: ReadSession, report: Report, *, officer: Principal, now: datetime) -> Link:
    """What makes a report an officer's: it is of the one office that it names.

    Raises NotFound where nothing does, HasConflict where the officer has nothing to do with its author.
    """
    own = covers(officer.offices, report.office)
    if not own and not has_exception(session, report.person_id, officer=officer, now=now):
        raise NotFound()
    conflicts.refuse(session, report.person_id, officer=officer)
    return Link.OWN_OFFICE if own else Link.EXCEPTION


def has_exception(session: ReadSession, person_id: UUID, *, officer: Principal, now: datetime) -> bool:
    """Whether an officer may look at a person of other offices now."""
    standing = select(OfficeException.id).where(
        OfficeException.officer_id == officer.id,
        OfficeException.person_id == person_id,
        OfficeException.expires_at > now,
    )
    return session.scalars(standing.limit(1)).first() is not None


def open_exception(
    session: Session, person_id: UUID, reason: Reason, *, officer: Principal, now: datetime
) -> OfficeException:
    """Let an officer act for a person of other offices for a while; auditors and those offices see it."""
    told = sorted(offices_of(session, person_id, now=now))
    opened = OfficeException(
        person_id=person_id,
        offices=told,
        officer_id=officer.id,
        officer=officer.actor,
        officer_offices=sorted(officer.offices),
        reason=reason.text,
        stated_case=reason.stated_case,
        approved_as=reason.approved_as,
        opened_at=now,
        expires_at=now + terms(bangkok_date(now)).office_exception,
    )
    session.add(opened)
    event = OfficeExceptionOpened(
        subject=str(person_id),
        person_id=person_id,
        reason=reason.text,
        stated_case=reason.stated_case,
        offices=sorted(officer.offices),
        of_offices=told,
    )
    events.record(session, event, actor=officer.actor, at=now)
    alarms.sound(session, Alarm.BEYOND_OFFICES, officer=officer, person_id=person_id, now=now)
    return opened


def record_use(session: Session, person_id: UUID, *, officer: Principal, act: str, now: datetime) -> None:
    """Record that an officer acted for a person of another office, by an exception."""
    event = OfficeExceptionUsed(subject=str(person_id), person_id=person_id, act=act, offices=sorted(officer.offices))
    events.record(session, event, actor=officer.actor, at=now)


def list_exceptions(
    session: ReadSession, *, officer: Principal, cursor: str | None = None, limit: int = 20
) -> Page[OfficeException]:
    """A page of the exceptions that concern an officer's offices, newest first. A cursor is a row id."""
    query = select(OfficeException).order_by(OfficeException.id.desc()).limit(limit + 1)
    if HEADQUARTERS not in officer.offices:
        query = query.where(OfficeException.offices.overlap(sorted(officer.offices)))
    if cursor:
        query = query.where(OfficeException.id < int(cursor))
    return page(session.scalars(query).all(), limit, lambda exception: str(exception.id))
