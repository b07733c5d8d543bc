"""Codes that officers issue to people at the counter: for whom, how many, and what an auditor hears of them."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select, text

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import NotFound, TooManyRequests
from foundation.events import EventRecord
from foundation.identity import Principal
from immigration.events import AlarmRaised
from immigration.models.access import ActivationCode
from immigration.models.people import Passport, PassportLink, current_passport, get_person_id, holders_of
from immigration.registries.access import terms
from immigration.rules.codes import Alarm, Assurance, Link
from immigration.services import activations, alarms, scope
from immigration.services.activations import Issued

_HOUR = timedelta(hours=1)
_OF_OTHERS = {str(Alarm.BEYOND_OFFICES): Alarm.CODE_BEYOND_OFFICES, str(Alarm.NO_OFFICE): Alarm.NO_OFFICE}
"""What an earlier alarm about an officer's act for a person makes of a code for that person."""
# Two codes of one officer at once would both be the last one allowed.
_ONE_AFTER_THE_OTHER = text("select pg_advisory_xact_lock(hashtext('codes of ' || :actor))")


def issue(session: Session, resident_id: UUID, *, officer: Principal, now: datetime) -> Issued:
    """A code for the person before the officer, with their present passport; the person is told by every channel.

    Raises CannotIssueCode, TooManyRequests; NotFound for a person of other offices as for none.
    """
    passport = current_passport(session, get_person_id(session, resident_id))
    if passport is None:
        raise NotFound()
    link = scope.check_person(session, passport.person_id, officer=officer, act="issue-code", now=now)
    _refuse_many(session, officer, now)
    issued = activations.issue_for(
        session,
        passport,
        assurance=Assurance.COUNTER,
        issued_by=officer.actor,
        now=now,
        offices=officer.offices,
    )
    if alarm := _alarm(session, link, passport.person_id, officer, now):
        alarms.sound(session, alarm, officer=officer, person_id=passport.holder, now=now)
    if _linked_by(session, passport.person_id, officer, now):
        alarms.sound(session, Alarm.OWN_LINK, officer=officer, person_id=passport.holder, now=now)
    return issued


def watch_decision(session: Session, person_id: UUID, *, officer: Principal, now: datetime) -> None:
    """Raise an alarm where an officer decides for somebody to whom they issued a code shortly before."""
    since = now - terms(bangkok_date(now)).own_making
    own = exists().where(
        ActivationCode.person_id.in_(holders_of(person_id)),
        ActivationCode.issued_by == officer.actor,
        ActivationCode.issued_at > since,
    )
    if session.scalar(select(own)):
        alarms.sound(session, Alarm.OWN_CODE, officer=officer, person_id=person_id, now=now)


def _refuse_many(session: Session, officer: Principal, now: datetime) -> None:
    session.execute(_ONE_AFTER_THE_OTHER, {"actor": officer.actor})
    recent = (ActivationCode.issued_by == officer.actor, ActivationCode.issued_at > now - _HOUR)
    count, oldest = session.execute(select(func.count(), func.min(ActivationCode.issued_at)).where(*recent)).one()
    if count >= terms(bangkok_date(now)).codes_per_hour:
        wait = int((oldest + _HOUR - now).total_seconds()) + 1
        raise TooManyRequests("an officer issues so many codes an hour", retry_after=wait)


def _alarm(session: ReadSession, link: Link, person_id: UUID, officer: Principal, now: datetime) -> Alarm | None:
    """What is unusual about a code: the person is of other offices or of none, or was for this officer shortly before.

    An officer who acts for such a person can make them one of their own office: by a report that they take or transfer.
    """
    if link != Link.OWN_OFFICE:
        return Alarm.CODE_BEYOND_OFFICES if link == Link.EXCEPTION else Alarm.NO_OFFICE
    alarm = EventRecord.data["alarm"].astext
    raised = select(alarm).where(
        EventRecord.actor == officer.actor,
        EventRecord.at > now - terms(bangkok_date(now)).own_making,
        events.of_staff(),
        EventRecord.kind == AlarmRaised.kind,
        EventRecord.person_id.in_(holders_of(person_id)),
    )
    before = session.scalars(raised.where(alarm.in_(_OF_OTHERS)).order_by(EventRecord.id.desc()).limit(1)).first()
    return None if before is None else _OF_OTHERS[before]


def _linked_by(session: ReadSession, person_id: UUID, officer: Principal, now: datetime) -> bool:
    """Whether the officer joined a passport to this person shortly before."""
    theirs = select(Passport.id).where(Passport.person_id == person_id)
    since = now - terms(bangkok_date(now)).own_making
    own = exists().where(
        PassportLink.passport_id.in_(theirs), PassportLink.made_by == officer.actor, PassportLink.made_at > since
    )
    return bool(session.scalar(select(own)))
