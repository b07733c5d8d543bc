"""Which channel a message takes to its person: the first that reaches them, and the next where that did not help.

A message is addressed to the targets of the lowest rank of channels that reach its person. The next rank follows when
nothing of that was delivered, or nobody has opened it in time, and at once where only devices were reached that were
not seen for long. Some messages go by every channel at once: what warns of a stranger, and a reminder whose forerunner
nobody has opened. What brings a document goes by mail at once as well, to an address that the person gave.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    String,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from foundation.clock import BANGKOK, bangkok_date
from foundation.db import BULK, ReadSession, Session, execute_bulk
from foundation.mail import Enclosure
from notifications import catalogue, rules
from notifications.channels.channel import ChannelKind
from notifications.channels.registry import CHANNELS
from notifications.models import Delivery, Device, Notification, Preferences
from notifications.rules import DeliveryStatus, NotificationStatus, Reason
from notifications.services.outcomes import conclude

AddressOf = Callable[[Any], Select[Any]]
"""From a person's id, a value or a column, to the query of their address.

One row at most, with the columns `language`, `own` (whether the person gave an address to this service themselves),
`former` (one that they changed lately: only what warns of a stranger goes there) and the targets, the best first.
"""
EnclosureOf = Callable[[ReadSession, UUID, Mapping[str, Any], str], Enclosure | None]
"""From a person, what their message is about (`params`) and a language to the document that goes with the message."""

_ADDRESSED = ["notification_id", "person_id", "device_id", "channel", "lane", "due_on", "next_try_at", "ready_at"]
_OF_MESSAGE = ("id", "person_id", "kind", "dedupe", "lane", "due_on", "params")


InitialsOf = Callable[[ReadSession, Collection[UUID]], Mapping[UUID, str]]
"""From people to the first letters of their names."""


@dataclass(frozen=True, kw_only=True)
class Routing:
    """The channels that there are, and how addresses and documents are found for those that write to the person."""

    kinds: tuple[ChannelKind, ...] = CHANNELS
    addresses: Mapping[str, AddressOf] = field(default_factory=dict)
    enclosures: Mapping[str, EnclosureOf] = field(default_factory=dict)
    """By kind of message."""
    initials: InitialsOf | None = None

    def ranks(self) -> list[int]:
        """The ranks in their order, of channels whose addresses can be found."""
        return sorted({kind.rank for kind in self.kinds if not kind.to_person or kind.name in self.addresses})

    def rank_of(self, channel: Any) -> ColumnElement[int]:
        """The rank of a column of channels' names."""
        return case(*((channel == kind.name, literal(kind.rank)) for kind in self.kinds), else_=literal(0))

    def reaches(self, person_id: ColumnElement[UUID]) -> ColumnElement[bool]:
        """Whether a person has a device or an address."""
        found = [address(person_id) for address in self.addresses.values()]
        return or_(has_device(person_id), *(each.where(has_target(each.selected_columns)).exists() for each in found))


def targets(columns: Iterable[Any]) -> list[Any]:
    """The targets among the columns of an address."""
    return [column for column in columns if column.name not in ("language", "own", "former")]


def has_target(columns: Iterable[Any]) -> ColumnElement[bool]:
    """Whether an address has any target but a former one."""
    return or_(*(column.is_not(None) for column in targets(columns)))


def has_device(person_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether a person has a device that is in use."""
    return exists().where(Device.person_id == person_id, Device.removed_at.is_(None))


def fan_out(session: Session, *, now: datetime, limit: int = 5000, routing: Routing | None = None) -> int:
    """Address waiting messages to the first channels that reach their person; how many messages there were.

    Where no channel does, a message is unreachable, and stays in the inbox.
    """
    routing = routing or Routing()
    taken = (
        select(*_facts(Notification), literal(-1).label("tried"), _not_before(Notification, now).label("not_before"))
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
    outcome = _address(taken, routing, now).c
    statement = (
        update(Notification)
        .where(Notification.id == outcome.id)
        .values(
            fanned_out_at=now,
            status=case((outcome.reached, NotificationStatus.PENDING), else_=NotificationStatus.UNREACHABLE),
            settled_at=case((outcome.reached, null()), else_=literal(now)),
            fall_back_at=_next_fall_back(Notification, routing, outcome.used, now),
        )
    )
    return execute_bulk(session, statement)


def write_addressed(session: Session, new: CTE, *, now: datetime, routing: Routing | None = None) -> int:
    """Write new messages with their deliveries, in one statement; how many messages there were.

    `new` has the columns `id`, `person_id`, `kind`, `dedupe`, `lane`, `due_on`, `params` and `unwanted`: such a message
    is kept, and not addressed. One that is there already is left alone.
    """
    routing = routing or Routing()
    message = new.c
    facts = (*_facts(message), literal(-1).label("tried"), _not_before(message, now).label("not_before"))
    taken = select(*facts).where(~message.unwanted).cte("taken")
    everything = _reach(taken, routing, now)
    used = _highest(everything)
    of_message = (*(message[name] for name in _OF_MESSAGE), message.unwanted, used.c.rank.label("used"))
    reach = select(*of_message).select_from(_with(new, used)).subquery("reached")
    columns = {name: reach.c[name] for name in _OF_MESSAGE} | {
        "status": case(
            (reach.c.unwanted, NotificationStatus.SKIPPED),
            (reach.c.used.is_not(None), NotificationStatus.PENDING),
            else_=NotificationStatus.UNREACHABLE,
        ),
        "reason": case((reach.c.unwanted, Reason.OPTED_OUT), else_=null()),
        "created_at": literal(now),
        "fanned_out_at": literal(now),
        "settled_at": case((reach.c.used.is_not(None), null()), else_=literal(now)),
        "fall_back_at": _next_fall_back(reach.c, routing, reach.c.used, now),
    }
    # In a fixed order: two planners at once must not wait for each other in a circle.
    rows = select(*columns.values()).order_by(reach.c.person_id, reach.c.dedupe)
    insertion = insert(Notification).from_select(list(columns), rows)
    written = (
        insertion.on_conflict_do_nothing(index_elements=["person_id", "dedupe"])
        .returning(Notification.id)
        .cte("written")
    )
    # Not as a join, for the reason that `_with` has.
    theirs = select(*_of_delivery(everything)).where(everything.c.id.in_(select(written.c.id)).is_(true()))
    addressed = insert(Delivery).from_select(_ADDRESSED, theirs).cte("addressed")
    return session.scalar(select(func.count()).select_from(written).add_cte(addressed)) or 0


def fall_back(session: Session, *, now: datetime, limit: int = 1000, routing: Routing | None = None) -> int:
    """Address messages that were not delivered or not opened in time to the next channels; how many there were."""
    routing = routing or Routing()
    addressed = select(func.max(routing.rank_of(Delivery.channel))).where(
        Delivery.notification_id == Notification.id, Delivery.person_id == Notification.person_id
    )
    taken = (
        select(
            *_facts(Notification),
            func.coalesce(addressed.scalar_subquery(), -1).label("tried"),
            _at_once(Notification, now).label("not_before"),
        )
        .where(Notification.fall_back_at <= now)
        .order_by(Notification.fall_back_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("taken")
    )
    outcome = _address(taken, routing, now).c
    waits_again = and_(
        outcome.reached, Notification.status.in_((NotificationStatus.PENDING, NotificationStatus.UNREACHABLE))
    )
    statement = (
        update(Notification)
        .where(Notification.id == outcome.id)
        .values(
            status=case((waits_again, NotificationStatus.PENDING), else_=Notification.status),
            settled_at=case((outcome.reached, null()), else_=Notification.settled_at),
            fall_back_at=_next_fall_back(Notification, routing, outcome.used, now),
        )
        .returning(Notification.id)
    )
    ids = session.scalars(statement, execution_options=BULK).all()
    conclude(session, ids, now=now)
    return len(ids)


def _facts(message: Any) -> list[Any]:
    """What addressing has to know of a message. `widely` are those that every channel gets at once."""
    earlier = aliased(Notification)
    of_basis = func.regexp_replace(message.dedupe, "[^:]*$", "")
    unopened = exists().where(
        earlier.person_id == message.person_id,
        func.starts_with(earlier.dedupe, of_basis),
        earlier.kind.startswith(catalogue.REMINDER),
        earlier.status == NotificationStatus.SENT,
        earlier.read_at.is_(None),
        earlier.id != message.id,
    )
    widely = or_(
        message.kind.in_(catalogue.EVERY_CHANNEL),
        and_(message.kind.startswith(catalogue.REMINDER), unopened),
    )
    return [
        message.id,
        message.person_id,
        message.kind,
        message.lane,
        message.due_on,
        message.params,
        widely.label("widely"),
        message.kind.in_(catalogue.EVERY_CHANNEL).label("warning"),
        message.kind.in_(catalogue.ENCLOSING).label("encloses"),
    ]


def _address(taken: CTE, routing: Routing, now: datetime) -> CTE:
    """Write the deliveries: of each message in `taken` whether it was addressed (`reached`), and the highest rank."""
    everything = _reach(taken, routing, now)
    addressed = insert(Delivery).from_select(_ADDRESSED, select(*_of_delivery(everything)))
    made = (
        addressed.on_conflict_do_update(  # only a reminder that was taken back and is due again has rows already
            index_elements=["notification_id", "device_id"],
            set_={
                "status": DeliveryStatus.PENDING,
                "next_try_at": addressed.excluded.next_try_at,
                "ready_at": addressed.excluded.ready_at,
                "tries": 0,
                "due_on": addressed.excluded.due_on,
            },
            where=Delivery.status == DeliveryStatus.DROPPED,
        )
        .returning(Delivery.notification_id)
        .cte("made")
    )
    used = _highest(everything)
    reached = taken.c.id.in_(select(made.c.notification_id)).label("reached")
    of_message = select(taken.c.id, reached, used.c.rank.label("used"))
    return of_message.select_from(_with(taken, used)).cte("outcome")


def _with(messages: CTE, used: Subquery) -> FromClause:
    """Messages with their highest rank, where they have one.

    A full join, which is as good as a left one, since there is no rank without its message: PostgreSQL, which does not
    know how many rows there will be, would choose to compare each row with all others for any other.
    """
    return messages.outerjoin(used, used.c.id == messages.c.id, full=True)


def _highest(everything: CTE) -> Subquery:
    """The highest rank of each message. Joined, since PostgreSQL would go through everything for each message else."""
    return select(everything.c.id, func.max(everything.c.rank).label("rank")).group_by(everything.c.id).subquery("used")


def _reach(taken: CTE, routing: Routing, now: datetime) -> CTE:
    """To whom or what each message in `taken` is addressed, rank by rank."""
    reach: list[CTE] = []
    for rank in routing.ranks():
        met = [taken.c.id.in_(select(lower.c.id).where(lower.c.fresh)) for lower in reach]
        wanted = and_(taken.c.tried < rank, or_(taken.c.widely, ~or_(*met)) if met else true())
        reach.append(union_all(*_targets(taken, routing, rank, wanted, now)).cte(f"rank_{rank}"))
    return union_all(*(select(each) for each in reach)).cte("reach")


def _of_delivery(everything: CTE) -> list[Any]:
    """The columns of `_ADDRESSED` of what is addressed."""
    names = ("id", "person_id", "device_id", "channel", "lane", "due_on", "not_before", "not_before")
    return [everything.c[name] for name in names]


def _targets(taken: CTE, routing: Routing, rank: int, wanted: ColumnElement[bool], now: datetime) -> list[Select[Any]]:
    """For each message wanted at this rank: its person's devices, and the person where a channel writes to them.

    A phone that just joined is not notified of itself. `fresh` is false of a device that was not seen for long.
    """
    kinds = [kind for kind in routing.kinds if kind.rank == rank]
    columns = (taken.c.id, taken.c.person_id, taken.c.lane, taken.c.due_on, taken.c.not_before)
    message = (*columns, literal(rank).label("rank"))
    targets = []
    if of_devices := [kind for kind in kinds if not kind.to_person]:
        channel = case(*((Device.kind.in_(kind.targets), literal(kind.name)) for kind in of_devices))
        served = Device.kind.in_(set().union(*(kind.targets for kind in of_devices)))
        live = and_(Device.person_id == taken.c.person_id, Device.removed_at.is_(None), served)
        not_itself = Device.family.cast(String).is_distinct_from(taken.c.params["not_to"].astext)
        fresh = (Device.updated_at > now - rules.STALE_AFTER).label("fresh")
        devices = select(*message, Device.device_id.label("device_id"), channel.label("channel"), fresh)
        targets.append(devices.join_from(taken, Device, live).where(wanted, or_(Device.family.is_(None), not_itself)))
    for kind in kinds:
        if kind.to_person and kind.name in routing.addresses:
            address = routing.addresses[kind.name](taken.c.person_id).lateral()
            to = (literal(kind.address).label("device_id"), literal(kind.name).label("channel"))
            person = select(*message, *to, true().label("fresh"))
            document = and_(taken.c.tried < rank, taken.c.encloses, address.c.own)
            reached = or_(has_target(address.c), taken.c.warning)
            by_mail = person.join_from(taken, address, true()).where(
                or_(wanted, document), reached, ~_refused(taken, kind)
            )
            targets.append(by_mail)
    return targets


def _refused(taken: CTE, kind: ChannelKind) -> ColumnElement[bool]:
    """Whether the person does not want this channel. What warns of a stranger goes by it all the same."""
    refused = exists().where(Preferences.person_id == taken.c.person_id, ~Preferences.mail)
    return and_(literal(kind.name == "mail"), ~taken.c.warning, refused)


def _not_before(message: Any, now: datetime) -> ColumnElement[datetime]:
    """When a message may go at the earliest: a reminder at its person's time of the day, an urgent one at once.

    Any other goes at once as well, but for the quiet hours, at whose end it does.
    """
    midnight = datetime.combine(bangkok_date(now), time(), BANGKOK)
    chosen = select(Preferences.hour).where(Preferences.person_id == message.person_id).scalar_subquery()
    # Two bytes of the person's id that are random: the same share of the spread every day.
    person = func.uuid_send(message.person_id)
    share = (func.get_byte(person, 10) * 256 + func.get_byte(person, 11)) / literal(65536.0)
    hours = func.coalesce(chosen, rules.FROM_HOUR)
    spread = case((chosen.is_not(None), literal(rules.SPREAD_OF_CHOSEN_HOUR)), else_=literal(rules.SPREAD))
    at = literal(midnight) + hours * literal(timedelta(hours=1)) + share * spread
    at_once = _at_once(message, now)
    return case((message.kind.startswith(catalogue.REMINDER), func.greatest(at, at_once)), else_=at_once)


def _at_once(message: Any, now: datetime) -> ColumnElement[datetime]:
    """Now, but for the quiet hours, in which only what is urgent goes."""
    quiet_ends = literal(rules.end_of_quiet(now.astimezone(BANGKOK)))
    return case((message.lane == rules.URGENT, literal(now)), else_=quiet_ends)


def _next_fall_back(message: Any, routing: Routing, used: ColumnElement[Any], now: datetime) -> ColumnElement[Any]:
    """When the channels above those used are tried: never where there are none."""
    highest = max(routing.ranks(), default=0)
    by_kind = [(message.kind == kind, literal(now + wait)) for kind, wait in rules.FALL_BACK_AFTER.items()]
    return case((used < highest, case(*by_kind, else_=literal(now + rules.FALL_BACK))), else_=null())
