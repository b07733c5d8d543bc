"""What officers state and take back: that two passports have one holder, without one replacing the other."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import Conflict, NotFound
from foundation.identity import Principal
from immigration.events import PassportsLinked, PassportsUnlinked
from immigration.models.people import Passport, PassportLink, current_passport, document_index, get_person_id
from immigration.rules.linking import Link
from immigration.services import alarms, linking, merging, obligations, scope
from immigration.services.conflicts import HasConflict
from immigration.services.judging import FilingContext
from immigration.services.look_ups import Sought, record


class CannotLink(Conflict):
    """These passports cannot be linked."""

    code = "cannot-link"


def link(
    session: Session,
    resident_id: UUID,
    *,
    issuing_state: str,
    document_number: str,
    reason: str,
    officer: Principal,
    context: FilingContext,
    now: datetime,
) -> PassportLink:
    """Link the present passport of a resident with another one; again, it is the same link.

    Raises NotFound, and CannotLink with the obstacles: what the passports say contradicts each other, or they are of
    one person already.
    """
    linking.take_turns(session)
    person_id = get_person_id(session, resident_id)
    own = current_passport(session, person_id)
    other = _find_passport(session, issuing_state, document_number)
    if own is None or other is None:
        raise NotFound()
    scope.check_people(session, {person_id, other.person_id}, officer=officer, act="link", now=now)
    if existing := _find_standing(session, person_id, other):
        return existing
    linked, people = linking.surroundings(session, [own.id, other.id])
    if person_id == other.person_id:
        raise CannotLink("both passports are of this person already", obstacles=["already-linked"])
    if obstacle := linked.obstacle(Link(own.id, other.id, replaces=False)):
        raise CannotLink("what the passports say of their holders contradicts each other", obstacles=[obstacle])
    merging.lock_people(session, people)
    first, second = sorted([own.id, other.id])
    made = PassportLink(passport_id=first, other_passport_id=second, reason=reason, made_by=officer.actor, made_at=now)
    session.add(made)
    session.flush()
    _follow(session, made, officer=officer, context=context, now=now)
    person_id = get_person_id(session, resident_id)
    event = PassportsLinked(subject=str(person_id), person_id=person_id, link=str(made.id))
    events.record(session, event, actor=officer.actor, at=now)
    return made


def record_refused(
    session: Session, *, issuing_state: str, document_number: str, reason: str, officer: Principal, now: datetime
) -> None:
    """Record whom an officer sought by a link that was refused: its answer says whether there is such a passport."""
    other = _find_passport(session, issuing_state, document_number)
    try:
        seen_by = scope.link_to_person(session, other.person_id, officer=officer, now=now) if other else None
    except HasConflict:
        seen_by = None
    sought = Sought(purpose=reason, index=document_index(issuing_state, document_number))
    record(session, other.holder if other and seen_by else None, sought, link=seen_by, officer=officer, now=now)
    alarms.watch_volume(session, officer=officer, now=now)


def withdraw(
    session: Session,
    resident_id: UUID,
    link_id: UUID,
    *,
    reason: str,
    officer: Principal,
    context: FilingContext,
    now: datetime,
) -> None:
    """Take a link of a resident back: where nothing else links the passports, their holders are two people again.

    Again, nothing changes. Raises NotFound for a link of somebody else's passports exactly as for none.
    """
    linking.take_turns(session)
    standing = session.get(PassportLink, link_id, with_for_update=True)
    person_id = get_person_id(session, resident_id)
    if standing is None or person_id not in _people_of(session, standing):
        raise NotFound()
    scope.check_person(session, person_id, officer=officer, act="unlink", now=now)
    if standing.withdrawn_at is not None:
        return
    merging.lock_people(session, linking.surroundings(session, [standing.passport_id])[1])
    standing.withdrawn_by, standing.withdrawn_at, standing.withdrawn_reason = officer.actor, now, reason
    session.flush()
    event = PassportsUnlinked(subject=str(person_id), person_id=person_id, link=str(link_id))
    events.record(session, event, actor=officer.actor, at=now)
    _follow(session, standing, officer=officer, context=context, now=now)


def list_links(session: ReadSession, person_id: UUID) -> Sequence[PassportLink]:
    """The links between a person's passports that officers made and that stand, oldest first."""
    passports = select(Passport.id).where(Passport.person_id == person_id)
    links = select(PassportLink).where(PassportLink.passport_id.in_(passports), PassportLink.withdrawn_at.is_(None))
    return session.scalars(links.order_by(PassportLink.made_at, PassportLink.id)).all()


def list_passports(session: ReadSession, person_id: UUID) -> list[Passport]:
    """The passports of a person, oldest on record first."""
    return [*session.scalars(select(Passport).where(Passport.person_id == person_id).order_by(Passport.id))]


def _find_passport(session: ReadSession, issuing_state: str, document_number: str) -> Passport | None:
    """The passport with this very number: what is linked is not guessed."""
    wanted = select(Passport).where(Passport.document_index == document_index(issuing_state, document_number))
    return session.scalars(wanted).one_or_none()


def _find_standing(session: Session, person_id: UUID, other: Passport) -> PassportLink | None:
    """The link by which a passport already belongs to a person."""
    if other.person_id != person_id:
        return None
    ends = or_(PassportLink.passport_id == other.id, PassportLink.other_passport_id == other.id)
    links = select(PassportLink).where(ends, PassportLink.withdrawn_at.is_(None))
    return session.scalars(links.order_by(PassportLink.made_at, PassportLink.id)).first()


def _people_of(session: ReadSession, standing: PassportLink) -> Sequence[UUID]:
    passports = Passport.id.in_([standing.passport_id, standing.other_passport_id])
    return session.scalars(select(Passport.person_id).where(passports)).all()


def _follow(
    session: Session, changed: PassportLink, *, officer: Principal, context: FilingContext, now: datetime
) -> None:
    """Join or separate the people, and bring what they owe up to date."""
    passports = [changed.passport_id, changed.other_passport_id]
    policy = context.law.on(bangkok_date(now))
    people = linking.relink(session, passports, policy=policy, now=now, actor=officer.actor)
    session.flush()
    obligations.recompute(session, people, records=context.records, law=context.law, now=now, actor=officer.actor)
