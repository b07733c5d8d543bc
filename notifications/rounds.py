"""The worker's rounds: each opens its own short transactions, and none while a provider is being talked to."""

import logging
import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Select

from foundation import events
from foundation.clock import bangkok_date, monotonic
from foundation.db import Database, Session
from notifications.channels.push import Envelope, PushChannel, Result
from notifications.rules import Outcome
from notifications.services import delivery, planning
from notifications.services.notifying import notify


class DueToday(Protocol):
    """From a civil date in Bangkok to what is due on it; the columns are described in `services/planning.py`.

    `begun` leaves only what began on that day.
    """

    def __call__(self, today: date, /, *, begun: date | None = None) -> Select[Any]: ...


Confirm = Callable[[Session], None]

BATCH = 200
"""Messages that a worker claims together."""
AT_ONCE = 20
"""Messages that it sends before it settles them: as many may be sent twice when it, or the database, dies."""
PLANNING_SETTINGS = {"statement_timeout": "300s"}
"""One statement of planning may take longer than a request's: it is about all residents."""

_RELAY = 200
_ADDRESS = 5000
_log = logging.getLogger(__name__)


def begin_round(database: Database, due_today: DueToday, now: datetime, confirm: Confirm = lambda session: None) -> int:
    """Plan what begins today; how many reminders are new. It is quick: the rest was planned on the days before.

    `confirm` is called last in the transaction, and raises where another worker plans by now.
    """
    today = bangkok_date(now)
    with database.transaction(PLANNING_SETTINGS) as session:
        planned = planning.plan_new(session, due_today(today, begun=today), now=now)
        confirm(session)
    if planned:
        _log.info("notifications: %d reminders begin today", planned)
    return planned


def plan_round(database: Database, due_today: DueToday, now: datetime, confirm: Confirm = lambda session: None) -> int:
    """Take back what is no longer due and plan what is, whenever it began; how many reminders are new.

    `confirm` is as in `begin_round`.
    """
    with database.transaction(PLANNING_SETTINGS) as session:
        due = planning.at_hand(session, due_today(bangkok_date(now)))
        retired = planning.retire_stale(session, due, now=now)
        planned = planning.plan(session, due, now=now)
        confirm(session)
    if planned or retired:
        _log.info("notifications: %d reminders planned, %d taken back", planned, retired)
    return planned


def relay_round(
    database: Database,
    now: datetime,
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
            relayed = events.relay(session, subscribers, now=now, limit=limit)
        total += relayed
        if relayed < limit or stopping():
            return total


def send_round(
    database: Database,
    channel: PushChannel,
    now: datetime,
    *,
    due_today: DueToday | None = None,
    batch: int = BATCH,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send all that is ready; how many messages a provider took.

    With `due_today`, each batch of reminders is checked against the records in the transaction that claims it. A batch
    of which nothing went through ends the round: the provider is away, and the rest stays where it is. Once `stopping`
    is true, the round ends after the batch in hand.
    """
    clock = _running_from(now)
    _address(database, clock)
    total = 0
    while not stopping():
        moment = clock()
        with database.transaction() as session:
            due = due_today(bangkok_date(moment)) if due_today else None
            envelopes = delivery.claim(session, now=moment, limit=batch, due=due)
        if not envelopes:
            return total
        results = _deliver(database, channel, envelopes, clock)
        _report(results)
        sent = sum(result.outcome is Outcome.SENT for result in results)
        total += sent
        if all(result.outcome is Outcome.RETRY for result in results):
            return total
    return total


def _deliver(
    database: Database, channel: PushChannel, envelopes: Sequence[Envelope], clock: Callable[[], datetime]
) -> list[Result]:
    """Send what was claimed, a few at a time, and settle those before the next: a worker that dies repeats only few."""
    results: list[Result] = []
    for start in range(0, len(envelopes), AT_ONCE):
        sent = channel.send(envelopes[start : start + AT_ONCE])
        with database.transaction() as session:
            delivery.settle(session, sent, now=clock(), jitter=random.random)
        results += sent
    return results


def _address(database: Database, clock: Callable[[], datetime]) -> None:
    while True:
        with database.transaction() as session:
            addressed = delivery.fan_out(session, now=clock(), limit=_ADDRESS)
        if addressed < _ADDRESS:
            return


def _running_from(now: datetime) -> Callable[[], datetime]:
    """The time in a round that began at `now`: a long round must not give out leases that are over already."""
    began = monotonic()
    return lambda: now + timedelta(seconds=monotonic() - began)


def _report(results: Sequence[Result]) -> None:
    """One line for each kind of error, louder where our own set-up is at fault; never a push address."""
    counts: dict[tuple[str, bool], int] = {}
    for result in results:
        if result.error_code:
            counts[result.error_code, result.alarm] = counts.get((result.error_code, result.alarm), 0) + 1
    for (code, alarm), count in sorted(counts.items()):
        _log.log(logging.ERROR if alarm else logging.WARNING, "push: %d messages answered with %s", count, code)
