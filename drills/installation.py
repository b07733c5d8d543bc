"""A whole installation on this machine: a durable PostgreSQL, the API, workers, a stand-in for FCM."""

import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask

from app import create_app
from devtools import service_account
from devtools.postgres import temporary_server
from drills.supervision import SupervisedProcess, SupervisedServer
from foundation.clock import monotonic, rfc3339, system_clock
from foundation.config import Settings
from foundation.db import Database
from operations import migrating
from operations.roles import Addresses, Kind
from operations.services import services_of
from operations.serving import granian

SECRET = "a-secret-of-the-drills-that-is-long-enough"  # noqa: S105 - of a temporary installation
NAME = "drill"
PUBLIC_URL = "https://drill.example"
READY = 60  # seconds


class TimedOut(RuntimeError):
    """A condition that a drill needs did not become true in time."""


@dataclass
class Installation:
    """The running processes and their addresses; `app` is the same application in this process."""

    cluster: SupervisedServer
    url: str
    ports: tuple[int, ...]
    app: Flask
    environment: dict[str, str]
    folder: Path
    apis: list[SupervisedProcess] = field(default_factory=list)
    workers: list[SupervisedProcess] = field(default_factory=list)

    @property
    def database(self) -> Database:
        """This process's database, without statement timeout."""
        database: Database = services_of(self.app).database
        return database

    @property
    def pushed(self) -> Path:
        """The file that the stand-in for FCM adds every send to, as JSON lines."""
        return self.folder / "pushed.jsonl"

    def operator(self) -> "psycopg.Connection[Any]":
        """A connection beside the application's, in autocommit."""
        return psycopg.connect(self.url, autocommit=True)

    def start_workers(self, count: int, *, ahead: timedelta = timedelta(0)) -> None:
        """Start workers; `ahead` is how far their clock is in front of the present."""
        clock = {"DEV_NOW": rfc3339(system_clock() + ahead), "DEV_NOW_SINCE": rfc3339(system_clock())} if ahead else {}
        command = [sys.executable, "-m", "flask", "--app", "app", "worker"]
        log = self.folder / "worker.log"
        self.workers += [SupervisedProcess(command, self.environment | clock, log) for _ in range(count)]

    def end_workers(self) -> None:
        """End the workers after the work in hand."""
        while self.workers:
            self.workers.pop().end()

    def await_ready(self) -> None:
        """Return when every API server is ready. Raises TimedOut."""
        for port in self.ports:
            eventually(partial(_is_ready, port), READY, f"the API on port {port} is ready")
        self.database.drop_connections()  # this process's own connections may be broken


@contextmanager
def installation(*, apis: int = 1, workers: int = 0) -> Iterator[Installation]:
    """An installation of so many API servers, of two processes each as `make run` has them, and workers.

    Nothing of it is left afterwards. The database writes through to the disk before it answers.
    """
    with temporary_server() as server, tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server.stop()
        server.durable = True
        server.start()
        url = server.ensure_database(NAME)
        push, *ports = free_ports(1 + apis)
        settings = Settings(environment="test", secret_keys=(SECRET,), public_url=PUBLIC_URL)
        database = Database(url, statement_timeout=0)
        stack.callback(database.close)
        addresses = Addresses(*(server.url(NAME, role) for role in ("app", *Kind)))
        migrating.bring_up_to_date(database, addresses)
        environment = _environment(addresses, settings, push)
        app = create_app(settings, database=database)
        system = Installation(SupervisedServer(server), url, tuple(ports), app, environment, Path(folder))
        stack.callback(system.cluster.end)
        provider = [sys.executable, "-m", "devtools.standins.fcm", "--port", str(push), "--keep", str(system.pushed)]
        stack.callback(SupervisedProcess(provider, environment, system.folder / "fcm.log").end)
        for port in ports:
            command = granian(port=port)
            system.apis.append(
                SupervisedProcess(command, environment | _production(system.folder), system.folder / "api.log")
            )
            stack.callback(system.apis[-1].end)
        stack.callback(system.end_workers)
        system.start_workers(workers)
        system.await_ready()
        yield system


def eventually(holds: Callable[[], Any], seconds: float, condition: str) -> float:
    """Wait until a condition holds; the seconds that it took. Raises TimedOut."""
    began = monotonic()
    while not holds():
        if monotonic() - began > seconds:
            raise TimedOut(f"not within {seconds:.0f} s: {condition}")
        time.sleep(0.05)
    return monotonic() - began


def _environment(addresses: Addresses, settings: Settings, push: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR", "PG_BIN")}
    return kept | {
        "ENVIRONMENT": settings.environment,
        "DATABASE_URL": addresses.api,
        "WORKER_DATABASE_URL": addresses.worker,
        "AUDIT_DATABASE_URL": addresses.auditor,
        "RETENTION_DATABASE_URL": addresses.retention,
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": settings.public_url,
        "FCM_ENDPOINT": f"http://127.0.0.1:{push}",
        "PYTHONUNBUFFERED": "1",
    }


def _production(folder: Path) -> dict[str, str]:
    """What the API needs to run as in production. Workers do not: their messages would go to Google."""
    credentials = service_account.write(folder / "credentials.json")
    return {
        "ENVIRONMENT": "production",
        "FIREBASE_CREDENTIALS": str(credentials),
        "FCM_PROJECT_ID": "demo",
        "SMTP_URL": "smtp://127.0.0.1:1025",
        "MAIL_FROM": "drill@example.org",
        "TRUSTED_PROXIES": "1",  # the drills call as a proxy does, from many networks
        "AUDIT_WITNESS": str(folder / "seals.jsonl"),
    }


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nothing listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
