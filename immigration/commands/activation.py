"""`flask activation`: codes for people whose phone is not joined yet."""

import click

from foundation.errors import Problem
from foundation.http import now
from foundation.services import transaction
from immigration.commands.recording import RecordedGroup, actor
from immigration.rules.codes import Assurance
from immigration.services import activations

group = RecordedGroup("activation", help="Activation codes.")


@group.command("issue")
@click.option("--document", required=True, metavar="NUMBER", help="The passport's number.")
@click.option("--state", required=True, metavar="CODE", help="The issuing state, such as FRA.")
@click.option(
    "--assurance",
    type=click.Choice([each.value for each in Assurance]),
    default=Assurance.COUNTER.value,
    show_default=True,
    help="counter: an officer saw the person and the passport; mail: it went to the contact given on arrival.",
)
def issue(document: str, state: str, assurance: str) -> None:
    """Print a fresh activation code; earlier unused ones of the passport end."""
    try:
        with transaction() as session:
            issued = activations.issue(session, document, state, assurance=assurance, issued_by=actor(), now=now())
    except Problem as problem:
        raise click.ClickException(problem.detail or problem.title()) from problem
    click.echo(issued.activation_code)
