"""`flask secrets`: what is sealed with the secrets of the installation."""

import sys

import click

from foundation.errors import Unavailable
from foundation.services import database
from immigration.commands.recording import RecordedGroup
from operations import resealing

group = RecordedGroup("secrets", help="What is sealed with SECRET_KEY.")


@group.command("reseal")
def reseal() -> None:
    """Seal every field anew with the present secret and to its row, while the service runs. It can be repeated.

    Names each field that does not open; exit status 1 where there is one.
    """
    store, spoilt = database().without_timeout(pool_size=1), list[str]()
    try:
        with click.progressbar(length=max(resealing.count_old(store), 1), label="fields", file=sys.stderr) as bar:
            count = resealing.reseal(store, bar.update, spoilt.append)
        left = resealing.count_old(store)
    except Unavailable as problem:
        raise click.ClickException(problem.detail) from problem
    finally:
        store.close()
    for field in spoilt:
        click.echo(f"{field} does not open: it was altered, or sealed with a secret that is not given", err=True)
    click.echo(f"sealed {count} anew, {left} left")
    if spoilt:
        raise SystemExit(1)
