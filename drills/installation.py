"""A whole installation on this machine: PostgreSQL that keeps its promises, the API, workers, a stand-in for FCM."""

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
from drills.parts import Cluster, Part
from foundation.clock import monotonic, rfc3339, system_clock
from foundation.config import Settings
from foundation.db import Database
from operations import migrating
from operations.services import services_of
from operations.serving import granian

SECRET = "a-secret-of-the-drills-that-is-long-enough"  # noqa: S105 - of an installation that lives for minutes
NAME = "drill"
PUBLIC_URL = "https://drill.example"
READY = 60  # seconds


class NeverHappened(RuntimeError):
    """Something that had to happen for a drill to go on did not."""


@dataclass
class Installation:
    """What runs, and where; `app` is the same application in this process, for setting up and for looking."""

    cluster: Cluster
    url: str
    ports: tuple[int, ...]
    app: Flask
    environment: dict[str, str]
    folder: Path
    apis: list[Part] = field(default_factory=list)
    workers: list[Part] = field(default_factory=list)

    @property
    def database(self) -> Database:
        """A database with time for long statements, of this process."""
        found: Database = services_of(self.app).database
        return found

    @property
    def pushed(self) -> Path:
        """The file that the stand-in for FCM adds every send to, as JSON lines."""
        return self.folder / "pushed.jsonl"

    def operator(self) -> "psycopg.Connection[Any]":
        """A connection beside the application's, each statement on its own."""
        return psycopg.connect(self.url, autocommit=True)

    def start_workers(self, count: int, *, ahead: timedelta = timedelta(0)) -> None:
        """Start workers; `ahead` is how far their clock is in front of the present."""
        clock = {"DEV_NOW": rfc3339(system_clock() + ahead), "DEV_NOW_SINCE": rfc3339(system_clock())} if ahead else {}
        command = [sys.executable, "-m", "flask", "--app", "app", "worker"]
        log = self.folder / "worker.log"
        self.workers += [Part(command, self.environment | clock, log) for _ in range(count)]

    def end_workers(self) -> None:
        """Let the workers finish what they are at, and end."""
        while self.workers:
            self.workers.pop().end()

    def await_ready(self) -> None:
        """Return when every API server says that it can serve. Raises NeverHappened."""
        for port in self.ports:
            eventually(partial(_is_ready, port), READY, f"the API on port {port} is ready")
        self.database.drop_connections()  # this process's own connections may have been cut


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
        push, *ports = _free_ports(1 + apis)
        settings = Settings(environment="test", secret_keys=(SECRET,), public_url=PUBLIC_URL)
        database = Database(url, statement_timeout=0)
        stack.callback(database.close)
        migrating.bring_up_to_date(database)
        environment = _environment(url, settings, push)
        app = create_app(settings, database=database)
        place = Installation(Cluster(server), url, tuple(ports), app, environment, Path(folder))
        stack.callback(place.cluster.end)
        provider = [sys.executable, "-m", "devtools.standins.fcm", "--port", str(push), "--keep", str(place.pushed)]
        stack.callback(Part(provider, environment, place.folder / "fcm.log").end)
        for port in ports:
            command = granian(port=port)
            place.apis.append(Part(command, environment | _production(place.folder), place.folder / "api.log"))
            stack.callback(place.apis[-1].end)
        stack.callback(place.end_workers)
        place.start_workers(workers)
        place.await_ready()
        yield place


def eventually(holds: Callable[[], Any], seconds: float, what: str) -> float:
    """Wait until something holds; after how many seconds it did. Raises NeverHappened."""
    began = monotonic()
    while not holds():
        if monotonic() - began > seconds:
            raise NeverHappened(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
    return monotonic() - began


def _environment(url: str, settings: Settings, push: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR", "PG_BIN")}
    return kept | {
        "ENVIRONMENT": settings.environment,
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": settings.public_url,
        "FCM_ENDPOINT": f"http://127.0.0.1:{push}",
        "PYTHONUNBUFFERED": "1",
    }


def _production(folder: Path) -> dict[str, str]:
    """What the API needs on top to run as in production. Workers cannot: their messages would go to Google."""
    credentials = service_account.write(folder / "credentials.json")
    return {
        "ENVIRONMENT": "production",
        "FIREBASE_CREDENTIALS": str(credentials),
        "FCM_PROJECT_ID": "demo",
        "SMTP_URL": "smtp://127.0.0.1:1025",
        "MAIL_FROM": "drill@example.org",
    }


def _free_ports(count: int) -> list[int]:
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
