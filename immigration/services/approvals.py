"""What waits for a second person: asked for, listed, and settled once, by another officer of the same offices."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import Conflict, NotFound
from foundation.events import plain
from foundation.identity import Principal, Role
from foundation.paging import Page, page
from foundation.sealing import keyring
from immigration.events import ApprovalRequested, ApprovalSettled
from immigration.models.approvals import Approval
from immigration.models.reports import Report
from immigration.registries.access import terms
from immigration.rules.codes import ApprovalKind, ApprovalOutcome, ApprovalState
from immigration.rules.offices import HEADQUARTERS, overlap
from immigration.services import conflicts

_DECIDE = frozenset({Role.OFFICER, Role.SUPERVISOR})
_SET_THE_LAW = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
WHO_SETTLES: Mapping[ApprovalKind, frozenset[Role]] = {
    ApprovalKind.NEXT_DUE_DATE: _DECIDE,
    ApprovalKind.REOPENING: _DECIDE,
    ApprovalKind.LOOK: _DECIDE,
    ApprovalKind.LAW_ENTRY: _SET_THE_LAW,
    ApprovalKind.LAW_ENDING: _SET_THE_LAW,
}
"""Which roles see and settle an approval of a kind; administrators see nothing about a person."""


class OwnRequest(Conflict):
    """Another person approves what you asked for."""

    code = "own-request"


class ApprovalSettledAlready(Conflict):
    """This was approved or refused before."""

    code = "approval-settled"


class ApprovalExpired(Conflict):
    """This waited too long; ask for it again."""

    code = "approval-expired"


class ApprovalOutdated(Conflict):
    """What was asked for no longer fits: the report or the officer's account changed since."""

    code = "approval-outdated"


def request(
    session: Session,
    kind: ApprovalKind,
    asked: dict[str, Any],
    *,
    officer: Principal,
    offices: Collection[str],
    report: Report | None = None,
    person_id: UUID | None = None,
    now: datetime,
) -> Approval:
    """Ask for an approval; the same again, while that waits and the report is unchanged, is the one that waits.

    `report` is locked by the caller, so that of two requests at once the second finds the first.
    """
    wanted, mark = plain(asked), fingerprint(report) if report else None
    if waiting := _find_waiting(session, kind, wanted, mark, officer=officer, now=now):
        return waiting
    approval = Approval(
        kind=kind,
        report_id=report.id if report else None,
        person_id=report.person_id if report else person_id,
        offices=sorted(offices),
        request=wanted,
        fingerprint=mark,
        requested_by=officer.id,
        requested_as=officer.actor,
        requested_at=now,
        expires_at=now + terms(bangkok_date(now)).approval,
    )
    session.add(approval)
    session.flush()
    reference = str(approval.reference)
    event = ApprovalRequested(
        subject=reference, person_id=approval.person_id, approval_kind=kind, report=report.number if report else None
    )
    events.record(session, event, actor=officer.actor, at=now)
    return approval


def _find_waiting(
    session: ReadSession,
    kind: ApprovalKind,
    wanted: dict[str, Any],
    mark: bytes | None,
    *,
    officer: Principal,
    now: datetime,
) -> Approval | None:
    own = select(Approval).where(
        Approval.kind == kind,
        Approval.requested_by == officer.id,
        Approval.outcome.is_(None),
        Approval.expires_at > now,
    )
    waiting = session.scalars(own.order_by(Approval.id))
    return next((each for each in waiting if (each.request, each.fingerprint) == (wanted, mark)), None)


def list_waiting(
    session: ReadSession, *, officer: Principal, now: datetime, cursor: str | None = None, limit: int = 20
) -> Page[tuple[Approval, Report | None]]:
    """A page of what waits for somebody of the officer's offices, and what they asked for, oldest first."""
    query = (
        select(Approval, Report)
        .outerjoin(Report, Report.id == Approval.report_id)
        .where(Approval.outcome.is_(None), Approval.expires_at > now, Approval.kind.in_(_settled_by(officer)))
    )
    if refused := conflicts.people_of(session, officer.id):
        concerned = func.coalesce(Report.person_id, Approval.person_id)
        query = query.where(or_(concerned.is_(None), concerned.not_in(refused)))
    if HEADQUARTERS not in officer.offices:
        shared = Approval.offices.overlap(sorted(officer.offices))
        query = query.where(or_(shared, Approval.requested_by == officer.id))
    if cursor:
        query = query.where(Approval.id > int(cursor))
    rows = session.execute(query.order_by(Approval.id).limit(limit + 1))
    return page([(approval, report) for approval, report in rows], limit, lambda entry: str(entry[0].id))


def lock(session: Session, reference: UUID, *, officer: Principal) -> Approval:
    """An approval that the officer may settle or asked for, locked. Raises NotFound."""
    approval = session.scalars(select(Approval).where(Approval.reference == reference).with_for_update()).one_or_none()
    if approval is None or approval.kind not in _settled_by(officer):
        raise NotFound()
    if approval.requested_by != officer.id and not overlap(officer.offices, approval.offices):
        raise NotFound()
    return approval


def _settled_by(officer: Principal) -> list[str]:
    return [str(kind) for kind, roles in WHO_SETTLES.items() if officer.role in roles]


def check_open(approval: Approval, *, officer: Principal, now: datetime) -> None:
    """Raise OwnRequest, ApprovalSettledAlready or ApprovalExpired where the officer cannot settle an approval."""
    if approval.requested_by == officer.id:
        raise OwnRequest()
    if approval.outcome is not None:
        raise ApprovalSettledAlready(f"it was {approval.outcome}")
    if now >= approval.expires_at:
        raise ApprovalExpired()


def is_settled_so(approval: Approval, outcome: ApprovalOutcome, note: str, *, officer: Principal) -> bool:
    """Whether the officer settled an approval so before: the answer was lost, and it was sent again."""
    return (approval.outcome, approval.note, approval.settled_as) == (outcome, note, officer.actor)


def close(
    session: Session, approval: Approval, outcome: ApprovalOutcome, note: str, *, officer: Principal, now: datetime
) -> None:
    """Write what a second person answered."""
    approval.outcome, approval.note = outcome, note
    approval.settled_as, approval.settled_at = officer.actor, now
    event = ApprovalSettled(
        subject=str(approval.reference),
        person_id=approval.person_id,
        approval_kind=approval.kind,
        outcome=outcome,
        requested_by=approval.requested_as,
    )
    events.record(session, event, actor=officer.actor, at=now)


def state(approval: Approval, now: datetime) -> ApprovalState:
    """Where an approval stands."""
    if approval.outcome is not None:
        return ApprovalState(approval.outcome)
    return ApprovalState.EXPIRED if now >= approval.expires_at else ApprovalState.WAITING


def fingerprint(report: Report) -> bytes:
    """What changes with anything that is kept of a report itself."""
    columns: Sequence[str] = sorted(Report.__mapper__.column_attrs.keys())
    return keyring().fingerprint(*(str(getattr(report, name)) for name in columns))
