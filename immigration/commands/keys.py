"""`flask keys`: the keys that the service signs with."""

import click

from foundation.errors import Problem
from foundation.http import now
from foundation.services import transaction
from immigration.commands.recording import RecordedGroup, actor
from immigration.rules.codes import KeyPurpose
from immigration.services import keys

group = RecordedGroup("keys", help="Signing keys.")


@group.command("rotate")
@click.argument("purpose", type=click.Choice([each.value for each in KeyPurpose]))
@click.option("--compromised", is_flag=True, help="The old key is in other hands: what it signed is invalid at once.")
def rotate(purpose: str, compromised: bool) -> None:
    """Make a new key that signs from now on; the old one goes on verifying. Print the new key's id."""
    change = keys.replace_compromised if compromised else keys.rotate
    try:
        with transaction() as session:
            kid = change(session, KeyPurpose(purpose), now(), actor=actor())
    except Problem as problem:
        raise click.ClickException(problem.detail or problem.title()) from problem
    click.echo(kid)
