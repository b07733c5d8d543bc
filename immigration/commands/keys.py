"""`flask keys`: the keys that the service signs with."""

import click
from flask.cli import AppGroup

from foundation.errors import Problem
from foundation.http import now
from foundation.services import transaction
from immigration.rules.codes import KeyPurpose
from immigration.services import keys

group = AppGroup("keys", help="Signing keys.")


@group.command("rotate")
@click.argument("purpose", type=click.Choice([each.value for each in KeyPurpose]))
def rotate(purpose: str) -> None:
    """Make a new key that signs from now on; the old one goes on verifying. Print the new key's id."""
    try:
        with transaction() as session:
            kid = keys.rotate(session, KeyPurpose(purpose), now())
    except Problem as problem:
        raise click.ClickException(problem.detail or problem.title()) from problem
    click.echo(kid)
