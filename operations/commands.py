"""`flask` commands of the process itself: worker, database, docs."""

import os
from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from foundation import logs
from foundation.clock import rfc3339
from foundation.config import Settings
from foundation.errors import Unavailable
from foundation.http import now
from foundation.services import database
from immigration.registries.mail import SmtpMailer
from notifications.channels.fcm import FcmChannel
from operations import documents, migrating, serving, worker
from operations.services import services_of

ROOT = Path(__file__).parent.parent
database_group = AppGroup("database", help="The tables.")
docs_group = AppGroup("docs", help="The documents made from the code.")


@database_group.command("migrate")
def migrate() -> None:
    """Bring the tables up to date."""
    try:
        changed = migrating.bring_up_to_date(database())
    except Unavailable as problem:
        raise click.ClickException(f"{problem.detail}: {database().name}") from problem
    click.echo("migrated" if changed else "already up to date")


@docs_group.command("write")
def write() -> None:
    """Write the generated documents in docs/ anew."""
    for path in documents.write(current_app, ROOT / "docs"):
        click.echo(f"wrote docs/{path.name}")


@docs_group.command("check")
def check() -> None:
    """Say which generated documents are out of date; exit 1 if there are any."""
    if stale := documents.stale(current_app, ROOT / "docs"):
        raise click.ClickException(f"out of date: {', '.join(stale)}; run make docs")
    click.echo("the generated documents are current")


@click.command("worker")
@click.option("--once", is_flag=True, help="Each round once, then exit.")
@click.option("--check", is_flag=True, help="Only say whether a worker of this host is alive: exit status 0 or 1.")
@click.option("--at", "moment", metavar="TIME", help="With --once: plan and send all that is due by then (RFC 3339).")
@with_appcontext
def work(once: bool, check: bool, moment: str | None) -> None:
    """Run the scheduled rounds: until SIGTERM, or each once."""
    if check:
        _check_worker()
        return
    settings = services_of(current_app).settings
    logs.configure(production=settings.production)
    instant = _moment(moment, once, settings)
    store = database().without_timeout(pool_size=10)
    context = worker.WorkerContext(
        store,
        services_of(current_app).clock,
        services_of(current_app).filing,
        SmtpMailer(settings.smtp_url, settings.mail_from),
        FcmChannel(settings),
        services_of(current_app).due_today,
    )
    try:
        if not once:
            worker.run_until_stopped(context)
            return
        for name, count in worker.run_once(context, instant).items():
            click.echo(f"{name}: {count}")
    except Unavailable as problem:
        raise click.ClickException(problem.detail) from problem
    except KeyboardInterrupt:
        pass
    finally:
        context.channel.close()
        store.close()


def _check_worker() -> None:
    """Exit with an error where no worker of this host gave a sign of life lately."""
    try:
        alive = worker.is_alive(database())
    except Unavailable as problem:
        raise click.ClickException(problem.detail) from problem
    if not alive:
        raise click.ClickException(f"no sign of life of a worker of this host for {worker.ALIVE_WITHIN.seconds} s")
    click.echo("alive")


def _moment(text: str | None, once: bool, settings: Settings) -> datetime:
    if text is None:
        return now()
    if settings.production:
        raise click.ClickException("--at is refused in production")
    if not once:
        raise click.ClickException("--at goes with --once")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.ClickException(f"--at is {text!r}: an RFC 3339 time with its offset, such as {rfc3339(now())}")
    return moment


@click.command("api")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def serve_api(host: str, port: int, workers: int) -> None:
    """Serve the API for production; settings and secrets are checked first, so that a fault is one line."""
    command = serving.granian(host=host, port=port, workers=workers)
    os.execv(command[0], command)


COMMANDS: tuple[click.Command, ...] = (database_group, docs_group, work, serve_api)
