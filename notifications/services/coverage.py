"""Proof of coverage: who must have been told what by now, compared with what became of it; each gap with its cause.

What must have been told comes from the records, not from what was planned nor from what reminders are planned by, so
that a reminder that was never planned is found as well, and a date that was kept wrongly. The check looks at the step
that stands today, since it is the one that still helps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    TextClause,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from foundation.clock import BANGKOK
from foundation.db import ReadSession, Session
from foundation.paging import Page
from notifications.models import CoverageCheck, CoverageGap, Delivery, Notification
from notifications.rules import DeliveryStatus, GapCause, NotificationStatus, Reason


@dataclass(frozen=True)
class Coverage:
    """The last check: how many people had to be told, how many were not by cause, and a page of them."""

    checked_at: datetime | None
    expected: int
    causes: list[dict[str, Any]]
    items: list[CoverageGap]
    next_cursor: str | None


class MustBeTold(Protocol):
    """Who of the next people on record, after one, must have been told of what by a day; and the last of these people.

    The columns are those of `planning.Due` and `as_kept`: whether reminders are planned by the same date. They have to
    come from the records, not from what reminders are planned by. None where nobody is left.
    """

    def __call__(self, session: ReadSession, today: date, /, *, after: UUID) -> tuple[Select[Any], UUID] | None: ...


def compare(session: Session, due: Select[Any], *, now: datetime) -> int:
    """Note whom of `due` the check at `now` finds untold, and why; how many people there are in `due`."""
    today = due.cte("today").prefix_with("materialized")
    same = and_(
        Notification.person_id == today.c.person_id,
        Notification.dedupe == today.c.basis + literal(":") + today.c.step,
    )
    found = (
        select(today.c.person_id, today.c.step, today.c.due_on, _cause(today).label("cause"))
        .select_from(today.outerjoin(Notification, same))
        .subquery("found")
    )
    columns = ["person_id", "step", "due_on", "cause", "found_at"]
    gaps = select(found.c.person_id, found.c.step, found.c.due_on, found.c.cause, literal(now))
    note = insert(CoverageGap).from_select(columns, gaps.where(found.c.cause.is_not(None)))
    again = {name: note.excluded[name] for name in columns if name != "person_id"}
    noted = note.on_conflict_do_update(index_elements=["person_id"], set_=again).returning(CoverageGap.person_id)
    return session.scalar(select(func.count()).select_from(today).add_cte(noted.cte("noted"))) or 0


def conclude(session: Session, *, expected: int, now: datetime) -> Mapping[str, int]:
    """End the check at `now`, forgetting what those before it found; how many gaps there are of each cause."""
    session.execute(delete(CoverageGap).where(CoverageGap.found_at != now))
    counted = select(CoverageGap.cause, func.count()).group_by(CoverageGap.cause)
    causes = {str(cause): int(count) for cause, count in session.execute(counted)}
    session.execute(insert(CoverageCheck).values(checked_at=now, expected=expected, causes=causes))
    return causes


def checked_on(session: ReadSession, today: date) -> bool:
    """Whether a civil day in Bangkok was checked already."""
    day = datetime.combine(today, time(), BANGKOK)
    within = CoverageCheck.checked_at.between(day, day + timedelta(days=1))
    return bool(session.scalar(select(exists().where(within))))


def last_check(
    session: ReadSession,
    *,
    of: ColumnElement[bool] | TextClause,
    cause: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> Coverage:
    """What the last check found about the people `of` some offices: how many by cause, and a page of them, no names.

    How many people had to be told is of all offices.
    """
    last = session.scalar(select(CoverageCheck).order_by(CoverageCheck.checked_at.desc()).limit(1))
    if last is None:
        return Coverage(None, 0, [], [], None)
    query = select(CoverageGap).where(of).order_by(CoverageGap.person_id).limit(limit + 1)
    if cause:
        query = query.where(CoverageGap.cause == cause)
    if after:
        query = query.where(CoverageGap.person_id > after)
    rows = session.scalars(query).all()
    shown: Page[CoverageGap] = Page(list(rows[:limit]), str(rows[limit - 1].person_id) if len(rows) > limit else None)
    counted = select(CoverageGap.cause, func.count()).where(of).group_by(CoverageGap.cause).order_by(CoverageGap.cause)
    causes = [{"cause": each, "count": count} for each, count in session.execute(counted)]
    return Coverage(last.checked_at, last.expected, causes, list(shown.items), shown.next_cursor)


def _cause(today: CTE) -> ColumnElement[Any]:
    """Why a person was not told, or null. A step that its person switched off is no gap."""
    delivery = (Delivery.notification_id == Notification.id, Delivery.person_id == Notification.person_id)
    sent = exists().where(*delivery, Delivery.status == DeliveryStatus.SENT)
    tried = exists().where(*delivery)
    status = Notification.status
    return case(
        (and_(Notification.id.is_(None), ~today.c.as_kept), GapCause.NOT_AS_RECORDED),
        (Notification.id.is_(None), GapCause.NOT_PLANNED),
        (and_(status == NotificationStatus.SKIPPED, Notification.reason == Reason.OPTED_OUT), null()),
        (Notification.due_on.is_distinct_from(today.c.due_on), GapCause.WRONG_DATE),
        (status.in_((NotificationStatus.STALE, NotificationStatus.SKIPPED)), GapCause.TAKEN_BACK),
        (sent, null()),
        (status == NotificationStatus.SENT, GapCause.NO_DELIVERY),
        (and_(status == NotificationStatus.UNREACHABLE, tried), GapCause.NOT_DELIVERED),
        (status == NotificationStatus.UNREACHABLE, GapCause.NO_CHANNEL),
        (Notification.fanned_out_at.is_(None), GapCause.NOT_ADDRESSED),
        else_=GapCause.NOT_SENT,
    )
