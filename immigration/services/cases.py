""" "My record is wrong": a resident opens a case, the office that has to do with them answers it or gives it on."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from foundation import events
from foundation.clock import bangkok_date, bangkok_day
from foundation.db import ReadSession, Session
from foundation.errors import Conflict, NotFound
from foundation.identity import Principal
from foundation.paging import Page, page
from immigration.events import CaseAnswered, CaseOpened, CaseOpenedByOfficer, CaseTransferred
from immigration.models.cases import ResidentCase
from immigration.models.people import Person, get_person_id, holders_of
from immigration.models.reports import Report
from immigration.registries import offices
from immigration.rules import cases as rules
from immigration.rules import numbers
from immigration.rules.codes import CaseOutcome, CaseStatus, Link
from immigration.rules.offices import HEADQUARTERS, covers
from immigration.services import alarms, conflicts, scope
from immigration.services.judging import FilingContext
from immigration.services.officers import UnknownOffice


class TooManyCases(Conflict):
    """So many cases of one person wait for an answer that no further one is taken."""

    code = "too-many-cases"


class CannotAnswer(Conflict):
    """The case cannot be answered so."""

    code = "cannot-answer"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an officer found, or the office that a case is given to."""

    outcome: CaseOutcome | None = None
    text: str = ""
    transfer_to: str | None = None


def open_case(
    session: Session, about: str, text: str, *, resident: Principal, context: FilingContext, now: datetime
) -> ResidentCase:
    """Open a case at the office that has to do with the resident; the same again, while it waits, is that one.

    Raises TooManyCases, NotFound for an unknown person.
    """
    if session.get(Person, resident.id, with_for_update=True) is None:
        raise NotFound()
    person_id = get_person_id(session, resident.id)
    waiting = select(ResidentCase).where(
        ResidentCase.person_id.in_(holders_of(person_id)), ResidentCase.status != CaseStatus.ANSWERED
    )
    standing = session.scalars(waiting.order_by(ResidentCase.id)).all()
    if same := next((case for case in standing if (case.about, case.text) == (about, text)), None):
        return same
    if len(standing) >= rules.MOST_OPEN:
        raise TooManyCases(f"{len(standing)} cases wait for an answer")
    today = bangkok_date(now)
    office = _office_for(session, person_id, about, now=now)
    policy = context.law.on(today)
    case = ResidentCase(
        number=numbers.case_number(secrets.token_bytes(12)),
        person_id=resident.id,
        office=office,
        about=about,
        text=text,
        status=CaseStatus.OPEN,
        opened_at=now,
        due_by=rules.due_by(today, about, policy.of_office(office)),
    )
    session.add(case)
    session.flush()
    event = CaseOpened(subject=case.number, person_id=resident.id, about=about, office=office, due_by=case.due_by)
    events.record(session, event, actor=resident.actor, at=now)
    return case


def _office_for(session: ReadSession, person_id: UUID, about: str, *, now: datetime) -> str:
    """The office of the report that a case names, else of the person's last report or residence, else headquarters."""
    own = select(Report.office).where(Report.person_id == person_id)
    named = session.scalars(own.where(Report.number == numbers.normalise(about))).first()
    last = session.scalars(own.order_by(Report.id.desc()).limit(1)).first()
    return named or last or min(scope.offices_of(session, person_id, now=now), default=HEADQUARTERS)


def list_own(
    session: ReadSession, resident: Principal, *, cursor: str | None = None, limit: int = 20
) -> Page[ResidentCase]:
    """A page of the resident's cases, newest first. A cursor is a row id."""
    own = ResidentCase.person_id.in_(holders_of(get_person_id(session, resident.id)))
    query = select(ResidentCase).where(own).order_by(ResidentCase.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(ResidentCase.id < int(cursor))
    return page(session.scalars(query).all(), limit, lambda case: str(case.id))


def list_waiting(
    session: ReadSession,
    *,
    officer: Principal,
    answered: bool = False,
    at_office_until: date | None = None,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[ResidentCase]:
    """A page of the cases of the officer's offices that wait, or were answered; the longest waiting first.

    Only those that came to their present office by a day, where one is given. What the officer must not handle is left
    out.
    """
    state = ResidentCase.status == CaseStatus.ANSWERED
    query = select(ResidentCase).where(state if answered else ~state).order_by(ResidentCase.id).limit(limit + 1)
    query = query.where(scope.in_own_offices(ResidentCase.office, officer))
    if at_office_until:
        came = func.coalesce(ResidentCase.office_since, ResidentCase.opened_at)
        query = query.where(came < bangkok_day(at_office_until)[1])
    for refused in conflicts.people_of(session, officer.id):
        query = query.where(ResidentCase.person_id != refused, ResidentCase.person_id.not_in(holders_of(refused)))
    if cursor:
        query = query.where(ResidentCase.id > int(cursor))
    return page(session.scalars(query).all(), limit, lambda case: str(case.id))


def read(session: Session, number: str, *, officer: Principal, now: datetime) -> ResidentCase:
    """A case of the officer's offices with what the resident wrote; that it was read is recorded. Raises NotFound."""
    case = _get(session, number, officer=officer)
    event = CaseOpenedByOfficer(
        subject=case.number, person_id=case.person_id, offices=sorted(officer.offices), link=Link.OWN_OFFICE
    )
    events.record(session, event, actor=officer.actor, at=now)
    alarms.watch_volume(session, officer=officer, now=now)
    return case


def answer(session: Session, number: str, given: Answer, *, officer: Principal, now: datetime) -> ResidentCase:
    """Answer a case, or give it to another office; the person is told. The same answer again changes nothing.

    Raises NotFound, CannotAnswer, UnknownOffice.
    """
    case = _get(session, number, officer=officer, lock=True)
    if case.status == CaseStatus.ANSWERED:
        if (case.outcome, case.answer, case.answered_by) == (given.outcome, given.text, officer.actor):
            return case
        raise CannotAnswer("the case was answered before")
    if given.transfer_to is not None:
        return _transfer(session, case, given.transfer_to, officer=officer, now=now)
    case.status, case.outcome, case.answer = CaseStatus.ANSWERED, given.outcome, given.text
    case.answered_at, case.answered_by = now, officer.actor
    event = CaseAnswered(subject=case.number, person_id=case.person_id, outcome=str(given.outcome), office=case.office)
    events.record(session, event, actor=officer.actor, at=now)
    return case


def _transfer(session: Session, case: ResidentCase, office: str, *, officer: Principal, now: datetime) -> ResidentCase:
    """Give a case to another office; its clock goes on."""
    if not offices.is_known(office):
        raise UnknownOffice(f"no immigration office has the code {office}", offices=[office])
    if office == case.office:
        raise CannotAnswer("the case is at this office already")
    event = CaseTransferred(subject=case.number, person_id=case.person_id, office=office, former=case.office)
    case.office, case.office_since, case.status = office, now, CaseStatus.TRANSFERRED
    events.record(session, event, actor=officer.actor, at=now)
    return case


def count_overdue(session: ReadSession, *, now: datetime) -> int:
    """How many cases wait for an answer beyond their day."""
    late = (ResidentCase.status != CaseStatus.ANSWERED, ResidentCase.due_by < bangkok_date(now))
    return session.execute(select(func.count()).select_from(ResidentCase).where(*late)).scalar_one()


def _get(session: ReadSession, number: str, *, officer: Principal, lock: bool = False) -> ResidentCase:
    """A case of the officer's offices; NotFound for another office's exactly as for none."""
    wanted = select(ResidentCase).where(ResidentCase.number == numbers.normalise(number))
    case = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if case is None or not covers(officer.offices, case.office):
        raise NotFound()
    conflicts.refuse(session, case.person_id, officer=officer)
    return case
