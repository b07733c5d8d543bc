"""The worker's rounds: each opens its own short transactions, and none while a provider is being talked to."""

import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from sqlalchemy import Select

from foundation import events
from foundation.clock import BANGKOK, bangkok_date, monotonic, sleep_until
from foundation.db import Database, Session
from foundation.errors import Unavailable
from notifications import rules
from notifications.channels import fcm, limits
from notifications.channels.channel import Channel, ChannelKind, Result, start
from notifications.rules import ROUTINE, Outcome
from notifications.services import addressing, coverage, delivery, figures, planning
from notifications.services.addressing import Routing
from notifications.services.admission import admit, give_back, weigh
from notifications.services.notifying import notify


class DueToday(Protocol):
    """From a civil date in Bangkok to what is due on it; the columns are described in `services/planning.py`.

    `begun` leaves only what began on that day; `with_answered` adds people who owe nothing any more, and is quicker.
    """

    def __call__(self, today: date, /, *, begun: date | None = None, with_answered: bool = False) -> Select[Any]: ...


@dataclass(frozen=True)
class Preview:
    """How many reminders would be planned and taken back, and how many messages sent by channel and kind."""

    planned: int
    taken_back: int
    ready: Mapping[tuple[str, str], int]


Confirm = Callable[[Session], None]

SETTLE_EVERY = 0.1
"""Seconds: what was answered is written down at least so often, so that a worker that dies repeats little."""
SETTLE_AGAIN = 0.5
"""Seconds between two tries to write down what was answered, while the database is away."""
DECIDE_AFTER = 30
"""Seconds: so long it may stay open whether devices of another sender, or our set-up, are the wrong ones."""
KEPT_AS_EVIDENCE = 1000
"""Messages that were sent just before, beside which devices of another sender are judged."""
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
    database: Database, due_today: DueToday, now: datetime, confirm: Confirm = lambda session: None
) -> int:
    """Compare who must have been told by now with what was sent, once an evening; how many gaps there are.

    It looks at nothing before 21:00 in Bangkok, or where that day was checked already. `confirm` is as above.
    """
    if now.astimezone(BANGKOK).hour < CHECK_FROM_HOUR:
        return 0
    with database.transaction(PLANNING_SETTINGS) as session:
        if coverage.checked_on(session, bangkok_date(now)):
            return 0
        causes = coverage.check(session, planning.at_hand(session, due_today(bangkok_date(now))), now=now)
        confirm(session)
    found = ", ".join(f"{cause} {count}" for cause, count in sorted(causes.items())) or "none"
    _log.log(logging.WARNING if causes else logging.INFO, "coverage: people who were not told: %s", found)
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
    _address(database, clock, routing)
    sending = _Sending(database, channel, kind, clock, due_today=due_today, routing=routing, batch=batch or kind.batch)
    return sending.run(stopping)


class _Sending:
    """One round of a channel: claims the next batch while the last one is being sent, and settles what is answered."""

    def __init__(
        self,
        database: Database,
        channel: Channel,
        kind: ChannelKind,
        clock: Callable[[], datetime],
        *,
        due_today: DueToday | None,
        routing: Routing | None,
        batch: int,
    ) -> None:
        self._database, self._channel, self._kind, self._clock = database, channel, kind, clock
        self._due_today, self._routing, self._batch = due_today, routing, batch
        self._bucket, self._terms = limits.buckets().get(kind.name), limits.terms()
        self._results: SimpleQueue[Result] = SimpleQueue()
        self._waiting = 0
        self._in_trouble, self._failed, self._at_fault = False, False, False
        self._undecided: list[Result] = []
        self._sent: list[Result] = []
        self._decide_at = 0.0

    def run(self, stopping: Callable[[], bool]) -> int:
        """Send until nothing is ready, or nothing goes through any more; how many messages were taken."""
        sent, more = 0, True
        while more or self._waiting:
            more = more and not stopping()
            if more and self._waiting <= self._batch // 2:
                more = self._claim_more()
            if not self._waiting:
                continue
            was_in_trouble = self._in_trouble
            results = self._weighed(self._collect())
            self._settle(results)
            _report(self._kind, results)
            new = sum(result.outcome is Outcome.SENT for result in results)
            sent += new
            more = more and not (results and all(result.outcome is Outcome.RETRY for result in results))
            more = more or bool(was_in_trouble and new)  # what was tried went through, so the others follow
            more = more and not self._at_fault
        return sent

    def _claim_more(self) -> bool:
        """As `_claim`. While messages are on their way, a database that is away only ends the claiming."""
        try:
            return self._claim()
        except Unavailable:
            if not self._waiting:
                raise
            return False

    def _settle(self, results: Sequence[Result]) -> None:
        """Write down what was answered; again where the database is away, since else it would all be sent again.

        Raises Unavailable when the lease is over, and another worker may have the messages.
        """
        until = monotonic() + rules.LEASE.total_seconds()
        while True:
            try:
                with self._database.transaction() as session:
                    delivery.settle(session, results, now=self._clock(), jitter=random.random)
                return
            except Unavailable:
                if monotonic() >= until:
                    raise
                sleep_until(monotonic() + SETTLE_AGAIN)

    def _claim(self) -> bool:
        """Claim a batch and begin to send it; whether there was anything. Nothing is sent in the transaction."""
        now, name = self._clock(), self._kind.name
        with self._database.transaction() as session:
            admission = admit(session, name, self._bucket, self._terms, now=now, most=self._batch)
        self._in_trouble = self._in_trouble or admission.in_trouble
        if not admission.granted:
            return False
        with self._database.transaction() as session:
            due = self._due_today(bangkok_date(now)) if self._due_today else None
            envelopes = delivery.claim(
                session, now=now, limit=admission.granted, due=due, kind=self._kind, routing=self._routing
            )
        if len(envelopes) < admission.granted:
            with self._database.transaction() as session:
                give_back(session, name, self._bucket, admission, claimed=len(envelopes), now=now)
        if not envelopes:
            return False
        self._waiting += len(envelopes)
        start(self._channel, envelopes, self._results.put)
        return True

    def _collect(self) -> list[Result]:
        """What is answered: at least one result, and what else comes within SETTLE_EVERY or until none is missing."""
        results = [self._results.get()]
        until = monotonic() + SETTLE_EVERY
        while len(results) < self._waiting and (left := until - monotonic()) > 0:
            try:
                results.append(self._results.get(timeout=left))
            except Empty:
                break
        self._waiting -= len(results)
        return results

    def _weighed(self, results: list[Result]) -> list[Result]:
        """What can be settled, after noting what it says of the channel: that nothing went through, or it does again.

        The channel's row is written once a round at the most where its provider is away, and else not at all.
        """
        clear = [result for result in results if result.outcome is not Outcome.MISMATCH]
        went_through = any(result.outcome is not Outcome.RETRY for result in clear)
        at_fault = any(rules.is_fault_of_ours(result.error_code) for result in clear)
        if clear and (at_fault or (self._in_trouble if went_through else not self._failed)):
            self._weigh(clear)
        if clear:
            self._at_fault = self._at_fault or at_fault
            self._in_trouble, self._failed = not went_through, not went_through
        return clear + self._judged(results)

    def _judged(self, results: list[Result]) -> list[Result]:
        """Devices of another sender, judged beside what was sent in this round; none while that is to be waited for."""
        mismatched = [result for result in results if result.outcome is Outcome.MISMATCH]
        if mismatched and not self._undecided:
            self._decide_at = monotonic() + DECIDE_AFTER
        self._undecided += mismatched
        self._sent = (self._sent + [result for result in results if result.outcome is Outcome.SENT])[-KEPT_AS_EVIDENCE:]
        if not self._undecided or (self._waiting and monotonic() < self._decide_at):
            return []
        judged = self._weigh(self._undecided + self._sent)[: len(self._undecided)]
        self._undecided = []
        return judged

    def _weigh(self, results: Sequence[Result]) -> list[Result]:
        """See `admission.weigh`; while the database is away nothing is noted, and devices stay undecided.

        So they do after a fault of our own set-up, whose stop the rest of the round must not end.
        """
        if not self._at_fault:
            with suppress(Unavailable), self._database.transaction() as session:
                return weigh(session, self._kind.name, self._bucket, self._terms, results, self._clock())
        undecided = Outcome.MISMATCH
        return [replace(each, outcome=Outcome.RETRY) if each.outcome is undecided else each for each in results]


def _address(database: Database, clock: Callable[[], datetime], routing: Routing | None) -> None:
    """Address what waits, and what the channels tried so far did not bring to its person."""
    for address, most in _ADDRESSING:
        while True:
            with database.transaction() as session:
                addressed = address(session, now=clock(), limit=most, routing=routing)
            if addressed < most:
                break


def _running_from(now: datetime) -> Callable[[], datetime]:
    """The time in a round that began at `now`: a long round must not give out leases that are over already."""
    began = monotonic()
    return lambda: now + timedelta(seconds=monotonic() - began)


def _report(kind: ChannelKind, results: Sequence[Result]) -> None:
    """One line for each kind of error, louder where our own set-up is at fault; never a push address."""
    counts: dict[tuple[str, bool], int] = {}
    for result in results:
        if result.error_code:
            counts[result.error_code, result.alarm] = counts.get((result.error_code, result.alarm), 0) + 1
    for (code, alarm), count in sorted(counts.items()):
        _log.log(
            logging.ERROR if alarm else logging.WARNING, "%s: %d messages answered with %s", kind.name, count, code
        )
