"""Peers that keep due work and do it; `due_storm.py` runs each in a process of its own, to fill its store or to work.

Each does the same for a piece of work: it sends one message with firebase-admin, as such a queue would be used. The
settings are those that the peers have, but for twenty at once, and for what is said beside a setting.
"""

import os
import threading
from collections.abc import Callable
from typing import Any

from firebase_admin import messaging

from benchmarks.sending import library, message

AT_ONCE = 20
BATCH = 500
_one_at_a_time = threading.Lock()


def deliver(number: int, provider: str) -> None:
    """Send the message of that number."""
    with _one_at_a_time:
        app = library(provider)
    messaging.send(message(number), app=app)


class ApScheduler:
    """APScheduler with its job store in PostgreSQL; a job is due now, and never too late."""

    def __init__(self, store: str) -> None:
        from apscheduler.executors.pool import ThreadPoolExecutor  # noqa: PLC0415 - each peer in its own process
        from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore  # noqa: PLC0415
        from apscheduler.schedulers.background import BackgroundScheduler  # noqa: PLC0415

        self._scheduler = BackgroundScheduler(
            jobstores={"default": SQLAlchemyJobStore(store)},
            executors={"default": ThreadPoolExecutor(AT_ONCE)},
            job_defaults={"misfire_grace_time": None},
        )

    def fill(self, provider: str, number: int) -> None:
        """Add a job for each message."""
        self._scheduler.start(paused=True)
        self._scheduler.remove_all_jobs()  # one that was sent when the worker of the last run was killed
        for n in range(number):
            self._scheduler.add_job("benchmarks.peers.queues:deliver", "date", args=[n, provider], id=str(n))
        os._exit(0)  # the scheduler would run the first jobs while it shuts down

    def work(self) -> None:
        """Work until killed."""
        self._scheduler.start()
        threading.Event().wait()


class Procrastinate:
    """Procrastinate, whose jobs are rows of PostgreSQL."""

    def __init__(self, store: str) -> None:
        from procrastinate import App, PsycopgConnector, SyncPsycopgConnector  # noqa: PLC0415

        address = store.replace("postgresql+psycopg://", "postgresql://")
        self._app = App(connector=PsycopgConnector(conninfo=address))
        self._filling = SyncPsycopgConnector(conninfo=address)
        self._deliver = self._app.task(name="deliver")(deliver)

    def fill(self, provider: str, number: int) -> None:
        """Defer a job for each message, in batches."""
        with self._app.replace_connector(self._filling) as app, app.open():
            if not app.check_connection():
                app.schema_manager.apply_schema()
            for first in range(0, number, BATCH):
                jobs = [{"number": n, "provider": provider} for n in range(first, min(first + BATCH, number))]
                self._deliver.batch_defer(*jobs)

    def work(self) -> None:
        """Work until killed."""
        self._app.run_worker(concurrency=AT_ONCE, wait=True)


class Celery:
    """Celery with Redis. What a dead worker had fetched comes back after ten seconds, not an hour."""

    def __init__(self, store: str) -> None:
        import celery  # noqa: PLC0415

        self._app = celery.Celery("queues", broker=store)
        self._app.conf.update(broker_transport_options={"visibility_timeout": 10}, task_ignore_result=True)
        self._deliver = self._app.task(name="deliver")(deliver)

    def fill(self, provider: str, number: int) -> None:
        """Send a task for each message."""
        with self._app.producer_pool.acquire(block=True) as producer:
            for n in range(number):
                self._deliver.apply_async((n, provider), producer=producer)

    def work(self) -> None:
        """Work until killed."""
        self._app.worker_main(["worker", "--pool=threads", f"--concurrency={AT_ONCE}", "--loglevel=ERROR"])


PEERS: dict[str, Callable[[str], Any]] = {"apscheduler": ApScheduler, "procrastinate": Procrastinate, "celery": Celery}


def main(peer: str, what: str, store: str, provider: str, number: str) -> None:
    """Fill the peer's store, or work from it."""
    made = PEERS[peer](store)
    if what == "fill":
        made.fill(provider, int(number))
    else:
        made.work()
