"""The worker: APScheduler as a clock and nothing else. What is to be done is asked of the database, each time anew.

Any number of workers may run: every round is safe to run twice at once, and one of them plans at a time.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import delete, text

from foundation.clock import BANGKOK, Clock, system_clock
from foundation.db import Database
from foundation.errors import Unavailable
from immigration.models.reports import IdempotencyKey
from immigration.registries.mail import Mailer
from immigration.services import code_mail, obligations, rechecks
from immigration.services.judging import FilingContext
from notifications import rounds
from notifications.channels.push import PushChannel
from notifications.services.notifying import notify
from operations.subscribing import notify_only_service_users, reassign_devices

KEYS_KEPT = timedelta(days=400)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerContext:
    """What the rounds stand on."""

    database: Database
    clock: Clock
    filing: FilingContext
    mailer: Mailer
    channel: PushChannel
    due_today: rounds.DueToday


@dataclass(frozen=True)
class Round:
    """A scheduled round: its name, how often it runs (seconds), and what it does at an instant; it returns a count."""

    name: str
    every: int
    run: Callable[[WorkerContext, datetime], int]


def _relay(context: WorkerContext, now: datetime) -> int:
    return rounds.relay_round(context.database, now, (reassign_devices, notify_only_service_users(notify)))


def _recheck(context: WorkerContext, now: datetime) -> int:
    context.filing.signer.refresh()
    with context.database.transaction() as session:
        return rechecks.recheck(session, context=context.filing, now=now)


def _refresh(context: WorkerContext, now: datetime) -> int:
    """Recompute obligations that a recorded future row, an import cut short or changed rules made out of date."""
    return obligations.refresh(
        context.database, records=context.filing.records, law=context.filing.law, now=now, actor="worker"
    )


def _begin(context: WorkerContext, now: datetime) -> int:
    with _alone(context.database, "plan") as alone:
        return rounds.begin_round(context.database, context.due_today, now) if alone else 0


def _plan(context: WorkerContext, now: datetime) -> int:
    with _alone(context.database, "plan") as alone:
        return rounds.plan_round(context.database, context.due_today, now) if alone else 0


def _send(context: WorkerContext, now: datetime) -> int:
    return rounds.send_round(context.database, context.channel, now, due_today=context.due_today)


def _mail(context: WorkerContext, now: datetime) -> int:
    return code_mail.mail_codes(context.database, context.mailer, now)


def _forget(context: WorkerContext, now: datetime) -> int:
    with context.database.transaction() as session:
        result: Any = session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEYS_KEPT))
        return int(result.rowcount)


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


@contextmanager
def _alone(database: Database, name: str) -> Iterator[bool]:
    """Whether no other worker is in this round now; held by a transaction-scoped lock, gone with its process."""
    with database.transaction() as session:
        wanted = text("select pg_try_advisory_xact_lock(hashtext(:name))")
        yield bool(session.scalar(wanted, {"name": f"round {name}"}))


def once(context: WorkerContext, now: datetime) -> dict[str, int]:
    """Each round once, at an instant, in the order of ROUNDS; what each did."""
    return {each.name: each.run(context, now) for each in ROUNDS}


def forever(context: WorkerContext) -> None:
    """Run the rounds until the process is told to stop."""
    scheduler = BlockingScheduler(
        timezone=BANGKOK,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
    )
    scheduler.add_listener(_complain, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
    for each in ROUNDS:
        trigger = IntervalTrigger(seconds=each.every)
        scheduler.add_job(_guarded, trigger, (each, context), id=each.name, next_run_time=system_clock())
    scheduler.start()


def _guarded(each: Round, context: WorkerContext) -> None:
    """A round that the database or a bug ends comes again at its next time; nothing waits in memory."""
    try:
        if done := each.run(context, context.clock()):
            log.info("round %s: %d", each.name, done)
    except Unavailable as problem:
        log.warning("round %s: %s", each.name, problem)


def _complain(event: Any) -> None:
    if error := getattr(event, "exception", None):
        log.error("round %s failed", event.job_id, exc_info=error)
    else:
        log.error("round %s was missed", event.job_id)
