"""What administrators do with officers' accounts: open, change, close and open them again, and end what was lost."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import Conflict, Forbidden, NotFound, TooManyRequests
from foundation.events import EventRecord
from foundation.identity import Principal, Role
from foundation.paging import Page, page
from immigration.events import OfficerChanged, OfficerRoleChanged
from immigration.models.access import Officer, OfficerSession
from immigration.models.passkeys import OfficerPasskey
from immigration.registries.access import terms
from immigration.rules import officers as rules
from immigration.rules.numbers import CODE_BYTES, activation_code
from immigration.rules.officers import AccountObstacle
from immigration.rules.offices import HEADQUARTERS
from immigration.services import officer_passkeys, officers

_HOUR = timedelta(hours=1)


class CannotChangeAccount(Conflict):
    """This cannot be done with that account."""

    code = "cannot-change-account"


class ChangedMeanwhile(Conflict):
    """It was changed meanwhile: look at it again first."""

    code = "changed-meanwhile"


@dataclass(frozen=True)
class Account:
    """An account as an administrator sees it.

    `signed_in_at` is the last sign-in of the past 90 days, `sessions` how many are open, `obstacles` what speaks
    against changing or ending its access, `password` and `code` (of first use) what was just made.
    """

    officer: Officer
    passkeys: int
    signed_in_at: datetime | None
    sessions: int
    mine: bool
    obstacles: Sequence[AccountObstacle]
    password: str | None = None
    code: str | None = None

    @property
    def version(self) -> str:
        """What a change has to name, so that it cannot undo another one unseen."""
        return _version(self.officer)


def list_accounts(
    session: ReadSession,
    *,
    administrator: Principal,
    now: datetime,
    name: str = "",
    cursor: UUID | None = None,
    limit: int = 50,
) -> Page[Account]:
    """A page of the accounts that the administrator is over, by name; those whose name holds `name`."""
    query = select(Officer).order_by(Officer.name).limit(limit + 1)
    if HEADQUARTERS not in administrator.offices:
        query = query.where(Officer.offices.contained_by(sorted(administrator.offices)))
    if name:
        query = query.where(func.lower(Officer.name).contains(name.lower(), autoescape=True))
    if cursor:
        query = query.where(Officer.name > select(Officer.name).where(Officer.id == cursor).scalar_subquery())
    rows = page(session.scalars(query).all(), limit, lambda officer: str(officer.id))
    return Page(_accounts(session, rows.items, administrator, now), rows.next_cursor)


def account(
    session: ReadSession,
    officer: Officer,
    *,
    administrator: Principal,
    now: datetime,
    password: str | None = None,
    code: str | None = None,
) -> Account:
    """One account as the list has it, with the password or code that was just made for it."""
    return replace(_accounts(session, [officer], administrator, now)[0], password=password, code=code)


def add(
    session: Session, name: str, *, role: Role, offices: Sequence[str], administrator: Principal, now: datetime
) -> tuple[Officer, str]:
    """Open an account, with a password that is made here and shown once.

    Raises OfficerExists, UnknownOffice, CannotChangeAccount beyond the administrator's offices.
    """
    _lock(session, administrator)
    _check_within(administrator, offices)
    password = _new_password()
    made = officers.add(session, name, password=password, role=role, office=offices, actor=administrator.actor, now=now)
    return made, password


def change_access(
    session: Session,
    officer_id: UUID,
    *,
    role: Role,
    offices: Sequence[str],
    version: str,
    administrator: Principal,
    now: datetime,
) -> Officer:
    """Give an account another role or other offices, at once; the same again is no change.

    Raises NotFound, ChangedMeanwhile where it is no longer of that version, UnknownOffice, CannotChangeAccount.
    """
    officer, last = _lock_account(session, officer_id, administrator)
    if (officer.role, officer.offices) == (role, sorted(set(offices))):
        return officer
    if version != _version(officer):
        raise ChangedMeanwhile
    _check(rules.obstacles(own=officer.id == administrator.id, last=last and role != Role.ADMINISTRATOR))
    if officer.disabled_at is not None:
        _check([AccountObstacle.CLOSED])
    _check_within(administrator, offices)
    officers.move(session, officer.name, offices, actor=administrator.actor, now=now)
    if officer.role != role:
        event = OfficerRoleChanged(subject=str(officer.id), person_id=None, role=role, former=officer.role)
        officer.role = role
        events.record(session, event, actor=administrator.actor, at=now)
    return officer


def close(session: Session, officer_id: UUID, *, administrator: Principal, now: datetime) -> Officer:
    """Close an account: its sessions and passkeys end at once. One that is closed stays so.

    Raises NotFound, CannotChangeAccount.
    """
    officer, last = _lock_account(session, officer_id, administrator)
    if officer.disabled_at is None:
        _check(rules.obstacles(own=officer.id == administrator.id, last=last))
        officers.disable(session, officer.name, actor=administrator.actor, now=now)
    return officer


def reopen(session: Session, officer_id: UUID, *, administrator: Principal, now: datetime) -> Officer:
    """Open a closed account again, without second factors: its owner needs a code of first use. Raises NotFound."""
    officer, _ = _lock_account(session, officer_id, administrator)
    if officer.disabled_at is not None:
        officer.disabled_at = officer.totp_secret = officer.totp_step = None
        officers.record_change(session, officer, "reopened", actor=administrator.actor, now=now)
    return officer


def reset_password(
    session: Session, officer_id: UUID, *, administrator: Principal, now: datetime
) -> tuple[Officer, str]:
    """Give an account another password, which is made here and shown once; its sessions end.

    Raises NotFound, CannotChangeAccount for a closed one or one's own.
    """
    officer = _lock_open(session, officer_id, administrator)
    password = _new_password()
    officers.set_password(session, officer.name, password, actor=administrator.actor, now=now)
    return officer, password


def issue_code(
    session: Session, officer_id: UUID, *, replace: bool, administrator: Principal, now: datetime
) -> tuple[Officer, str]:
    """A code of first use for an account; the one before ends, and with `replace` what was lost.

    Raises as `reset_password`, and TooManyRequests.
    """
    officer = _lock_open(session, officer_id, administrator)
    _refuse_many(session, administrator, now)
    code = officer_passkeys.issue_code(session, officer.name, replace=replace, actor=administrator.actor, now=now)
    return officer, code


def reset_factors(session: Session, officer_id: UUID, *, administrator: Principal, now: datetime) -> Officer:
    """End passkeys, authenticator app and sessions of an account, since they were lost. Raises as `reset_password`."""
    officer = _lock_open(session, officer_id, administrator)
    session.execute(delete(OfficerPasskey).where(OfficerPasskey.officer_id == officer.id))
    officer.totp_secret = officer.totp_step = None
    officers.end_sessions(session, officer, now)
    officers.record_change(session, officer, "factors-ended", actor=administrator.actor, now=now)
    return officer


def end_sessions(session: Session, officer_id: UUID, *, administrator: Principal, now: datetime) -> Officer:
    """End all sessions of an account, one's own as well. Raises NotFound."""
    officer, _ = _lock_account(session, officer_id, administrator)
    officers.end_sessions(session, officer, now)
    officers.record_change(session, officer, "sessions-ended", actor=administrator.actor, now=now)
    return officer


def _accounts(session: ReadSession, rows: Sequence[Officer], administrator: Principal, now: datetime) -> list[Account]:
    ids = [officer.id for officer in rows]
    passkeys = dict(
        session.execute(
            select(OfficerPasskey.officer_id, func.count())
            .where(OfficerPasskey.officer_id.in_(ids))
            .group_by(OfficerPasskey.officer_id)
        ).all()
    )
    open_ones = func.count().filter(OfficerSession.expires_at > now)
    used = {
        officer_id: (last, count)
        for officer_id, last, count in session.execute(
            select(OfficerSession.officer_id, func.max(OfficerSession.created_at), open_ones)
            .where(OfficerSession.officer_id.in_(ids))
            .group_by(OfficerSession.officer_id)
        )
    }
    administrators = session.scalars(select(Officer.id).where(_is_administrator()).limit(2)).all()
    made = []
    for officer in rows:
        mine = officer.id == administrator.id
        last, count = used.get(officer.id, (None, 0))
        obstacles = rules.obstacles(own=mine, last=[officer.id] == list(administrators))
        made.append(Account(officer, passkeys.get(officer.id, 0), last, count, mine, obstacles))
    return made


def _is_administrator() -> ColumnElement[bool]:
    return and_(Officer.role == Role.ADMINISTRATOR, Officer.disabled_at.is_(None))


def _lock(session: Session, administrator: Principal, officer_id: UUID | None = None) -> Sequence[Officer]:
    """An account and all administrators, locked in one order, so that two who act on each other take turns.

    Raises Forbidden for who was an administrator when the request came in and is none any more.
    """
    wanted = or_(_is_administrator(), Officer.id == officer_id)
    rows = session.scalars(select(Officer).where(wanted).order_by(Officer.id).with_for_update()).all()
    acting = next((each for each in rows if each.id == administrator.id), None)
    present = acting is not None and acting.role == Role.ADMINISTRATOR and acting.disabled_at is None
    if not present or frozenset(acting.offices) != administrator.offices:  # type: ignore[union-attr]
        raise Forbidden("this account is no longer the administrator's that it was")
    return rows


def _lock_account(session: Session, officer_id: UUID, administrator: Principal) -> tuple[Officer, bool]:
    """An account that the administrator is over, and whether it is the only administrator's left. Raises NotFound."""
    rows = _lock(session, administrator, officer_id)
    officer = next((each for each in rows if each.id == officer_id), None)
    if officer is None or not rules.administers(administrator.offices, officer.offices):
        raise NotFound
    others = [each for each in rows if each.role == Role.ADMINISTRATOR and each.id != officer_id]
    return officer, not [each for each in others if each.disabled_at is None]


def _lock_open(session: Session, officer_id: UUID, administrator: Principal) -> Officer:
    officer, _ = _lock_account(session, officer_id, administrator)
    _check(rules.obstacles(own=officer.id == administrator.id, last=False))
    if officer.disabled_at is not None:
        _check([AccountObstacle.CLOSED])
    return officer


def _refuse_many(session: Session, administrator: Principal, now: datetime) -> None:
    """Raise TooManyRequests after so many codes in an hour; the administrator's row is locked, so none slips by."""
    recent = (
        events.of_staff(),
        EventRecord.actor == administrator.actor,
        EventRecord.at > now - _HOUR,
        EventRecord.kind == OfficerChanged.kind,
        EventRecord.data["change"].astext.in_(officer_passkeys.CODE_CHANGES),
    )
    count, oldest = session.execute(select(func.count(), func.min(EventRecord.at)).where(*recent)).one()
    if count >= terms(bangkok_date(now)).first_use_codes_per_hour:
        wait = int((oldest + _HOUR - now).total_seconds()) + 1
        raise TooManyRequests("an administrator issues so many codes an hour", retry_after=wait)


def _check(obstacles: Sequence[AccountObstacle]) -> None:
    if obstacles:
        raise CannotChangeAccount(", ".join(obstacles), obstacles=list(obstacles))


def _check_within(administrator: Principal, offices: Sequence[str]) -> None:
    """Raise for offices that are not the administrator's, and UnknownOffice for those that there are not."""
    officers.known_offices(offices)
    if not rules.administers(administrator.offices, offices):
        _check([AccountObstacle.BEYOND_OFFICES])


def _version(officer: Officer) -> str:
    return rules.version(officer.role, officer.offices, officer.disabled_at)


def _new_password() -> str:
    """Twenty characters of 100 random bits, in groups that can be read aloud."""
    return "-".join(activation_code(os.urandom(CODE_BYTES)) for _ in range(2))
