"""The worker: APScheduler as a clock and nothing else. Each round asks the database anew what is to be done.

Any number of workers may run: every round is safe to run twice at once, and one worker at a time plans, under a lease.
"""

import logging
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from foundation import leases, retention, throttle
from foundation.clock import BANGKOK, Clock, bangkok_date, monotonic, system_clock
from foundation.db import Database
from foundation.errors import Unavailable
from foundation.leases import HeldLease
from foundation.mail import Mailer
from foundation.round_log import RoundLog
from foundation.version import VERSION
from foundation.witnesses import Witness
from immigration.services import (
    challenges,
    code_mail,
    decision_rates,
    document_indexes,
    law_versions,
    proving,
    queue_counts,
    rechecks,
    refreshing,
    second_reviews,
)
from immigration.services.judging import FilingContext
from notifications import rounds
from notifications.channels.channel import Channel, ChannelKind
from notifications.channels.registry import CHANNELS
from notifications.services.addressing import Routing
from notifications.services.planning import DueToday
from operations import auditing, figures, verifying
from operations.subscribing import SUBSCRIBERS

PLANNING = "planning"
COUNTING = "figures"
PROVING = "coverage"
COUNTING_QUEUE = "queue-counts"
RATING = "decision-rates"
VERIFYING = "verifying"
HEARTBEAT_SECONDS = 10
ALIVE_WITHIN = timedelta(seconds=60)
"""A worker without a sign of life for longer than this is not healthy."""
SUMMARY_SECONDS = 60
HOLIDAYS_SECONDS = 24 * 3600
_STOPPING = {signal.SIGTERM, signal.SIGINT}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerContext:
    """What the rounds need. Rounds that go on batch by batch end after the batch in hand once `stop` is set.

    `retention` is the database as the role has it that may remove old rows; else that of the other rounds.
    """

    database: Database
    clock: Clock
    filing: FilingContext
    mailer: Mailer
    channels: Mapping[str, Channel]
    due_today: DueToday
    routing: Routing = field(default_factory=Routing)
    witness: Witness | None = None
    retention: Database | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    planning: threading.Lock = field(default_factory=threading.Lock)
    host: str = field(default_factory=socket.gethostname)
    log: RoundLog = field(default_factory=RoundLog)

    @property
    def process(self) -> str:
        """This process among all workers."""
        return f"{self.host}:{os.getpid()}"


@dataclass(frozen=True)
class Round:
    """A scheduled round: its name, how often it runs (seconds), and what it does at an instant; it returns a count."""

    name: str
    every: int
    run: Callable[[WorkerContext, datetime], int]


def _relay(context: WorkerContext, _now: datetime) -> int:
    return rounds.relay_round(context.database, SUBSCRIBERS, stopping=context.stop.is_set)


def _recheck(context: WorkerContext, now: datetime) -> int:
    context.filing.signer.refresh()
    with context.database.transaction() as session:
        return rechecks.recheck(session, context=context.filing, now=now)


def _refresh(context: WorkerContext, now: datetime) -> int:
    """Recompute obligations that a recorded future row, an import cut short or changed rules made out of date.

    Reports that an office took meanwhile are closed. Before all that, give passports of an earlier release the index by
    which misread numbers are found.
    """
    filing = context.filing
    with context.database.transaction() as session:
        law_versions.note(session, filing.law, now=now)
    document_indexes.fill(context.database, stopping=context.stop.is_set)
    return refreshing.refresh(
        context.database,
        records=filing.records,
        law=filing.law,
        now=now,
        actor="worker",
        stopping=context.stop.is_set,
    )


def _begin(context: WorkerContext, now: datetime) -> int:
    return _planning(
        context,
        lambda lease: rounds.begin_round(
            context.database,
            context.due_today,
            now,
            lease.confirm,
            routing=context.routing,
            stopping=context.stop.is_set,
        ),
    )


def _plan(context: WorkerContext, now: datetime) -> int:
    return _planning(
        context,
        lambda lease: rounds.plan_round(
            context.database, context.due_today, now, lease.confirm, routing=context.routing
        ),
    )


def _planning(context: WorkerContext, plan: Callable[[HeldLease], int]) -> int:
    """Plan, where no other worker does now; one that was killed is replaced as soon as its lease is over.

    The rounds of one process take turns by its own lock, since they start at the same times.
    """
    with context.planning:
        for _ in range(int(leases.SECONDS) + 5):
            with leases.hold(context.database, PLANNING, holder=context.process) as lease:
                if lease:
                    return plan(lease)
            if context.stop.wait(1):
                break
    return 0


def _by_one(context: WorkerContext, name: str, work: Callable[[HeldLease], int]) -> int:
    """Do what one worker may do at a time, under the lease of that name; 0 while another one does it."""
    with leases.hold(context.database, name, holder=context.process) as lease:
        return work(lease) if lease else 0


def _send(kind: ChannelKind, context: WorkerContext, now: datetime) -> int:
    return rounds.send_round(
        context.database,
        context.channels[kind.name],
        now,
        due_today=context.due_today,
        kind=kind,
        routing=context.routing,
        stopping=context.stop.is_set,
    )


def _mail(context: WorkerContext, now: datetime) -> int:
    return code_mail.mail_codes(context.database, context.mailer, now, stopping=context.stop.is_set)


def _seal(context: WorkerContext, now: datetime) -> int:
    return auditing.seal_round(
        context.database, context.filing.signer, now, witness=context.witness, stopping=context.stop.is_set
    )


def _coverage(context: WorkerContext, now: datetime) -> int:
    """Check that everybody was told; of several workers one does."""
    filing = context.filing
    must_be_told = partial(proving.must_be_told, records=filing.records, law=filing.law)
    stopping = context.stop.is_set
    return _by_one(
        context,
        PROVING,
        lambda lease: rounds.coverage_round(context.database, must_be_told, now, lease.confirm, stopping=stopping),
    )


def _figures(context: WorkerContext, now: datetime) -> int:
    """Count the published figures; of several workers one counts."""
    return _by_one(context, COUNTING, lambda lease: figures.count_round(context.database, now, lease.confirm))


def _forget(context: WorkerContext, now: datetime) -> int:
    removed = auditing.remove_expired(context.retention or context.database, context.filing.signer, now)
    with context.database.transaction() as session:
        leases.forget_heartbeats(session, older_than=timedelta(days=1))
    return removed


def _retain(context: WorkerContext, now: datetime) -> int:
    return retention.enforce(context.retention or context.database, now=now, stopping=context.stop.is_set)


def _unthrottle(context: WorkerContext, now: datetime) -> int:
    with context.database.transaction() as session:
        return throttle.forget_expired(session, now=now) + challenges.forget_expired(session, now=now)


def _rate(context: WorkerContext, now: datetime) -> int:
    """Count the rates of decisions; of several workers one counts."""

    def count(lease: HeldLease) -> int:
        patient = context.database.without_timeout(pool_size=1)
        try:
            with patient.transaction() as session:
                counted = decision_rates.count(session, now=now)
                lease.confirm(session)
                return counted
        finally:
            patient.close()

    return _by_one(context, RATING, count)


def _verify(context: WorkerContext, now: datetime) -> int:
    """Verify the audit trail where an auditor asked for it, or the last time was a day ago; one worker does."""
    return _by_one(
        context,
        VERIFYING,
        lambda _lease: verifying.verify_round(
            context.database, context.filing.signer, now, clock=context.clock, witness=context.witness
        ),
    )


def _assign_second_reviews(context: WorkerContext, now: datetime) -> int:
    with context.database.transaction() as session:
        return second_reviews.assign(session, now=now)


def _count_queue(context: WorkerContext, now: datetime) -> int:
    """Count what waits in the fixed views of the queue; of several workers one counts."""

    def count(lease: HeldLease) -> int:
        with context.database.transaction() as session:
            counted = queue_counts.count(session, now=now)
            lease.confirm(session)
            return counted

    return _by_one(context, COUNTING_QUEUE, count)


ROUNDS = (
    Round("recheck", 10, _recheck),
    Round("refresh", 300, _refresh),
    Round("plan", 3600, _plan),
    Round("begin", 300, _begin),
    Round("relay", 2, _relay),
    *(Round(f"send-{kind.name}", 3, partial(_send, kind)) for kind in CHANNELS),
    Round("mail", 3, _mail),
    Round("second-reviews", 30, _assign_second_reviews),
    Round("queue-counts", 30, _count_queue),
    Round("seal", 15, _seal),
    Round("verify", 20, _verify),
    Round("decision-rates", 3600, _rate),
    Round("coverage", 600, _coverage),
    Round("figures", 600, _figures),
    Round("forget", 3600, _forget),
    Round("retain", 24 * 3600, _retain),
    Round("unthrottle", 60, _unthrottle),
)


def run_once(context: WorkerContext, now: datetime) -> dict[str, int]:
    """Run each round once, at an instant, in the order of ROUNDS; what each did."""
    return {each.name: each.run(context, now) for each in ROUNDS}


def run_until_stopped(context: WorkerContext) -> None:
    """Run the rounds until SIGTERM or SIGINT, then finish what is in hand.

    The signals are blocked in every thread and waited for. Without that the first process of a container ignores them,
    and a handler runs late or not at all: it needs the main thread, which sleeps, while any thread may get the signal.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    scheduler = BackgroundScheduler(
        timezone=BANGKOK,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
    )
    scheduler.add_listener(partial(_note_failure, context.log), EVENT_JOB_ERROR | EVENT_JOB_MISSED)
    done: Counter[str] = Counter()
    for each in ROUNDS:
        _schedule(scheduler, each.name, each.every, partial(_run, each, context, done))
    _schedule(scheduler, "heartbeat", HEARTBEAT_SECONDS, lambda: beat(context))
    _schedule(scheduler, "summary", SUMMARY_SECONDS, lambda: _log_summary(done))
    _schedule(scheduler, "holidays", HOLIDAYS_SECONDS, lambda: warn_of_unconfirmed_holidays(context))
    log.info("%s", start_up_line(context))
    scheduler.start()
    signal.sigwait(_STOPPING)
    context.stop.set()
    log.info("worker stops: the rounds that run now are finished")
    scheduler.shutdown(wait=True)
    _log_summary(done)
    log.info("worker stopped")


def start_up_line(context: WorkerContext) -> str:
    """What a worker says when it starts: version, database without password, and the rounds."""
    every = ", ".join(f"{each.name} {each.every} s" for each in ROUNDS)
    return f"worker {context.process}, version {VERSION}; database {context.database.name}; rounds every: {every}"


def warn_of_unconfirmed_holidays(context: WorkerContext) -> None:
    """Log, at the start and once a day, that the holidays of the next year are missing; nothing while they are not."""
    if warning := context.filing.law.calendar.warning(bangkok_date(context.clock())):
        log.warning("%s", warning)


def beat(context: WorkerContext) -> None:
    """Give a sign of life and write down what the rounds did; where the database is away, later."""
    try:
        context.log.write(context.database, partial(leases.beat, process=context.process, host=context.host))
    except Unavailable as problem:
        log.warning("heartbeat: %s", problem)


def is_alive(database: Database, host: str | None = None) -> bool:
    """Whether a worker of this host gave a sign of life within ALIVE_WITHIN. Raises Unavailable."""
    with database.read_session() as session:
        return leases.is_alive(session, host=host or socket.gethostname(), within=ALIVE_WITHIN)


def _schedule(scheduler: BackgroundScheduler, name: str, seconds: int, run: Callable[[], None]) -> None:
    scheduler.add_job(run, IntervalTrigger(seconds=seconds), id=name, next_run_time=system_clock())


def _run(each: Round, context: WorkerContext, done: Counter[str]) -> None:
    """Run a round; one that the database or a bug ends comes again at its next time, since nothing waits in memory."""
    if context.stop.is_set():
        return
    began = monotonic()
    try:
        count = each.run(context, context.clock())
    except Unavailable as problem:
        context.log.failed(each.name)
        log.warning("round %s: %s", each.name, problem)
        return
    context.log.succeeded(each.name, monotonic() - began)
    done[each.name] += count
    log.debug("round %s: %d", each.name, count)


def _log_summary(done: Counter[str]) -> None:
    """Log once a minute what the rounds did since, where they did anything: a line a round would flood the log."""
    if counts := {name: count for name, count in done.items() if count}:
        log.info("rounds: %s", ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    done.subtract(counts)


def _note_failure(noted: RoundLog, event: Any) -> None:
    """Note a round that a bug ended, or whose time was missed."""
    if error := getattr(event, "exception", None):
        noted.failed(event.job_id)
        log.error("round %s failed", event.job_id, exc_info=error)
    else:
        noted.missed(event.job_id)
        log.error("round %s was missed", event.job_id)
