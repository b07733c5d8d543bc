"""Reminders, planned for all residents at once from what is due today, and taken back where it no longer is.

What is due comes in as a query with the columns `person_id, basis, step, due_on, params`, one row a person, already
restricted to the step that stands today. `params` holds the dates that the words need: `opens_on`, `grace_ends_on`,
`last_day_to_act` (ISO 8601) and `regime`.

What begins on a day is listed once, in narrow rows, and planned from the list batch by batch: the first reminders are
on their way while the others are planned. What is due is read afresh for each batch, so that corrections count.
"""

from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    ARRAY,
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
    any_,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from foundation.db import BULK, Session, execute_bulk
from notifications import catalogue
from notifications.models import Delivery, Notification, PlanningDay, Preferences, ReminderToPlan
from notifications.rules import ROUTINE, DeliveryStatus, NotificationStatus, Reason
from notifications.services.addressing import Routing, has_device, write_addressed
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


class DueToday(Protocol):
    """From a civil date in Bangkok to what is due on it; the columns are described above.

    `begun` leaves only what began on that day; `with_answered` adds people who owe nothing any more, and is quicker.
    """

    def __call__(self, today: date, /, *, begun: date | None = None, with_answered: bool = False) -> Due: ...


def plan(session: Session, due: Due, *, now: datetime, routing: Routing | None = None) -> int:
    """Bring what was planned in step with `due`, and write what is new (see `plan_new`); returns how many are new.

    A reminder still waiting takes on corrected dates, and one that was taken back and is due again waits again.
    """
    _refresh(session, due.subquery("due"), routing or Routing())
    return plan_new(session, due, now=now, routing=routing)


def plan_new(session: Session, due: Due, *, now: datetime, routing: Routing | None = None) -> int:
    """Write and address a reminder for each person in `due`, once per person, basis and step.

    Whom no channel reaches gets it in the inbox only: `unreachable`, until one does while the step stands.
    Returns how many are new.
    """
    today = due.subquery("due")
    planned = exists().where(Notification.person_id == today.c.person_id, Notification.dedupe == _dedupe(today))
    new = (
        select(
            func.gen_random_uuid().label("id"),
            today.c.person_id,
            (literal(catalogue.REMINDER) + today.c.step).label("kind"),
            _dedupe(today).label("dedupe"),
            literal(ROUTINE).label("lane"),
            today.c.due_on,
            _params(today).label("params"),
            _unwanted(today).label("unwanted"),
        )
        .where(~planned)
        .cte("new")  # computed once, so that a message and its deliveries have the same id
    )
    return write_addressed(session, new, now=now, routing=routing)


def list_once(session: Session, due: Due, today: date, *, now: datetime) -> bool:
    """List for whom a step begins today, where that was not done yet; whether it was done now.

    `due` may hold people who have filed: they are left out when the list is planned from.
    In the order of the key, which keeps the index compact and cheap to write; a person has one row.
    """
    new = insert(PlanningDay).values(day=today, listed_at=now, listed=0).on_conflict_do_nothing()
    if not execute_bulk(session, new):
        return False
    begun = due.subquery("due")
    # Instead of "on conflict", which doubles what a row costs. The row of the day keeps others from listing meanwhile.
    left = exists().where(ReminderToPlan.person_id == begun.c.person_id, ReminderToPlan.step == begun.c.step)
    rows = select(begun.c.person_id, begun.c.step, literal(today, Date)).where(~left).order_by(begun.c.person_id)
    listed = execute_bulk(session, insert(ReminderToPlan).from_select(["person_id", "step", "day"], rows))
    execute_bulk(session, update(PlanningDay).where(PlanningDay.day == today).values(listed=listed))
    return True


def plan_listed(
    session: Session, due: Due, *, now: datetime, limit: int, routing: Routing | None = None
) -> tuple[int, int]:
    """Take people off the list and plan what is due for them by now; how many there were, and how many are new.

    No other worker gets the same people; where this one dies, they are on the list again.
    """
    key = tuple_(ReminderToPlan.person_id, ReminderToPlan.step)
    first = select(ReminderToPlan.person_id, ReminderToPlan.step).order_by(*key.clauses).limit(limit)
    # Beside the statement: a plan that asked for the first ones again for every row would take everybody.
    batch = first.with_for_update(skip_locked=True).cte("batch")
    taking = delete(ReminderToPlan).where(key.in_(select(batch.c.person_id, batch.c.step)))
    people = session.scalars(taking.returning(ReminderToPlan.person_id), execution_options=BULK).all()
    if not people:
        return 0, 0
    today = due.subquery("listed")
    theirs = today.c.person_id == any_(bindparam(None, sorted(set(people)), type_=ARRAY(Uuid)))
    return len(people), plan_new(session, select(today).where(theirs), now=now, routing=routing)


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
    owes = exists().where(today.c.person_id == Notification.person_id)
    reason = case((owes, Reason.NEXT_STEP), else_=Reason.NOT_OWED)
    retired = execute_bulk(session, stale.values(status=NotificationStatus.STALE, reason=reason, settled_at=now))
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
    values = {"status": NotificationStatus.STALE, "reason": Reason.NOT_OWED, "settled_at": now}
    return execute_bulk(session, stale.values(values))


def no_longer_due(session: Session, due: Due, reminders: dict[UUID, tuple[UUID, str]]) -> set[UUID]:
    """Which of these reminders (id to person and dedupe) are not in `due` any more: asked just before sending."""
    if not reminders:
        return set()
    today = due.subquery("due")
    people = {person for person, _ in reminders.values()}
    theirs = select(today.c.person_id, _dedupe(today)).where(today.c.person_id.in_(people))
    standing = {(person, dedupe) for person, dedupe in session.execute(theirs)}
    return {id_ for id_, reminder in reminders.items() if reminder not in standing}


def _refresh(session: Session, today: Subquery, routing: Routing) -> None:
    same = (Notification.person_id == today.c.person_id, Notification.dedupe == _dedupe(today))
    reached = exists().where(Delivery.notification_id == Notification.id)
    on_device = reached.where(Delivery.device_id.not_like("@%"))
    unreachable = Notification.status == NotificationStatus.UNREACHABLE
    unopened = and_(Notification.status == NotificationStatus.SENT, Notification.read_at.is_(None))
    late_address = and_(unreachable, ~reached, routing.reaches(today.c.person_id))
    late_device = and_(or_(unreachable, unopened), ~on_device, has_device(today.c.person_id))
    late = or_(late_address, late_device)
    changed = or_(
        Notification.status == NotificationStatus.STALE,
        late,
        Notification.due_on.is_distinct_from(today.c.due_on),
        Notification.params.is_distinct_from(_params(today)),
    )
    again = case((Notification.status == NotificationStatus.PENDING, Notification.fanned_out_at), else_=null())
    statement = (
        update(Notification)
        .where(
            or_(Notification.status.in_((NotificationStatus.PENDING, NotificationStatus.STALE)), late),
            *same,
            changed,
        )
        .values(
            status=NotificationStatus.PENDING,
            reason=None,
            settled_at=None,
            fanned_out_at=again,
            due_on=today.c.due_on,
            params=_params(today),
        )
    )
    execute_bulk(session, statement)


def _unwanted(today: Subquery) -> ColumnElement[bool]:
    """Whether the person switched this step off, which is only possible where `params` says that it is optional."""
    off = exists().where(Preferences.person_id == today.c.person_id, ~Preferences.optional_reminders)
    return and_(func.coalesce(today.c.params["optional"].as_boolean(), false()), off)


def _dedupe(today: Subquery) -> ColumnElement[str]:
    return today.c.basis + literal(":") + today.c.step


def _params(today: Subquery) -> ColumnElement[Any]:
    return today.c.params.op("||")(func.jsonb_build_object("due_on", today.c.due_on))
