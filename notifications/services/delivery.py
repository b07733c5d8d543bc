"""Messages on their way: claimed under a lease, and settled by what the provider said.

Nothing here talks to a provider. A worker claims in one transaction, sends outside any, and settles in another; where
it dies in between, the lease runs out and the message is sent again under the same id, which the phone shows once.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Float,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    column,
    exists,
    func,
    literal,
    null,
    select,
    true,
    update,
)
from sqlalchemy.orm import aliased

from foundation.clock import BANGKOK
from foundation.db import BULK, Session, execute_bulk
from notifications import catalogue, rules
from notifications.channels import fcm
from notifications.channels.channel import ChannelKind, Envelope, Result
from notifications.models import Delivery, Device, Notification
from notifications.rules import DeliveryStatus, NotificationStatus, Outcome, Platform, Reason
from notifications.services import addressing, figures, planning
from notifications.services.addressing import AddressOf, Routing
from notifications.services.figures import Key
from notifications.services.outcomes import conclude

_TARGET = re.compile(r"target(_[0-9]+)?")


def claim(
    session: Session,
    *,
    now: datetime,
    limit: int = 200,
    lane: int = rules.ROUTINE,
    due: Select[Any] | None = None,
    kind: ChannelKind = fcm.CHANNEL,
    routing: Routing | None = None,
) -> list[Envelope]:
    """Take up to `limit` deliveries of a channel that are ready, urgent first and then the soonest due, under a lease.

    They are of `lane` or of one before it; between 20:00 and 08:00 in Bangkok of the urgent lane only.

    Looks again before anything is sent: what was taken back, is no longer in `due` (where given) or has lost its
    device is dropped, not returned. No other worker gets what is returned until the lease is over.
    """
    address = routing.addresses[kind.name] if routing and kind.to_person else None
    while rows := _take(session, now, limit, lane, kind, address):
        if envelopes := _make_envelopes(session, rows, due, now, kind, routing or Routing()):
            unsure = Counter(Key(kind.name, row.lane, figures.UNSURE) for row in rows if row.unsure)
            figures.count(session, unsure)
            return envelopes
    return []


def is_ready(now: datetime, lane: int = rules.ROUTINE) -> tuple[ColumnElement[bool], ...]:
    """The conditions on a delivery of a lane, or of one before it, that is to be sent now, by whichever channel."""
    if rules.is_quiet(now.astimezone(BANGKOK).hour):
        lane = rules.URGENT
    return Delivery.status == DeliveryStatus.PENDING, Delivery.next_try_at <= now, Delivery.lane <= lane


def count_ready(session: Session, *, now: datetime) -> Mapping[tuple[str, str], int]:
    """How many deliveries are to be sent now, by channel and kind of message."""
    ready = (
        select(Delivery.channel, Notification.kind, func.count())
        .join(Notification, Notification.id == Delivery.notification_id)
        .where(*is_ready(now))
        .group_by(Delivery.channel, Notification.kind)
        .order_by(Delivery.channel, Notification.kind)
    )
    return {(channel, kind): count for channel, kind, count in session.execute(ready)}


def settle(
    session: Session, results: Sequence[Result], *, now: datetime, jitter: Callable[[], float] = random.random
) -> None:
    """Write down what became of each try.

    A retry waits, longer each time, for up to 72 hours, and then fails. A device that the provider no longer knows is
    removed; what else waits for it is dropped when its turn comes. Settling twice changes nothing, and a message that
    was sent stays sent whatever a slower worker says.
    """
    sent = [result for result in results if result.outcome is Outcome.SENT]
    others = {result.delivery_id: result for result in results if result.outcome is not Outcome.SENT}
    numbers: Counter[Key] = Counter()
    late: dict[Key, float] = {}
    notifications = _settle_sent(session, sent, now, numbers, late) if sent else set()
    dead: list[Delivery] = []
    if others:
        tried = session.execute(
            select(Delivery, Notification.fanned_out_at)
            .join(Notification, Notification.id == Delivery.notification_id)
            .where(Delivery.id.in_(others))
            .order_by(Delivery.id)
            .with_for_update(of=Delivery)
        ).all()
        for delivery, since in tried:
            result = others[delivery.id]
            numbers[Key(delivery.channel, delivery.lane, result.outcome)] += 1
            if _settle_one(delivery, result, since=since or now, now=now, jitter=jitter()):
                dead.append(delivery)
        session.flush()
        notifications |= {delivery.notification_id for delivery, _ in tried}
    conclude(session, notifications, now=now)
    for delivery in dead:
        _remove_device(session, delivery, now)
    figures.count(session, numbers, late)


def _settle_sent(
    session: Session, results: Sequence[Result], now: datetime, numbers: Counter[Key], late: dict[Key, float]
) -> set[UUID]:
    """Note all that was sent in one statement, its rows locked in order, and count it; the messages it was about."""
    values = {"ids": [result.delivery_id for result in results], "names": [result.provider_id for result in results]}
    noted = _noting_sent(now)
    same = (noted.c.channel, noted.c.lane, noted.c.again)
    # A row for each kind of them, since reading a row takes longer than writing it down.
    gathered = select(*same, func.array_agg(noted.c.notification_id), func.array_agg(noted.c.late)).group_by(*same)
    notifications: set[UUID] = set()
    for channel, lane, again, ids, seconds_late in session.execute(gathered, values, execution_options=BULK):
        notifications.update(ids)
        if again:
            numbers[Key(channel, lane, "repeated")] += len(ids)
            continue
        for each in seconds_late:
            key, seconds = figures.sent_late(channel, lane, each)
            numbers[key] += 1
            late[key] = late.get(key, 0.0) + seconds
    return notifications


def _noting_sent(now: datetime) -> CTE:
    """Note deliveries as sent: `ids`, and `names` that their provider gave them. What was sent already is `again`."""
    given = (
        func.unnest(bindparam("ids", type_=ARRAY(Uuid)), bindparam("names", type_=ARRAY(Text)))
        .table_valued(column("id", Uuid), column("name", Text))
        .render_derived("given")
    )
    locked = (
        select(Delivery.id, Delivery.status)
        .where(Delivery.id == given.c.id)
        .order_by(Delivery.id)
        .with_for_update()
        .cte("locked")
    )
    return (
        update(Delivery)
        .where(Delivery.id == locked.c.id, given.c.id == locked.c.id)
        .values(
            status=DeliveryStatus.SENT,
            sent_at=func.coalesce(Delivery.sent_at, now),
            provider_id=given.c.name,
            error=null(),
        )
        .returning(
            Delivery.notification_id,
            Delivery.channel,
            Delivery.lane,
            func.coalesce(func.extract("epoch", literal(now) - Delivery.ready_at), 0.0).cast(Float).label("late"),
            (locked.c.status == DeliveryStatus.SENT).label("again"),
        )
        .cte("noted")
    )


def _take(
    session: Session, now: datetime, limit: int, lane: int, kind: ChannelKind, address: AddressOf | None
) -> list[Row[Any]]:
    ready = (
        select(Delivery.id)
        .where(Delivery.channel == kind.name, *is_ready(now, lane))
        .order_by(Delivery.lane, Delivery.due_on, Delivery.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("ready")
    )
    taken = (
        update(Delivery)
        .where(Delivery.id == ready.c.id)
        .values(next_try_at=now + rules.LEASE, tries=Delivery.tries + 1)
        .returning(
            Delivery.id,
            Delivery.notification_id,
            Delivery.lane,
            Delivery.due_on,
            Delivery.tries,
            Delivery.person_id.label("addressee"),
            Delivery.device_id,
            and_(Delivery.tries > 1, Delivery.error.is_(None)).label("unsure"),
        )
        .cte("taken")
    )
    message = (Notification.person_id, Notification.dedupe, Notification.kind, Notification.params, Notification.status)
    moments = (Notification.created_at, Notification.due_on.label("message_due_on"))
    rows = (
        select(taken.c.id, taken.c.notification_id, taken.c.lane, taken.c.tries, taken.c.unsure, *message, *moments)
        .join_from(taken, Notification, Notification.id == taken.c.notification_id)
        .order_by(taken.c.lane, taken.c.due_on, taken.c.id)
    )
    return list(session.execute(_with_target(rows, taken, kind, address), execution_options=BULK).all())


def _with_target(rows: Select[Any], taken: CTE, kind: ChannelKind, address: AddressOf | None) -> Select[Any]:
    """Deliveries with their target and its language; both empty where there is none any more."""
    if address is None:
        this = and_(
            Device.person_id == taken.c.addressee,
            Device.device_id == taken.c.device_id,
            Device.removed_at.is_(None),
            Device.kind.in_(kind.targets),
        )
        columns = (Device.kind.label("target_kind"), Device.target.label("target"), Device.language.label("language"))
        return rows.add_columns(
            *columns, Device.platform.label("platform"), _is_of_several().label("of_several")
        ).outerjoin(Device, this)
    found = address(taken.c.addressee).lateral("address")
    # Each target is sealed under the name of its own column, so the database cannot choose one.
    targets = [column.label(f"target_{number}") for number, column in enumerate(addressing.targets(found.c))]
    columns = (literal(kind.name).label("target_kind"), found.c.language, found.c.own, *targets, found.c.former)
    return rows.add_columns(*columns, null().label("platform")).outerjoin(found, true())


def _is_of_several() -> ColumnElement[bool]:
    """Whether other people get their messages on the same phone."""
    other = aliased(Device)
    same = and_(other.target_index == Device.target_index, other.removed_at.is_(None))
    return exists().where(same, other.person_id != Device.person_id)


def _found_targets(rows: Sequence[Row[Any]]) -> dict[UUID, list[str]]:
    """For each row its targets, the best first and each once; rows without one are left out.

    A former address is one only for what warns of a stranger.
    """
    if not rows:
        return {}
    names = rows[0]._fields
    ordinary = [place for place, name in enumerate(names) if _TARGET.fullmatch(name)]
    warned = [*ordinary, *([names.index("former")] if "former" in names else [])]
    found = {}
    for row in rows:
        places = warned if row.kind in catalogue.EVERY_CHANNEL else ordinary
        # Each is opened as it is asked for, so it is asked for once.
        if targets := list(dict.fromkeys(text for place in places if (text := row[place]))):
            found[row.id] = targets
    return found


def _make_envelopes(
    session: Session,
    rows: list[Row[Any]],
    due: Select[Any] | None,
    now: datetime,
    kind: ChannelKind,
    routing: Routing,
) -> list[Envelope]:
    """Envelopes for what may go out; the rest of what was taken ends here."""
    gone = {row.notification_id for row in rows if row.status == NotificationStatus.STALE}
    if due is not None:
        reminders = {r.notification_id: (r.person_id, r.dedupe) for r in rows if r.kind.startswith(catalogue.REMINDER)}
        gone |= planning.no_longer_due(session, due, reminders)
    targets = _found_targets([row for row in rows if row.notification_id not in gone])
    envelopes = {row.id: _envelope(row, targets[row.id], kind) for row in rows if row.id in targets}
    _end(session, [row for row in rows if row.id not in targets], DeliveryStatus.DROPPED, now)
    unprintable = [row for row in rows if row.id in envelopes and envelopes[row.id] is None]
    _end(session, unprintable, DeliveryStatus.FAILED, now)
    _retire(session, gone, now)
    add = _add_documents if kind.to_person else _add_initials
    add(session, envelopes, rows, kind, routing)
    return [envelope for envelope in envelopes.values() if envelope]


def _add_documents(
    session: Session, envelopes: dict[UUID, Envelope | None], rows: list[Row[Any]], kind: ChannelKind, routing: Routing
) -> None:
    """Enclose documents in what brings one; not where the person did not give the address themselves."""
    for row in rows:
        envelope, find = envelopes.get(row.id), routing.enclosures.get(row.kind)
        if envelope and find and row.own:
            document = find(session, row.person_id, row.params, envelope.language)
            envelopes[row.id] = replace(envelope, enclosure=document)


def _add_initials(
    session: Session, envelopes: dict[UUID, Envelope | None], rows: list[Row[Any]], kind: ChannelKind, routing: Routing
) -> None:
    """Say whom messages are for: all of them, or those to browsers and to phones that several people have.

    In a browser each person has an address of their own, so only the browser knows whether several people share it.
    """
    named = [row for row in rows if kind.initials or row.of_several or row.platform == Platform.WEB]
    if not named or routing.initials is None:
        return
    initials = routing.initials(session, {row.person_id for row in named})
    for row in named:
        if (envelope := envelopes.get(row.id)) and (initial := initials.get(row.person_id)):
            envelopes[row.id] = replace(envelope, initial=initial)


def _envelope(row: Row[Any], targets: Sequence[str], kind: ChannelKind) -> Envelope | None:
    try:
        words = catalogue.render(row.kind, row.params, row.language)
        original = catalogue.original(row.kind, row.params, row.language) if kind.to_person else None
    except catalogue.MissingTemplate:
        return None
    return Envelope(
        delivery_id=row.id,
        notification_id=row.notification_id,
        kind=row.kind,
        lane=row.lane,
        target_kind=row.target_kind,
        target=targets[0],
        also=tuple(targets[1:]) if row.kind in catalogue.EVERY_CHANNEL else (),
        title=words.title,
        body=words.body,
        language=row.language,
        english=original or "",
        platform=row.platform,
        attempt=row.tries,
        written_at=row.created_at,
        optional=bool(row.params.get("optional")),
        due_on=row.message_due_on,
    )


def _end(session: Session, rows: Iterable[Row[Any]], status: DeliveryStatus, now: datetime) -> None:
    ended = list(rows)
    if not ended:
        return
    error = "UNPRINTABLE" if status is DeliveryStatus.FAILED else None
    failed_at = now if status is DeliveryStatus.FAILED else None
    values = {"status": status, "error": error, "failed_at": failed_at}
    statement = update(Delivery).where(Delivery.id.in_([row.id for row in ended])).values(values)
    execute_bulk(session, statement)
    conclude(session, {row.notification_id for row in ended}, now=now)


def _retire(session: Session, notifications: set[UUID], now: datetime) -> None:
    """A reminder that turned out to be no longer due: stale, where no device has it."""
    statement = update(Notification).where(
        Notification.id.in_(notifications),
        Notification.status.in_((NotificationStatus.PENDING, NotificationStatus.UNREACHABLE)),
    )
    if notifications:
        values = {"status": NotificationStatus.STALE, "reason": Reason.NOT_OWED, "settled_at": now}
        execute_bulk(session, statement.values(values))


def _settle_one(delivery: Delivery, result: Result, *, since: datetime, now: datetime, jitter: float) -> bool:
    """Change one delivery; whether its device is to be removed."""
    if delivery.status != DeliveryStatus.PENDING:
        return False
    delivery.error = result.error_code
    again = None
    if result.outcome is Outcome.RETRY:
        again = rules.next_try(tries=delivery.tries, since=since, now=now, asked=result.retry_after, jitter=jitter)
    if again:
        delivery.next_try_at = again
    else:
        delivery.status, delivery.failed_at = DeliveryStatus.FAILED, now
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
