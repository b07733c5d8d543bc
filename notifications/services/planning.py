"""Reminders, planned for all residents at once from what is due today, and taken back where it no longer is.

What is due comes in as a query with the columns `person_id, basis, step, due_on, params`, one row a person, already
restricted to the step that stands today. `params` holds the dates that the words need: `opens_on`, `grace_ends_on`,
`last_day_to_act` (ISO 8601) and `regime`.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    MetaData,
    Select,
    Subquery,
    Table,
    Text,
    Uuid,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from foundation.db import BULK, Session, execute_bulk
from notifications import catalogue
from notifications.models import Delivery, Device, Notification
from notifications.rules import ROUTINE, DeliveryStatus, NotificationStatus
from notifications.services.outcomes import conclude

Due = Select[Any]
INBOX_LOOK_BACK = timedelta(days=60)
"""How far back reminders are taken back from an inbox; steps of one basis are at most that far apart."""
_NOW = Table(
    "due_now",
    MetaData(),
    Column("person_id", Uuid),
    Column("basis", Text),
    Column("step", Text),
    Column("due_on", Date),
    Column("params", JSONB),
    prefixes=["temporary"],
    postgresql_on_commit="drop",
)


def plan(session: Session, due: Due, *, now: datetime) -> int:
    """Bring what was planned in step with `due`, and write what is new (see `plan_new`); returns how many are new.

    A reminder still waiting takes on corrected dates, and one that was taken back and is due again waits again.
    """
    _refresh(session, due.subquery("due"))
    return plan_new(session, due, now=now)


def plan_new(session: Session, due: Due, *, now: datetime) -> int:
    """Write a reminder for each person in `due`, once per person, basis and step however often it is planned.

    Who has no device gets it in the inbox only: `unreachable`, until a device is registered while the step stands.
    Returns how many are new.
    """
    today = due.subquery("due")
    devices = select(literal(1).label("one")).where(Device.person_id == today.c.person_id, Device.removed_at.is_(None))
    device = devices.limit(1).lateral("device")  # looked up once for each, though used twice
    reachable = device.c.one.is_not(None)
    planned = exists().where(Notification.person_id == today.c.person_id, Notification.dedupe == _dedupe(today))
    rows = select(
        today.c.person_id,
        literal(catalogue.REMINDER) + today.c.step,
        _dedupe(today),
        literal(ROUTINE),
        today.c.due_on,
        _params(today),
        case((reachable, NotificationStatus.PENDING), else_=NotificationStatus.UNREACHABLE),
        literal(now),
        case((reachable, null()), else_=literal(now)),
    )
    rows = rows.select_from(today.outerjoin(device, true()))
    # In a fixed order: two planners at once must not wait for each other in a circle.
    rows = rows.where(~planned).order_by(today.c.person_id, today.c.basis, today.c.step)
    columns = ["person_id", "kind", "dedupe", "lane", "due_on", "params", "status", "created_at", "settled_at"]
    statement = insert(Notification).from_select(columns, rows)
    return execute_bulk(session, statement.on_conflict_do_nothing(index_elements=["person_id", "dedupe"]))


def at_hand(session: Session, due: Due) -> Due:
    """The same rows, computed once: in a temporary table that is gone with the transaction."""
    _NOW.create(session.connection())
    session.execute(insert(_NOW).from_select([column.name for column in _NOW.columns], due))
    session.execute(text("analyze due_now"))
    return select(_NOW)


def retire_stale(session: Session, due: Due, *, now: datetime) -> int:
    """Take back every waiting reminder that is not in `due` any more: filed, left, another basis, or a later step.

    What is still on its way to a device is dropped, also where another device already has the message.
    Returns how many reminders became stale.
    """
    today = due.subquery("due")
    not_due = ~exists().where(today.c.person_id == Notification.person_id, _dedupe(today) == Notification.dedupe)
    reminder = Notification.kind.startswith(catalogue.REMINDER)
    # The person is the same by itself; naming it lets the small index of waiting deliveries be used.
    its = and_(Delivery.notification_id == Notification.id, Delivery.person_id == Notification.person_id)
    drop = (
        update(Delivery)
        .where(Delivery.status == DeliveryStatus.PENDING, its, reminder, not_due)
        .values(status=DeliveryStatus.DROPPED)
    )
    execute_bulk(session, drop.where(Notification.status == NotificationStatus.PENDING, Notification.created_at <= now))
    elsewhere = drop.where(Notification.status == NotificationStatus.SENT).returning(Delivery.notification_id)
    conclude(session, set(session.scalars(elsewhere, execution_options=BULK)), now=now)
    planned = (  # not by a clock that is ahead
        Notification.status == NotificationStatus.PENDING,
        Notification.created_at <= now,
    )
    stale = update(Notification).where(*planned, reminder, not_due)
    retired = execute_bulk(session, stale.values(status=NotificationStatus.STALE, settled_at=now))
    return retired + _retire_from_inboxes(session, today, now)


def _retire_from_inboxes(session: Session, today: Subquery, now: datetime) -> int:
    """Take back what only the inbox has, where nothing of the same basis is due any more and nobody has read it.

    A later step of the same basis leaves it: it was true, and tells what came before.
    """
    same_basis = func.starts_with(Notification.dedupe, today.c.basis + literal(":"))
    unread = (
        Notification.status == NotificationStatus.UNREACHABLE,
        Notification.read_at.is_(None),
        Notification.kind.startswith(catalogue.REMINDER),
        Notification.created_at.between(now - INBOX_LOOK_BACK, now),
    )
    standing = exists().where(today.c.person_id == Notification.person_id, same_basis)
    stale = update(Notification).where(*unread, ~standing)
    return execute_bulk(session, stale.values(status=NotificationStatus.STALE, settled_at=now))


def no_longer_due(session: Session, due: Due, reminders: dict[UUID, tuple[UUID, str]]) -> set[UUID]:
    """Which of these reminders (id to person and dedupe) are not in `due` any more: asked just before sending."""
    if not reminders:
        return set()
    today = due.subquery("due")
    people = {person for person, _ in reminders.values()}
    theirs = select(today.c.person_id, _dedupe(today)).where(today.c.person_id.in_(people))
    standing = {(person, dedupe) for person, dedupe in session.execute(theirs)}
    return {id_ for id_, reminder in reminders.items() if reminder not in standing}


def _refresh(session: Session, today: Subquery) -> None:
    same = (Notification.person_id == today.c.person_id, Notification.dedupe == _dedupe(today))
    reached = exists().where(Delivery.notification_id == Notification.id)
    has_device = exists().where(Device.person_id == today.c.person_id, Device.removed_at.is_(None))
    late_device = and_(Notification.status == NotificationStatus.UNREACHABLE, has_device, ~reached)
    changed = or_(
        Notification.status == NotificationStatus.STALE,
        late_device,
        Notification.due_on.is_distinct_from(today.c.due_on),
        Notification.params.is_distinct_from(_params(today)),
    )
    again = case((Notification.status == NotificationStatus.PENDING, Notification.fanned_out_at), else_=null())
    statement = (
        update(Notification)
        .where(
            or_(Notification.status.in_((NotificationStatus.PENDING, NotificationStatus.STALE)), late_device),
            *same,
            changed,
        )
        .values(
            status=NotificationStatus.PENDING,
            settled_at=None,
            fanned_out_at=again,
            due_on=today.c.due_on,
            params=_params(today),
        )
    )
    execute_bulk(session, statement)


def _dedupe(today: Subquery) -> ColumnElement[str]:
    return today.c.basis + literal(":") + today.c.step


def _params(today: Subquery) -> ColumnElement[Any]:
    return today.c.params.op("||")(func.jsonb_build_object("due_on", today.c.due_on))
