"""`flask` commands of the process itself: worker, database, docs."""

import os
from contextlib import closing
from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from foundation import logs
from foundation.clock import rfc3339
from foundation.config import Settings
from foundation.db import Database
from foundation.errors import Unavailable
from foundation.http import now
from foundation.mail import SmtpMailer
from foundation.services import database
from notifications import rounds
from notifications.channels.registry import CHANNELS
from operations import (
    audit_commands,
    documents,
    message_commands,
    migrating,
    roles,
    secret_commands,
    serving,
    subscribing,
    worker,
)
from operations.services import services_of

ROOT = Path(__file__).parent.parent
database_group = AppGroup("database", help="The tables.")
docs_group = AppGroup("docs", help="The documents made from the code.")


@database_group.command("migrate")
def migrate() -> None:
    """Bring the tables up to date."""
    _require("MIGRATION_DATABASE_URL", services_of(current_app).settings.migration_database_url)
    addresses = services_of(current_app).addresses
    with closing(Database(addresses.owner)) as owner:
        try:
            changed = migrating.bring_up_to_date(owner)
            roles.grant(owner, addresses)
        except Unavailable as problem:
            raise click.ClickException(f"{problem.detail}: {owner.name}") from problem
        except roles.UnfitRole as problem:
            raise click.ClickException(str(problem)) from problem
    click.echo("migrated" if changed else "already up to date")


def _require(name: str, value: str | None) -> None:
    """End the command where production would do its work as the API's role."""
    if services_of(current_app).settings.production and not value:
        raise click.ClickException(f"{name} is required in production")


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
@click.option(
    "--dry-run", is_flag=True, help="With --once: only say what would be planned and sent; nothing is stored."
)
@with_appcontext
def work(once: bool, check: bool, moment: str | None, dry_run: bool) -> None:
    """Run the scheduled rounds: until SIGTERM, or each once.

    What is sent with --at is marked as sent, and is not sent again when its day comes: look with --dry-run first.
    """
    if check:
        _check_worker()
        return
    if dry_run and not once:
        raise click.ClickException("--dry-run goes with --once")
    settings = services_of(current_app).settings
    logs.configure(production=settings.production)
    instant = _moment(moment, once, settings)
    try:
        if dry_run:
            _preview(instant)
        else:
            _work(settings, instant if once else None)
    except Unavailable as problem:
        raise click.ClickException(problem.detail) from problem
    if moment and not dry_run:
        click.echo(f"what was sent for {rfc3339(instant)} is marked as sent, and is not sent again on that day")


def _worker_database(settings: Settings, *, pool_size: int) -> Database:
    """The database as a worker's role uses it, without time-outs."""
    _require("WORKER_DATABASE_URL", settings.worker_database_url)
    address = services_of(current_app).addresses.worker
    return Database(address, pool_size=pool_size, statement_timeout=0, prepares=settings.prepared_statements)


def _retention_database(settings: Settings) -> Database:
    """The database as the role has it that removes what was kept for long enough."""
    _require("RETENTION_DATABASE_URL", settings.retention_database_url)
    address = services_of(current_app).addresses.retention
    return Database(address, pool_size=1, statement_timeout=0, prepares=settings.prepared_statements)


def _work(settings: Settings, instant: datetime | None) -> None:
    """Run each round once, at an instant, or all of them until asked to stop. Raises Unavailable."""
    store, retention = _worker_database(settings, pool_size=10), _retention_database(settings)
    context = worker.WorkerContext(
        store,
        services_of(current_app).clock,
        services_of(current_app).filing,
        SmtpMailer(settings.smtp_url, settings.mail_from, require_tls=settings.production),
        {kind.name: kind.open(settings) for kind in CHANNELS},
        services_of(current_app).due_today,
        services_of(current_app).routing,
        services_of(current_app).witness,
        retention,
    )
    try:
        if instant is None:
            worker.run_until_stopped(context)
            return
        for name, count in worker.run_once(context, instant).items():
            click.echo(f"{name}: {count}")
    except KeyboardInterrupt:
        pass
    finally:
        for channel in context.channels.values():
            channel.close()
        store.close()
        retention.close()


def _preview(instant: datetime) -> None:
    """Say what a worker would plan and send at an instant. Raises Unavailable."""
    here = services_of(current_app)
    store = _worker_database(here.settings, pool_size=4)
    try:
        found = rounds.preview(store, here.due_today, instant, subscribing.SUBSCRIBERS, routing=here.routing)
    finally:
        store.close()
    click.echo(f"at {rfc3339(instant)} the worker would plan {found.planned} reminders, take back {found.taken_back}")
    for (channel, kind), count in found.ready.items():
        click.echo(f"send-{channel}: {count} {kind}")
    click.echo("nothing was stored, nothing was sent")


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


COMMANDS: tuple[click.Command, ...] = (
    database_group,
    docs_group,
    audit_commands.group,
    message_commands.group,
    secret_commands.group,
    work,
    serve_api,
)
