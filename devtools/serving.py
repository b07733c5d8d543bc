"""`make run`: API, worker and stand-ins of the outside world together, ended together."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Protocol, TypeVar

import click
from flask import Flask

from devtools import running
from devtools.demo import loading as demo
from devtools.standins import fcm, mailbox
from foundation.clock import monotonic, rfc3339, system_clock
from foundation.config import Settings
from operations.services import services_of
from operations.serving import granian

StandIn_co = TypeVar("StandIn_co", covariant=True)


def serve(app: Flask, var: Path, environment: Mapping[str, str]) -> None:
    """Load the demo once, start the stand-ins, the API and the worker; return when asked to stop.

    Raises ClickException when one of them ends by itself; the rest is stopped.
    """
    settings: Settings = services_of(app).settings
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    if demo.is_empty(app):
        click.echo(f"Loading the demo country ({settings.demo_people} people) ...")
        demo.load(app, var / "demo", settings.demo_people, seed=47)
    push, post = _start_standins(settings, environment, var)
    env = {**environment, **_addresses(app, settings, push, post)}
    root = Path(app.root_path)
    children = [subprocess.Popen(command, env=env, cwd=root, start_new_session=True) for command in commands(settings)]
    try:
        with running.keep_addresses(var, env) if settings.database_url is None else nullcontext():
            _await_listening(settings.port, stop)
            click.echo(_welcome(app, settings, push, post))
            while not stop.wait(0.5):
                if any(child.poll() is not None for child in children):
                    raise click.ClickException("a part of the service ended by itself; the rest is stopped")
    finally:
        _end(children)
        for standin in (push, post):
            if standin is not None:
                standin.stop()
        services_of(app).database.close()


def _start_standins(
    settings: Settings, environment: Mapping[str, str], var: Path
) -> tuple[fcm.StandIn | None, mailbox.Mailbox | None]:
    """Stand-ins of FCM and of a mail server, unless the environment names real ones."""
    own_push = not environment.get("FCM_ENDPOINT") and not settings.firebase_credentials
    push = _on_usual_port(fcm.start, 8085, var / "pushed.jsonl") if own_push else None
    post = None if environment.get("SMTP_URL") else _on_usual_port(mailbox.start, 1025, var / "mails")
    return push, post


class _Start(Protocol[StandIn_co]):
    def __call__(self, port: int = 0, *, keep: Path | None = None) -> StandIn_co: ...


def _on_usual_port(start: _Start[StandIn_co], port: int, keep: Path) -> StandIn_co:
    """A stand-in on its usual port, or on any free one when that is taken."""
    try:
        return start(port, keep=keep)
    except OSError:
        return start(0, keep=keep)


def _addresses(
    app: Flask, settings: Settings, push: fcm.StandIn | None, post: mailbox.Mailbox | None
) -> dict[str, str]:
    """What the children need to know: the same database, clock and stand-ins as this process."""
    places = services_of(app).addresses
    environment = {
        "DATABASE_URL": places.api,
        "MIGRATION_DATABASE_URL": places.owner,
        "WORKER_DATABASE_URL": places.worker,
        "AUDIT_DATABASE_URL": places.auditor,
        "RETENTION_DATABASE_URL": places.retention,
        "PORT": str(settings.port),
    }
    if settings.database_url is None and not settings.audit_witness:
        environment["AUDIT_WITNESS"] = str(Path(app.root_path) / "var" / "seals.jsonl")
    if settings.dev_now and settings.dev_now_since is None:
        environment["DEV_NOW"] = rfc3339(services_of(app).clock())
        environment["DEV_NOW_SINCE"] = rfc3339(system_clock())
    if push is not None:
        environment["FCM_ENDPOINT"] = push.url
    if post is not None:
        environment["SMTP_URL"] = post.url
    return environment


def commands(settings: Settings) -> list[list[str]]:
    """How the API and the worker are started."""
    return [
        granian(port=settings.port),
        [sys.executable, "-m", "flask", "--app", "app", "worker"],
    ]


def _await_listening(port: int, stop: threading.Event, seconds: float = 60) -> None:
    """Return when the API takes connections, or when it is no use to wait longer."""
    until = monotonic() + seconds
    while monotonic() < until and not stop.wait(0.1):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            continue
        return


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    """Ask each to end, wait, and kill what is left: each leads a process group, which outlives it when it is killed."""
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def _welcome(app: Flask, settings: Settings, push: fcm.StandIn | None, post: mailbox.Mailbox | None) -> str:
    base = f"http://localhost:{settings.port}"
    lines = [
        "",
        f"90-day reporting is at {base}",
        f"  the phone app                 {base}",
        f"  the officers' console         {base}/console",
        f"  the API, to read and to try   {base}/docs",
    ]
    if push is not None:
        lines.append(f"  what was pushed to phones     {push.url}")
    if post is not None:
        lines.append(f"  what was mailed               var/mails ({post.url})")
    return "\n".join([*lines, "", demo.sign_ins(app), "", "Ctrl-C stops all of it."])
