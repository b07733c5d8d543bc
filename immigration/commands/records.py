"""`flask records`: importing the records of other offices, and looking after what was computed from them."""

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from foundation.db import Session
from foundation.errors import Problem
from foundation.http import now
from foundation.services import database, services, transaction
from immigration.commands.recording import RecordedGroup, actor
from immigration.models.obligations import Obligation, Switch
from immigration.registries.csv_files import WrongHeader
from immigration.registries.records import UNAVAILABLE
from immigration.routes.context import filing_context
from immigration.rules.rows import KINDS
from immigration.services import document_indexes, obligations
from immigration.services import records as service

STANDARD_INPUT = Path("-")
MOST_CLASSES = 50
"""How many unknown visa classes an import names."""
group = RecordedGroup("records", help="Records of passports, movements, permissions, reports and residences.")


@group.command("import")
@click.argument("kind", type=click.Choice(sorted(KINDS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where bad rows go; by default FILE.rejected.csv, or standard error where FILE is -.",
)
def import_(kind: str, file: Path, rejects: Path | None) -> None:
    """Import a CSV FILE of KIND, or standard input where FILE is -. Repeatable; bad rows stop nothing."""
    context, from_stdin = filing_context(), file == STANDARD_INPUT
    if rejects and not from_stdin and rejects.resolve() == file.resolve():
        raise click.ClickException("--rejects names the file that is imported")
    size = 0 if from_stdin else file.stat().st_size  # what comes from a pipe has no known length
    store = database().without_timeout()
    try:
        with (
            sys.stdin.buffer if from_stdin else file.open("rb") as source,
            click.progressbar(length=max(size, 1), label=kind, file=sys.stderr) as bar,
        ):
            outcome = service.import_stream(
                store,
                kind,
                source,
                rejects=rejects or (sys.stderr if from_stdin else service.rejects_beside(file)),
                records=context.records,
                law=context.law,
                now=now(),
                production=services().settings.production,
                actor=actor(),
                progress=lambda position: bar.update(min(position, max(size, 1)) - bar.pos),
            )
    except WrongHeader as error:
        raise click.ClickException(f"{file.name}: {error}") from error
    except (OSError, csv.Error) as error:
        raise click.ClickException(f"{file.name}: {error}") from error
    except Problem as problem:
        raise click.ClickException(problem.detail) from problem
    finally:
        store.close()
    for line in _unknown_classes(outcome.unknown_classes):
        click.echo(line)
    if outcome.warnings:
        click.echo(f"{outcome.warnings} warnings stand beside the rejected rows; those rows are imported", err=True)
    click.echo(str(outcome))


def _unknown_classes(counted: Counter[str]) -> Iterator[str]:
    """What to say of visa classes that no list knows, the most frequent first; what cannot be printed is escaped."""
    if not counted:
        return
    yield "visa classes in no list, so the regime is unclear and an officer looks (see docs/records.md):"
    encoding = sys.stdout.encoding or "utf-8"
    for name, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:MOST_CLASSES]:
        yield f"  {count:>7}  {name.encode(encoding, 'backslashreplace').decode(encoding)}"
    if len(counted) > MOST_CLASSES:
        rest = counted.total() - sum(count for _, count in counted.most_common(MOST_CLASSES))
        yield f"  {rest:>7}  of {len(counted) - MOST_CLASSES} more classes"


@group.command("rebuild")
def rebuild() -> None:
    """Compute every kept obligation anew from the records, and say how many came out different.

    Passports that an earlier release stored get the index by which misread numbers are found.
    """
    context, store, changed = filing_context(), database().without_timeout(), 0
    document_indexes.fill(store)
    with store.read_session() as session:
        people = session.scalars(select(Obligation.person_id).order_by(Obligation.person_id)).all()
    for start in range(0, len(people), obligations.BATCH):
        ids = people[start : start + obligations.BATCH]
        with store.transaction() as session:
            before = _kept(session, ids)
            obligations.recompute(session, ids, records=context.records, law=context.law, now=now(), actor="rebuild")
            session.flush()
            changed += sum(row != before[row[0]] for row in _kept(session, ids).values())
    store.close()
    click.echo(f"looked at {len(people)}, changed {changed}")


def _kept(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[Any, ...]]:
    columns = [c for c in Obligation.__table__.columns if c.name not in ("revision", "policy_version")]
    rows = session.execute(select(*columns).where(Obligation.person_id.in_(ids))).all()
    return {row[0]: tuple(row) for row in rows}


@group.command("source")
@click.argument("state", type=click.Choice(["up", "down"]))
def source(state: str) -> None:
    """Make the source of records fail, or work again: for drills; refused in production."""
    if services().settings.production:
        raise click.ClickException("refused in production")
    down = state == "down"
    with transaction() as session:
        switched = insert(Switch).values(name=UNAVAILABLE, on=down)
        session.execute(switched.on_conflict_do_update(index_elements=[Switch.name], set_={"on": down}))
    click.echo(f"the source of records is {state}")
