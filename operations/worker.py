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
from immigration.services.judging import Desk
from notifications import rounds
from notifications.channels.push import PushChannel
from notifications.services.telling import tell
from operations.subscribing import adopt_devices, is_news_to_residents

KEYS_KEPT = timedelta(days=400)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Works:
    """What the rounds stand on."""

    database: Database
    clock: Clock
    desk: Desk
    mailer: Mailer
    channel: PushChannel
    due_today: rounds.DueToday


@dataclass(frozen=True)
class Round:
    """A scheduled round: its name, how often it runs (seconds), and what it does at an instant; it returns a count."""

    name: str
    every: int
    run: Callable[[Works, datetime], int]


def _relay(works: Works, now: datetime) -> int:
    return rounds.relay_round(works.database, now, (adopt_devices, is_news_to_residents(tell)))


def _recheck(works: Works, now: datetime) -> int:
    works.desk.signer.refresh()
    with works.database.transaction() as session:
        return rechecks.recheck(session, desk=works.desk, now=now)


def _refresh(works: Works, now: datetime) -> int:
    """Recompute obligations that a recorded future row, an import cut short or changed rules made out of date."""
    return obligations.refresh(works.database, records=works.desk.records, law=works.desk.law, now=now, actor="worker")


def _begin(works: Works, now: datetime) -> int:
    with _alone(works.database, "plan") as alone:
        return rounds.begin_round(works.database, works.due_today, now) if alone else 0


def _plan(works: Works, now: datetime) -> int:
    with _alone(works.database, "plan") as alone:
        return rounds.plan_round(works.database, works.due_today, now) if alone else 0


def _send(works: Works, now: datetime) -> int:
    return rounds.send_round(works.database, works.channel, now, due_today=works.due_today)


def _mail(works: Works, now: datetime) -> int:
    return code_mail.mail_codes(works.database, works.mailer, now)


def _forget(works: Works, now: datetime) -> int:
    with works.database.transaction() as session:
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


def once(works: Works, now: datetime) -> dict[str, int]:
    """Each round once, at an instant, in the order of ROUNDS; what each did."""
    return {each.name: each.run(works, now) for each in ROUNDS}


def forever(works: Works) -> None:
    """Run the rounds until the process is told to stop."""
    scheduler = BlockingScheduler(
        timezone=BANGKOK,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
    )
    scheduler.add_listener(_complain, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
    for each in ROUNDS:
        trigger = IntervalTrigger(seconds=each.every)
        scheduler.add_job(_guarded, trigger, (each, works), id=each.name, next_run_time=system_clock())
    scheduler.start()


def _guarded(each: Round, works: Works) -> None:
    """A round that the database or a bug ends comes again at its next time; nothing waits in memory."""
    try:
        if done := each.run(works, works.clock()):
            log.info("round %s: %d", each.name, done)
    except Unavailable as problem:
        log.warning("round %s: %s", each.name, problem)


def _complain(event: Any) -> None:
    if error := getattr(event, "exception", None):
        log.error("round %s failed", event.job_id, exc_info=error)
    else:
        log.error("round %s was missed", event.job_id)
