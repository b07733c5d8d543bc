"""`flask sessions`: the phones that are signed in as a person."""

import click

from foundation.errors import Problem
from foundation.http import now
from foundation.services import transaction
from immigration.commands.recording import RecordedGroup, actor
from immigration.services import sessions

group = RecordedGroup("sessions", help="Sign-ins of residents.")


@group.command("end")
@click.option("--document", required=True, metavar="NUMBER", help="The passport's number.")
@click.option("--state", required=True, metavar="CODE", help="The issuing state, such as FRA.")
def end(document: str, state: str) -> None:
    """End all sign-ins of the person of a passport; print how many there were."""
    try:
        with transaction() as session:
            ended = sessions.end_by_document(session, document, state, actor=actor(), now=now())
    except Problem as problem:
        raise click.ClickException(problem.detail or problem.title()) from problem
    click.echo(f"ended {len(ended)}")
