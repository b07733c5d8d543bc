"""Sending: messages claimed, sent and settled by the worker, beside firebase-admin's own loop without a database.

`send_each` gets batches of 500, as documented. Both send to a provider that answers at once, and to one that takes
60 ms; by TLS, as to Google, and without. `send_each` has the pool of 100 connections that it has to Google. CPU is the
sending process's own: other work on the machine disturbs it less than the rates. A last measurement kills a worker in
the middle, and counts what the provider got twice.
"""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, sleep
from typing import Any
from unittest.mock import patch
from urllib.request import urlopen

import firebase_admin
from firebase_admin import messaging
from sqlalchemy import text

from benchmarks.nation import NOW, SECRET
from benchmarks.provider import CERTIFICATE
from benchmarks.tables import machine, say, table
from devtools.postgres import temporary_server
from foundation.config import Settings
from foundation.db import Base, Database
from foundation.sealing import Keyring, bound, use_keyring
from notifications import rounds, rules
from notifications.channels.fcm import FcmChannel, _credential
from notifications.models import Device

MESSAGES = 20_000
ADDED_AT_ONCE = 5_000
BY_LIBRARY = 4_000
WARM = 1_000
"""Messages before each measurement: connections are kept from one round to the next."""
ROUNDS = 3
PROVIDERS = ((0.0, True), (0.0, False), (0.06, True), (0.06, False))
"""After how many seconds they answer, and whether by TLS."""
BARS = {0.0: "5 × send_each", 0.06: "4,000/s"}

HEAD = [
    "provider answers",
    "worker, messages/s",
    "send_each",
    "ratio",
    "bar",
    "worker, CPU µs",
    "send_each",
    "ratio",
]

_DELIVERIES = text(
    """with message as (
        insert into notifications (person_id, kind, dedupe, lane, params, status, created_at, fanned_out_at)
        select person_id, 'report.reopened', 'event:' || :run, 0, '{"number": "R-1"}', 'pending', :now, :now
        from devices limit :number returning id, person_id
    )
    insert into deliveries (notification_id, person_id, device_id, lane, next_try_at)
    select message.id, person_id, device_id, 0, :now from message join devices using (person_id)"""
)


def main() -> None:
    """Measure and print."""
    use_keyring(Keyring((SECRET,)))
    with temporary_server() as server:
        database = Database(server.ensure_database("sending"))
        Base.metadata.create_all(database.engine)
        add_phones(database)
        rows = [_measure(database, delay, tls=tls) for delay, tls in PROVIDERS]
        say(f"\nSending, {MESSAGES:,} messages by one worker, median of {ROUNDS} rounds; {machine()}\n")
        table(HEAD, rows)
        _kill(database)
        database.close()


def _measure(database: Database, delay: float, *, tls: bool) -> list[str]:
    """One row: both in turn, ROUNDS times; the ratios are those of the rounds."""
    found = []
    for turn in range(ROUNDS):
        with provider(delay, tls=tls) as url:
            _by_library(url, WARM)
            peer, peer_cpu = _timed(partial(_by_library, url, BY_LIBRARY))
            channel = FcmChannel(Settings(fcm_endpoint=url))
            add_deliveries(database, f"warm {delay} {tls} {turn}", WARM)
            rounds.send_round(database, channel, NOW)
            add_deliveries(database, f"{delay} {tls} {turn}")
            before = counts(url)["messages"]
            ours, cpu = _timed(partial(rounds.send_round, database, channel, NOW))
            channel.close()
            assert counts(url)["messages"] - before == MESSAGES
        found.append((ours, peer, ours / peer, cpu, peer_cpu, peer_cpu / cpu))
    ours, peer, ratio, cpu, peer_cpu, by_cpu = (median(each) for each in zip(*found, strict=True))
    rates = [f"{ours:,.0f}", f"{peer:,.0f}", f"{ratio:.1f}", BARS[delay]]
    name = f"after {delay * 1000:.0f} ms, {'TLS' if tls else 'plain'}"
    return [name, *rates, f"{cpu:.0f}", f"{peer_cpu:.0f}", f"{by_cpu:.1f}"]


def _timed(send: Callable[[], int]) -> tuple[float, float]:
    """Messages a second, and this process's microseconds of processor time a message."""
    began, cpu = perf_counter(), process_time()
    count = send()
    return count / (perf_counter() - began), (process_time() - cpu) / count * 1e6


@cache
def library(url: str) -> Any:
    """firebase-admin, sending to a provider of ours."""
    app = firebase_admin.initialize_app(_credential(Settings(fcm_endpoint=url)), {"projectId": "demo"}, name=url)
    service = messaging._get_messaging_service(app)
    service._fcm_url = f"{url}/v1/projects/demo/messages:send"
    session = service._client.session
    session.mount(url, session.get_adapter("https://fcm.googleapis.com"))
    return app


def message(number: int) -> Any:
    """The message of that number, as the library has it."""
    return messaging.Message(
        fid=f"phone-{number}",
        notification=messaging.Notification(title="Your report is being looked at again", body="Open the app"),
        data={"notification_id": str(uuid.UUID(int=number)), "kind": "report.reopened"},
    )


def _by_library(url: str, number: int) -> int:
    """Send so many by `send_each`; how many there were."""
    app = library(url)
    for _ in range(number // 500):
        batch = [message(n) for n in range(500)]
        assert messaging.send_each(batch, app=app).success_count == 500
    return number


def _kill(database: Database) -> None:
    """Kill a worker in the middle of a round, let another finish, and count."""
    with provider(0.02) as url:
        add_deliveries(database, "kill")
        code = (
            "import sys; from datetime import datetime; from foundation.config import Settings;"
            "from foundation.db import Database; from foundation.sealing import Keyring, use_keyring;"
            "from notifications import rounds; from notifications.channels.fcm import FcmChannel;"
            f"use_keyring(Keyring(({SECRET!r},)));"
            "rounds.send_round(Database(sys.argv[1]), FcmChannel(Settings(fcm_endpoint=sys.argv[2])),"
            " datetime.fromisoformat(sys.argv[3]))"
        )
        address = database.url.render_as_string(hide_password=False)
        worker = subprocess.Popen([sys.executable, "-c", code, address, url, NOW.isoformat()])
        while counts(url)["messages"] < MESSAGES // 3:
            sleep(0.01)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        channel = FcmChannel(Settings(fcm_endpoint=url))
        rounds.send_round(database, channel, NOW)
        rounds.send_round(database, channel, NOW + rules.LEASE * 2)
        channel.close()
        came = counts(url)
        with database.read_session() as session:
            waiting = session.scalar(text("select count(*) from deliveries where status <> 'sent'"))
        say(f"A worker killed (-9) in the middle of {MESSAGES:,}: {came['repeats']} came to the provider twice, under")
        say(f"the same id; {waiting} were lost.\n")


@contextmanager
def provider(delay: float, *, tls: bool = False) -> Iterator[str]:
    """A provider that answers after `delay` seconds; its address. By TLS, everybody in this process trusts it."""
    with TemporaryDirectory() as folder, patch.dict(os.environ) as environment:
        command = [sys.executable, "-m", "benchmarks.provider", str(delay), *([folder] if tls else [])]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        try:
            port = process.stdout.readline().strip()
            for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE") if tls else ():
                environment[name] = str(Path(folder) / CERTIFICATE)
            yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def counts(url: str) -> dict[str, Any]:
    """How many messages came to a provider, and how many of them came again."""
    with urlopen(f"{url}/counts") as answer:  # noqa: S310 - a provider of our own
        found: dict[str, Any] = json.loads(answer.read())
        return found


def add_phones(database: Database, number: int = MESSAGES) -> None:
    """Give so many people a phone each."""
    for first in range(0, number, ADDED_AT_ONCE):
        with database.transaction() as session:
            session.add_all(_phone(n) for n in range(first, min(first + ADDED_AT_ONCE, number)))


def _phone(number: int) -> Device:
    return Device(
        person_id=uuid.UUID(int=number),
        device_id="phone",
        platform="android",
        kind="fid",
        target=bound(f"phone-{number}", uuid.UUID(int=number), "phone"),
        target_index=number.to_bytes(8),
        language="en",
        updated_at=NOW,
    )


def add_deliveries(database: Database, run: str, number: int | None = None) -> None:
    """Have a message wait for each phone, or for so many, and none else."""
    with database.engine.begin() as connection:
        connection.execute(text("truncate notifications, channel_states cascade"))  # the bucket is full again
        connection.execute(_DELIVERIES, {"run": run, "now": NOW, "number": number})
        connection.execute(text("analyze"))


if __name__ == "__main__":
    main()
