"""How late messages leave at a nation's pace: 100,000 an hour, for BENCH_MINUTES, with the rounds of two workers.

Late is from when a message may go until the provider has taken it, as the service notes it. The bar: 99 % within ten
seconds. The provider takes 60 ms for an answer.
"""

import os
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from benchmarks.nation import SECRET
from benchmarks.sending import add_phones, provider
from benchmarks.tables import machine, say, table
from devtools.postgres import temporary_server
from foundation.clock import monotonic, system_clock
from foundation.config import Settings
from foundation.db import Base, Database
from foundation.sealing import Keyring, use_keyring
from notifications import rounds
from notifications.channels.fcm import FcmChannel

AN_HOUR = 100_000
MINUTES = float(os.environ.get("BENCH_MINUTES", "3"))
WORKERS, EVERY, PEOPLE = 2, 3.0, 5_000
BAR = 10.0
_WRITE = text(
    """insert into notifications (person_id, kind, dedupe, lane, params, status, created_at)
    values (:person, 'report.reopened', :dedupe, 0, '{"number": "R-1"}', 'pending', :now)"""
)
_LATE = text(
    """select count(*), count(d.sent_at), percentile_cont(array[0.5, 0.99, 1]) within group (order by
        extract(epoch from d.sent_at - n.created_at))
    from notifications n left join deliveries d on d.notification_id = n.id"""
)


def main() -> None:
    """Measure and print."""
    use_keyring(Keyring((SECRET,)))
    with temporary_server() as server, provider(0.06) as url:
        database = Database(server.ensure_database("pace"))
        Base.metadata.create_all(database.engine)
        add_phones(database, PEOPLE)
        stop = threading.Event()
        with ThreadPoolExecutor(WORKERS) as workers:
            running = [workers.submit(_work, database, url, stop) for _ in range(WORKERS)]
            _write(database, MINUTES * 60)
            stop.wait(BAR + 2 * EVERY)
            stop.set()
            for each in running:
                each.result()
        with database.read_session() as session:
            written, sent, (half, most, worst) = session.execute(_LATE).one()
        database.close()
    say(f"\n{AN_HOUR:,} messages an hour for {MINUTES:g} minutes, {WORKERS} workers; {machine()}\n")
    rate = f"{written / MINUTES / 60:.1f}"
    row = [f"{written:,}", rate, f"{written - sent:,}", f"{half:.1f}", f"{most:.1f}", f"{worst:.1f}", f"{BAR:.0f}"]
    table(["messages", "a second", "lost", "late by s, p50", "p99", "worst", "bar of p99"], [row])


def _work(database: Database, url: str, stop: threading.Event) -> None:
    """The rounds of one worker, as often as it runs them."""
    channel = FcmChannel(Settings(fcm_endpoint=url))
    while not stop.wait(EVERY):
        rounds.send_round(database, channel, system_clock())
    channel.close()


def _write(database: Database, seconds: float) -> None:
    """Write messages evenly; one that is behind its time on a busy machine is written at once."""
    began, number = monotonic(), 0
    while (passed := monotonic() - began) < seconds:
        due = int(passed * AN_HOUR / 3600)
        rows = [
            {"person": uuid.UUID(int=n % PEOPLE), "dedupe": f"event:{n}", "now": system_clock()}
            for n in range(number, due)
        ]
        if rows:
            with database.transaction() as session:
                session.execute(_WRITE, rows)
        number = due
        time.sleep(0.1)


if __name__ == "__main__":
    main()
