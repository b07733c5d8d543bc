"""`flask` commands for development: everything on one machine, and the demo country."""

import os
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from devtools import serving
from devtools.demo import loading
from foundation.services import services

ROOT = Path(__file__).parent.parent


@click.command("serve")
@with_appcontext
def serve() -> None:
    """Serve everything for development, with the demo country; Ctrl-C stops all of it."""
    if services().settings.production:
        raise click.ClickException("for development; production runs app:application and `flask worker`")
    serving.serve(current_app, ROOT / "var", dict(os.environ))


@click.command("demo")
@click.option("--people", default=2000, show_default=True, type=click.IntRange(0, 10_000_000))
@click.option("--seed", default=47, show_default=True)
@with_appcontext
def make_demo(people: int, seed: int) -> None:
    """Generate a plausible country of PEOPLE and load it; prints demo sign-ins."""
    if services().settings.production:
        raise click.ClickException("refused in production")
    loading.load(current_app, ROOT / "var" / "demo", people, seed)
    click.echo(loading.sign_ins(current_app))


COMMANDS: tuple[click.Command, ...] = (serve, make_demo)
