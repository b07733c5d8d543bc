"""The worker's rounds: each opens its own short transactions, and none while a provider is being talked to."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from foundation import events
from foundation.clock import BANGKOK, bangkok_date, monotonic
from foundation.db import Database, Session
from notifications.channels import fcm
from notifications.channels.channel import Channel, ChannelKind
from notifications.rules import ROUTINE
from notifications.sending import Sending
from notifications.services import addressing, coverage, delivery, figures, planning
from notifications.services.addressing import Routing
from notifications.services.coverage import MustBeTold
from notifications.services.notifying import notify
from notifications.services.planning import DueToday


@dataclass(frozen=True)
class Preview:
    """How many reminders would be planned and taken back, and how many messages sent by channel and kind."""

    planned: int
    taken_back: int
    ready: Mapping[tuple[str, str], int]


Confirm = Callable[[Session], None]

CHECK_FROM_HOUR = 21
"""In Bangkok: an hour after the last one at which reminders go out."""
PLANNING_SETTINGS = {"statement_timeout": "300s"}
"""One statement of planning may take longer than a request's: it is about all residents."""

_RELAY = 200
_LISTED = 5000
_ADDRESSING = ((addressing.fan_out, 5000), (addressing.fall_back, 1000))
"""How messages are addressed, and how many in one transaction."""
_log = logging.getLogger(__name__)


def begin_round(
    database: Database,
    due_today: DueToday,
    now: datetime,
    confirm: Confirm = lambda session: None,
    *,
    routing: Routing | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Plan what begins today; how many reminders are new. It is quick: the rest was planned on the days before.

    The first round of a day lists them, and they are planned from the list in batches; later rounds plan what has begun
    since. `confirm` is called last in each transaction, and raises where another worker plans by now. Ends after the
    batch in hand once `stopping` is true: the next round goes on with the list.
    """
    today = bangkok_date(now)
    with database.transaction(PLANNING_SETTINGS) as session:
        is_listed = planning.list_once(session, due_today(today, begun=today, with_answered=True), today, now=now)
        confirm(session)
    planned = 0
    for plan in (_from_list, *(() if is_listed else (_begun_since,))):
        more = True
        while more and not stopping():
            with database.transaction(PLANNING_SETTINGS) as session:
                new, more = plan(session, due_today, now, routing)
                _count_planned(session, new)
                confirm(session)
            planned += new
    if planned:
        _log.info("notifications: %d reminders begin today", planned)
    return planned


def _from_list(session: Session, due_today: DueToday, now: datetime, routing: Routing | None) -> tuple[int, bool]:
    """Plan a batch of the list; how many reminders are new, and whether there may be more."""
    due = due_today(bangkok_date(now))
    taken, new = planning.plan_listed(session, due, now=now, limit=_LISTED, routing=routing)
    return new, taken == _LISTED


def _begun_since(session: Session, due_today: DueToday, now: datetime, routing: Routing | None) -> tuple[int, bool]:
    """Plan what has begun today since the list was written."""
    due = due_today(bangkok_date(now), begun=bangkok_date(now))
    return planning.plan_new(session, due, now=now, routing=routing), False


def plan_round(
    database: Database,
    due_today: DueToday,
    now: datetime,
    confirm: Confirm = lambda session: None,
    *,
    routing: Routing | None = None,
) -> int:
    """Take back what is no longer due and plan what is, whenever it began; how many reminders are new.

    `confirm` is as in `begin_round`.
    """
    with database.transaction(PLANNING_SETTINGS) as session:
        due = planning.at_hand(session, due_today(bangkok_date(now)))
        retired = planning.retire_stale(session, due, now=now)
        planned = planning.plan(session, due, now=now, routing=routing)
        _count_planned(session, planned)
        confirm(session)
    if planned or retired:
        _log.info("notifications: %d reminders planned, %d taken back", planned, retired)
    return planned


def _count_planned(session: Session, planned: int) -> None:
    figures.count(session, Counter({figures.Key("", ROUTINE, figures.PLANNED): planned}))


def coverage_round(
    database: Database,
    must_be_told: MustBeTold,
    now: datetime,
    confirm: Confirm = lambda session: None,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Compare who must have been told by now with what was sent, once an evening; how many gaps there are.

    It looks at nothing before 21:00 in Bangkok, or where that day was checked already. A check that was cut short
    begins anew. `confirm` is as above.
    """
    today = bangkok_date(now)
    if now.astimezone(BANGKOK).hour < CHECK_FROM_HOUR:
        return 0
    with database.read_session() as session:
        if coverage.checked_on(session, today):
            return 0
    expected, after = 0, UUID(int=0)
    while True:
        with database.transaction(PLANNING_SETTINGS) as session:
            found = must_be_told(session, today, after=after)
            if found is None:
                causes = coverage.conclude(session, expected=expected, now=now)
                confirm(session)
                break
            due, after = found
            expected += coverage.compare(session, due, now=now)
            confirm(session)
        if stopping():
            return 0
    shown = ", ".join(f"{cause} {count}" for cause, count in sorted(causes.items())) or "none"
    _log.log(logging.WARNING if causes else logging.INFO, "coverage: people who were not told: %s", shown)
    return sum(causes.values())


def preview(
    database: Database,
    due_today: DueToday,
    now: datetime,
    subscribers: Sequence[events.Subscriber],
    *,
    routing: Routing | None = None,
) -> Preview:
    """What the rounds would plan and send at an instant; nothing is stored, since the transaction is undone.

    Other workers are held up meanwhile where they plan, and go on sending what is not looked at here.
    """
    with database.undone_transaction(PLANNING_SETTINGS) as session:
        due = planning.at_hand(session, due_today(bangkok_date(now)))
        taken_back = planning.retire_stale(session, due, now=now)
        planned = planning.plan(session, due, now=now, routing=routing)
        while events.relay(session, subscribers, limit=_RELAY) == _RELAY:
            pass
        for address, most in _ADDRESSING:
            while address(session, now=now, limit=most, routing=routing) == most:
                pass
        ready = delivery.count_ready(session, now=now)
    return Preview(planned, taken_back, ready)


def relay_round(
    database: Database,
    subscribers: Sequence[events.Subscriber] = (notify,),
    *,
    limit: int = _RELAY,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Hand every waiting event to the subscribers, batch by batch; how many there were.

    Ends after the batch in hand once `stopping` is true.
    """
    total = 0
    while True:
        with database.transaction() as session:
            relayed = events.relay(session, subscribers, limit=limit)
        total += relayed
        if relayed < limit or stopping():
            return total


def send_round(
    database: Database,
    channel: Channel,
    now: datetime,
    *,
    due_today: DueToday | None = None,
    kind: ChannelKind = fcm.CHANNEL,
    routing: Routing | None = None,
    batch: int | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send all that is ready by one channel; how many messages its provider took.

    With `due_today`, each batch of reminders is checked against the records in the transaction that claims it. A batch
    of which nothing went through ends the round: the provider is away, and the rest stays where it is. While the
    channel is stopped (`services/admission.py`), it ends at once. Once `stopping` is true, it ends after the batch in
    hand.
    """
    clock = _running_from(now)
    sending = Sending(
        database,
        channel,
        kind,
        clock,
        address=lambda: _address(database, clock(), routing),
        due_today=due_today,
        routing=routing,
        batch=batch or kind.batch,
    )
    return sending.run(stopping)


def _address(database: Database, now: datetime, routing: Routing | None) -> bool:
    """Address some of what waits, and of what the channels tried so far did not bring to its person.

    Returns whether there may be more.
    """
    more = False
    for address, most in _ADDRESSING:
        with database.transaction() as session:
            more |= address(session, now=now, limit=most, routing=routing) == most
    return more


def _running_from(now: datetime) -> Callable[[], datetime]:
    """The time in a round that began at `now`: a long round must not give out leases that are over already."""
    began = monotonic()
    return lambda: now + timedelta(seconds=monotonic() - began)
