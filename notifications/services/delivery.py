"""Messages on their way: addressed to devices, claimed under a lease, and settled by what the provider said.

Nothing here talks to a provider. A worker claims in one transaction, sends outside any, and settles in another; where
it dies in between, the lease runs out and the message is sent again under the same id, which the phone shows once.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Row, Select, String, and_, case, literal, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from foundation.db import BULK, Session, execute_bulk
from notifications import catalogue, rules
from notifications.channels.push import Envelope, Result
from notifications.models import Delivery, Device, Notification
from notifications.rules import DeliveryStatus, NotificationStatus, Outcome
from notifications.services import planning
from notifications.services.outcomes import conclude


def fan_out(session: Session, *, now: datetime, limit: int = 5000) -> int:
    """Address waiting messages to every live device of their person; how many messages there were.

    Without a live device a message is unreachable, and stays in the inbox.
    """
    taken = (
        select(Notification.id, Notification.person_id, Notification.lane, Notification.due_on, Notification.params)
        .where(
            Notification.status == NotificationStatus.PENDING,
            Notification.fanned_out_at.is_(None),
            Notification.created_at <= now,
        )
        .order_by(Notification.lane, Notification.due_on, Notification.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("taken")
    )
    made = _address(taken, now)
    reached = taken.c.id.in_(select(made.c.notification_id))
    statement = (
        update(Notification)
        .where(Notification.id == taken.c.id)
        .values(
            fanned_out_at=now,
            status=case((reached, NotificationStatus.PENDING), else_=NotificationStatus.UNREACHABLE),
            settled_at=case((reached, null()), else_=literal(now)),
        )
    )
    return execute_bulk(session, statement)


def claim(session: Session, *, now: datetime, limit: int = 200, due: Select[Any] | None = None) -> list[Envelope]:
    """Take up to `limit` deliveries that are ready, urgent lane first and then the soonest due, under a lease.

    Looks again before anything is sent: what was taken back, is no longer in `due` (where given) or has lost its
    device is dropped, not returned. No other worker gets what is returned until the lease is over.
    """
    while rows := _take(session, now, limit):
        if envelopes := _make_envelopes(session, rows, due, now):
            return envelopes
    return []


def settle(
    session: Session, results: Sequence[Result], *, now: datetime, jitter: Callable[[], float] = random.random
) -> None:
    """Write down what became of each try.

    A retry waits, longer each time, for up to 72 hours, and then fails. A device that the provider no longer knows is
    removed; what else waits for it is dropped when its turn comes. Settling twice changes nothing, and a message that
    was sent stays sent whatever a slower worker says.
    """
    by_delivery = {result.delivery_id: result for result in results}
    tried = session.execute(
        select(Delivery, Notification.fanned_out_at)
        .join(Notification, Notification.id == Delivery.notification_id)
        .where(Delivery.id.in_(by_delivery))
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    ).all()
    dead: list[Delivery] = []
    for delivery, since in tried:
        result = by_delivery[delivery.id]
        if _settle_one(delivery, result, since=since or now, now=now, jitter=jitter()):
            dead.append(delivery)
    session.flush()
    conclude(session, {delivery.notification_id for delivery, _ in tried}, now=now)
    for delivery in dead:
        _remove_device(session, delivery, now)


def _address(taken: CTE, now: datetime) -> CTE:
    """Write a delivery for each live device of the person; a phone that just joined is not notified of itself."""
    not_itself = Device.family.cast(String).is_distinct_from(taken.c.params["not_to"].astext)
    live = and_(Device.person_id == taken.c.person_id, Device.removed_at.is_(None))
    rows = (
        select(taken.c.id, taken.c.person_id, Device.device_id, taken.c.lane, taken.c.due_on, literal(now))
        .join_from(taken, Device, live)
        .where(or_(Device.family.is_(None), not_itself))
    )
    addressed = insert(Delivery).from_select(
        ["notification_id", "person_id", "device_id", "lane", "due_on", "next_try_at"], rows
    )
    return (
        addressed.on_conflict_do_update(  # only a reminder that was taken back and is due again has rows already
            index_elements=["notification_id", "device_id"],
            set_={
                "status": DeliveryStatus.PENDING,
                "next_try_at": now,
                "tries": 0,
                "due_on": addressed.excluded.due_on,
            },
            where=Delivery.status == DeliveryStatus.DROPPED,
        )
        .returning(Delivery.notification_id)
        .cte("made")
    )


def _take(session: Session, now: datetime, limit: int) -> list[Row[Any]]:
    ready = (
        select(Delivery.id)
        .where(Delivery.status == DeliveryStatus.PENDING, Delivery.next_try_at <= now)
        .order_by(Delivery.lane, Delivery.due_on, Delivery.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("ready")
    )
    taken = (
        update(Delivery)
        .where(Delivery.id == ready.c.id)
        .values(next_try_at=now + rules.LEASE, tries=Delivery.tries + 1)
        .returning(Delivery.id)
    )
    ids = session.scalars(taken, execution_options=BULK).all()
    device = and_(
        Device.person_id == Delivery.person_id, Device.device_id == Delivery.device_id, Device.removed_at.is_(None)
    )
    message = (Notification.person_id, Notification.dedupe, Notification.kind, Notification.params, Notification.status)
    rows = (
        select(Delivery.id, Delivery.notification_id, Delivery.lane, *message)
        .add_columns(Device.kind.label("target_kind"), Device.target, Device.language)
        .join(Notification, Notification.id == Delivery.notification_id)
        .outerjoin(Device, device)
        .where(Delivery.id.in_(ids))
        .order_by(Delivery.lane, Delivery.due_on, Delivery.id)
    )
    return list(session.execute(rows).all())


def _make_envelopes(session: Session, rows: list[Row[Any]], due: Select[Any] | None, now: datetime) -> list[Envelope]:
    """Envelopes for what may go out; the rest of what was taken ends here."""
    gone = {row.notification_id for row in rows if row.status == NotificationStatus.STALE}
    if due is not None:
        reminders = {r.notification_id: (r.person_id, r.dedupe) for r in rows if r.kind.startswith(catalogue.REMINDER)}
        gone |= planning.no_longer_due(session, due, reminders)
    dropped = [row for row in rows if row.target is None or row.notification_id in gone]
    envelopes = {row.id: _envelope(row) for row in rows if row.target is not None and row.notification_id not in gone}
    _end(session, dropped, DeliveryStatus.DROPPED, now)
    _end(
        session, [row for row in rows if row.id in envelopes and envelopes[row.id] is None], DeliveryStatus.FAILED, now
    )
    _retire(session, gone, now)
    return [envelope for envelope in envelopes.values() if envelope]


def _envelope(row: Row[Any]) -> Envelope | None:
    try:
        words = catalogue.render(row.kind, row.params, row.language)
    except catalogue.MissingTemplate:
        return None
    return Envelope(
        delivery_id=row.id,
        notification_id=row.notification_id,
        kind=row.kind,
        lane=row.lane,
        target_kind=row.target_kind,
        target=row.target,
        title=words.title,
        body=words.body,
    )


def _end(session: Session, rows: Iterable[Row[Any]], status: DeliveryStatus, now: datetime) -> None:
    ended = list(rows)
    if not ended:
        return
    error = "UNPRINTABLE" if status is DeliveryStatus.FAILED else None
    statement = update(Delivery).where(Delivery.id.in_([row.id for row in ended])).values(status=status, error=error)
    execute_bulk(session, statement)
    conclude(session, {row.notification_id for row in ended}, now=now)


def _retire(session: Session, notifications: set[UUID], now: datetime) -> None:
    """A reminder that turned out to be no longer due: stale, where no device has it."""
    statement = update(Notification).where(
        Notification.id.in_(notifications),
        Notification.status.in_((NotificationStatus.PENDING, NotificationStatus.UNREACHABLE)),
    )
    if notifications:
        execute_bulk(session, statement.values(status=NotificationStatus.STALE, settled_at=now))


def _settle_one(delivery: Delivery, result: Result, *, since: datetime, now: datetime, jitter: float) -> bool:
    """Change one delivery; whether its device is to be removed."""
    if result.outcome is Outcome.SENT:
        delivery.status, delivery.sent_at, delivery.error = DeliveryStatus.SENT, delivery.sent_at or now, None
        delivery.provider_id = result.provider_id
        return False
    if delivery.status != DeliveryStatus.PENDING:
        return False
    delivery.error = result.error_code
    again = None
    if result.outcome is Outcome.RETRY:
        again = rules.next_try(tries=delivery.tries, since=since, now=now, asked=result.retry_after, jitter=jitter)
    if again:
        delivery.next_try_at = again
    else:
        delivery.status = DeliveryStatus.FAILED
    return result.outcome is Outcome.DROP_DEVICE


def _remove_device(session: Session, delivery: Delivery, now: datetime) -> None:
    """Remove the device a delivery failed for, unless it was registered anew since the delivery was claimed."""
    execute_bulk(
        session,
        update(Device)
        .where(Device.person_id == delivery.person_id, Device.device_id == delivery.device_id)
        .where(Device.removed_at.is_(None), Device.updated_at <= delivery.next_try_at - rules.LEASE)
        .values(removed_at=now, removed_because=delivery.error),
    )
