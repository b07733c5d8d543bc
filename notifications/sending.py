"""Sending by one channel: messages are addressed, claimed, sent and settled, all at once.

While messages are on their way, one thread addresses and claims the next ones and another writes down what was
answered, so that neither waits for the other. No transaction waits for a provider. What is urgent is looked for every
second and sent before all others, however many are on their way.
"""

import logging
import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from queue import Empty, SimpleQueue

from foundation.clock import bangkok_date, monotonic, sleep_until
from foundation.db import Database
from foundation.errors import Unavailable
from notifications import rules
from notifications.channels import limits
from notifications.channels.channel import Channel, ChannelKind, Envelope, Result, start
from notifications.rules import Outcome
from notifications.services import delivery
from notifications.services.addressing import Routing
from notifications.services.admission import admit, give_back, weigh
from notifications.services.planning import DueToday

SETTLE_EVERY = 0.1
"""Seconds: what was answered is written down at least so often, so that a worker that dies repeats little."""
SETTLE_AGAIN = 0.5
"""Seconds between two tries to write down what was answered, while the database is away."""
LOOK_EVERY = 0.01
"""Seconds between two looks at what was answered: a thread that woke up for each answer would slow the sending down."""
LOOK_FOR_NEW = 1.0
"""Seconds: so often a long round looks for messages that have come about since, and for urgent ones among them."""
URGENT_AT_ONCE = 100
"""Urgent messages that are claimed beside a batch that is on its way."""
DECIDE_AFTER = 30
"""Seconds: so long it may stay open whether devices of another sender, or our set-up, are the wrong ones."""
KEPT_AS_EVIDENCE = 1000
"""Messages that were sent just before, beside which devices of another sender are judged."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Claimed:
    """What was claimed, and whether the channel was in trouble then; `more` is false where nothing else is ready."""

    envelopes: Sequence[Envelope] = ()
    in_trouble: bool = False
    more: bool = False


class Sending:
    """One round of a channel."""

    def __init__(
        self,
        database: Database,
        channel: Channel,
        kind: ChannelKind,
        clock: Callable[[], datetime],
        *,
        address: Callable[[], bool],
        due_today: DueToday | None,
        routing: Routing | None,
        batch: int,
    ) -> None:
        """`address` addresses some of the messages that wait, and says whether there may be more."""
        self._database, self._channel, self._kind, self._clock = database, channel, kind, clock
        self._address, self._due_today, self._routing, self._batch = address, due_today, routing, batch
        self._bucket, self._terms = limits.buckets().get(kind.name), limits.terms()
        self._results: SimpleQueue[Result | None] = SimpleQueue()
        self._claiming: Future[_Claimed] | None = None
        self._error: Exception | None = None
        self._waiting = 0
        self._unaddressed, self._look_at = True, 0.0
        self._in_trouble, self._failed, self._at_fault = False, False, False
        self._undecided: list[Result] = []
        self._sent: list[Result] = []
        self._decide_at = 0.0

    def run(self, stopping: Callable[[], bool]) -> int:
        """Send until nothing is ready, or nothing goes through any more; how many messages were taken."""
        with ThreadPoolExecutor(1, thread_name_prefix=f"claim-{self._kind.name}") as beside:
            return self._run(stopping, beside)

    def _run(self, stopping: Callable[[], bool], beside: ThreadPoolExecutor) -> int:
        sent, more = 0, True
        while more or self._waiting or self._claiming:
            more = more and not stopping()
            if more:
                self._begin_to_claim(beside)
            if self._claiming and (self._claiming.done() or not self._waiting):
                more = self._begin_to_send() and more
            if not self._waiting:
                continue
            was_in_trouble = self._in_trouble
            collected = self._collect()
            if not collected:
                continue
            results = self._weighed(collected)
            if more and all(result.outcome is Outcome.SENT for result in results):
                self._begin_to_claim(beside)  # what failed may say that others must not be sent: it is settled first
            self._settle(results)
            self._forget_failed_claim()
            _report(self._kind, results)
            new = sum(result.outcome is Outcome.SENT for result in results)
            sent += new
            more = more and not (results and all(result.outcome is Outcome.RETRY for result in results))
            more = more or bool(was_in_trouble and new)  # what was tried went through, so the others follow
            more = more and not self._at_fault
        if self._error:
            raise self._error
        return sent

    def _begin_to_claim(self, beside: ThreadPoolExecutor) -> None:
        """Have the next messages claimed, up to a batch with those on their way; urgent ones beside them.

        Does nothing while messages are being claimed.
        """
        if self._claiming:
            return
        if self._waiting <= self._batch // 2:
            self._claiming = beside.submit(self._claim, self._batch - self._waiting)
            self._claiming.add_done_callback(self._wake)
        elif monotonic() >= self._look_at:
            self._claiming = beside.submit(self._claim, URGENT_AT_ONCE, lane=rules.URGENT)
            self._claiming.add_done_callback(self._wake)

    def _forget_failed_claim(self) -> None:
        """Leave a claim that found the database away while answers waited for it: another one is begun."""
        claiming = self._claiming
        if claiming and claiming.done() and isinstance(claiming.exception(), Unavailable):
            self._claiming = None

    def _wake(self, _claiming: Future[_Claimed]) -> None:
        """Have what was claimed sent, also where no answer comes."""
        self._results.put(None)

    def _begin_to_send(self) -> bool:
        """Begin to send what was claimed; whether there may be more.

        While messages are on their way, what goes wrong ends the claiming only, since their answers would be lost.
        """
        assert self._claiming
        claiming, self._claiming = self._claiming, None
        try:
            claimed = claiming.result()
        except Exception as error:
            if not self._waiting:
                raise
            self._error = None if isinstance(error, Unavailable) else error
            return False
        self._in_trouble = self._in_trouble or claimed.in_trouble
        self._waiting += len(claimed.envelopes)
        if claimed.envelopes:
            start(self._channel, claimed.envelopes, self._results.put)
        return claimed.more

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

    def _claim(self, most: int, *, lane: int = rules.ROUTINE) -> _Claimed:
        """Claim up to so many messages of a lane, or of those before it, and address what waits for that.

        Nothing is sent in the transactions.
        """
        if monotonic() >= self._look_at:
            self._look_at = monotonic() + LOOK_FOR_NEW
            self._unaddressed = self._address()
        while True:
            claimed = self._claim_ready(most, lane)
            if claimed.envelopes or lane == rules.URGENT or not self._unaddressed:
                return replace(claimed, more=bool(claimed.envelopes) or lane == rules.URGENT)
            self._unaddressed = self._address()

    def _claim_ready(self, most: int, lane: int) -> _Claimed:
        now, name = self._clock(), self._kind.name
        with self._database.transaction() as session:
            admission = admit(session, name, self._bucket, self._terms, now=now, most=most)
        if not admission.granted:
            return _Claimed(in_trouble=admission.in_trouble)
        with self._database.transaction() as session:
            due = self._due_today(bangkok_date(now)) if self._due_today else None
            envelopes = delivery.claim(
                session, now=now, limit=admission.granted, lane=lane, due=due, kind=self._kind, routing=self._routing
            )
        if len(envelopes) < admission.granted:
            with self._database.transaction() as session:
                give_back(session, name, self._bucket, admission, claimed=len(envelopes), now=now)
        return _Claimed(envelopes, admission.in_trouble)

    def _collect(self) -> list[Result]:
        """What is answered within SETTLE_EVERY of the first answer, or until none is missing.

        There may be nothing: it does not wait any longer once messages were claimed, or are to be looked for.
        """
        with suppress(Empty):
            results = [self._results.get(timeout=LOOK_FOR_NEW)]
            until = monotonic() + SETTLE_EVERY
            while True:
                with suppress(Empty):
                    while True:
                        results.append(self._results.get_nowait())
                answered = [result for result in results if result]
                claimed = self._claiming and self._claiming.done()
                if claimed or len(answered) == self._waiting or monotonic() >= until:
                    self._waiting -= len(answered)
                    return answered
                sleep_until(min(monotonic() + LOOK_EVERY, until))
        return []

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
