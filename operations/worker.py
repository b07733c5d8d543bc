"""The worker: APScheduler as a clock and nothing else. Each round asks the database anew what is to be done.

Any number of workers may run: every round is safe to run twice at once, and one worker at a time plans, under a lease.
"""

import logging
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from foundation import leases
from foundation.clock import BANGKOK, Clock, bangkok_date, system_clock
from foundation.db import Database
from foundation.errors import Unavailable
from foundation.leases import HeldLease
from foundation.version import VERSION
from immigration.registries.mail import Mailer
from immigration.services import code_mail, document_indexes, obligations, rechecks, reports
from immigration.services.judging import FilingContext
from notifications import rounds
from notifications.channels.push import PushChannel
from operations.subscribing import SUBSCRIBERS

PLANNING = "planning"
HEARTBEAT_SECONDS = 10
ALIVE_WITHIN = timedelta(seconds=60)
"""A worker without a sign of life for longer than this is not healthy."""
SUMMARY_SECONDS = 60
HOLIDAYS_SECONDS = 24 * 3600
_STOPPING = {signal.SIGTERM, signal.SIGINT}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerContext:
    """What the rounds need. Rounds that go on batch by batch end after the batch in hand once `stop` is set."""

    database: Database
    clock: Clock
    filing: FilingContext
    mailer: Mailer
    channel: PushChannel
    due_today: rounds.DueToday
    stop: threading.Event = field(default_factory=threading.Event)
    planning: threading.Lock = field(default_factory=threading.Lock)
    host: str = field(default_factory=socket.gethostname)

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


def _relay(context: WorkerContext, now: datetime) -> int:
    return rounds.relay_round(context.database, now, SUBSCRIBERS, stopping=context.stop.is_set)


def _recheck(context: WorkerContext, now: datetime) -> int:
    context.filing.signer.refresh()
    with context.database.transaction() as session:
        return rechecks.recheck(session, context=context.filing, now=now)


def _refresh(context: WorkerContext, now: datetime) -> int:
    """Recompute obligations that a recorded future row, an import cut short or changed rules made out of date.

    Before that, give passports of an earlier release the index by which misread numbers are found.
    """
    filing, more = context.filing, True
    while more and not context.stop.is_set():
        with context.database.transaction() as session:
            more = document_indexes.fill(session)
    return obligations.refresh(
        context.database,
        records=filing.records,
        law=filing.law,
        now=now,
        actor="worker",
        stopping=context.stop.is_set,
    )


def _begin(context: WorkerContext, now: datetime) -> int:
    return _planning(context, lambda lease: rounds.begin_round(context.database, context.due_today, now, lease.confirm))


def _plan(context: WorkerContext, now: datetime) -> int:
    return _planning(context, lambda lease: rounds.plan_round(context.database, context.due_today, now, lease.confirm))


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


def _send(context: WorkerContext, now: datetime) -> int:
    return rounds.send_round(
        context.database, context.channel, now, due_today=context.due_today, stopping=context.stop.is_set
    )


def _mail(context: WorkerContext, now: datetime) -> int:
    return code_mail.mail_codes(context.database, context.mailer, now, stopping=context.stop.is_set)


def _forget(context: WorkerContext, now: datetime) -> int:
    with context.database.transaction() as session:
        leases.forget_heartbeats(session, older_than=timedelta(days=1))
        return reports.forget_idempotency_keys(session, now=now)


ROUNDS = (
    Round("recheck", 10, _recheck),
    Round("refresh", 300, _refresh),
    Round("plan", 3600, _plan),
    Round("begin", 300, _begin),
    Round("relay", 2, _relay),
    Round("send", 3, _send),
    Round("mail", 3, _mail),
    Round("forget", 3600, _forget),
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
    scheduler.add_listener(_log_failure, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
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
    """Give a sign of life; where the database is away, none."""
    try:
        with context.database.transaction() as session:
            leases.beat(session, process=context.process, host=context.host)
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
    try:
        count = each.run(context, context.clock())
    except Unavailable as problem:
        log.warning("round %s: %s", each.name, problem)
        return
    done[each.name] += count
    log.debug("round %s: %d", each.name, count)


def _log_summary(done: Counter[str]) -> None:
    """Log once a minute what the rounds did since, where they did anything: a line a round would flood the log."""
    if counts := {name: count for name, count in done.items() if count}:
        log.info("rounds: %s", ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    done.subtract(counts)


def _log_failure(event: Any) -> None:
    if error := getattr(event, "exception", None):
        log.error("round %s failed", event.job_id, exc_info=error)
    else:
        log.error("round %s was missed", event.job_id)
