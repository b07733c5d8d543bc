"""`flask audit`: whether anything that happened was changed since."""

import sys
from collections import Counter
from typing import Any

import click
from flask import current_app
from sqlalchemy import func, select

from foundation.db import Database
from foundation.errors import Unavailable
from foundation.event_seals import Seal
from foundation.seal_checks import Finding
from foundation.witnesses import WitnessAway, witness_at
from immigration.commands.recording import RecordedGroup
from operations import auditing
from operations.services import services_of

group = RecordedGroup("audit", help="The chain of seals over all events.")


@group.command("verify")
@click.option("--witness", "place", metavar="PLACE", help="A witness in place of AUDIT_WITNESS: a file or an address.")
def verify(place: str | None) -> None:
    """Compare every event with its seal, and the seals with the witness; name what was changed, removed or added.

    Exit status 1 where something was.
    """
    services = services_of(current_app)
    witness = witness_at(place) if place else services.witness
    faults: Counter[str] = Counter()

    def found(finding: Finding) -> None:
        faults[finding.fault] += 1
        click.echo(str(finding))

    if services.settings.production and not services.settings.audit_database_url:
        raise click.ClickException("AUDIT_DATABASE_URL is required in production")
    prepares = services.settings.prepared_statements
    store = Database(services.addresses.auditor, pool_size=1, statement_timeout=0, prepares=prepares)
    try:
        with store.read_session() as session:
            length = session.scalar(select(func.coalesce(func.sum(func.length(Seal.leaves)), 0))) or 0
        with click.progressbar(length=max(length // 41, 1), label="events", file=sys.stderr) as bar:
            options: dict[str, Any] = {"now": services.clock(), "is_copy": bool(place), "progress": bar.update}
            check = auditing.verify(store, services.filing.signer, witness, found, **options)
    except (WitnessAway, Unavailable) as problem:
        raise click.ClickException(str(problem)) from problem
    finally:
        store.close()
    if witness is None:
        click.echo("no witness is set (AUDIT_WITNESS): seals were compared with each other only", err=True)
    click.echo(
        f"{check.events} events in {check.seals} seals, {check.removed} removed in due time, {check.waiting} waiting, "
        f"{faults.total()} faults"
    )
    if faults:
        raise SystemExit(1)
