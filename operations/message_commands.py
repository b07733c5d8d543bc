"""`flask messages`: what failed for good, and trying it again."""

from collections.abc import Sequence
from uuid import UUID

import click

from foundation.clock import rfc3339
from foundation.http import now
from foundation.services import read_session, transaction
from immigration.commands.recording import RecordedGroup, actor
from notifications.channels.registry import CHANNELS
from notifications.services import failures

PAGE = 200
_CHANNEL = click.option(
    "--channel", type=click.Choice([kind.name for kind in CHANNELS]), help="Of one channel; all if not said."
)
group = RecordedGroup("messages", help="Messages that failed for good.")


@group.command("failed")
@_CHANNEL
def list_failed(channel: str | None) -> None:
    """List them: id, kind, channel, error, and when they failed."""
    total = 0
    for page in _pages(channel):
        for each in page:
            failed_at = rfc3339(each.failed_at) if each.failed_at else "-"
            click.echo(f"{each.id} {each.kind} {each.channel} {each.error or '-'} {failed_at}")
        total += len(page)
    click.echo(f"failed {total}")


@group.command("retry")
@_CHANNEL
@click.argument("ids", nargs=-1, type=click.UUID)
def retry(channel: str | None, ids: tuple[UUID, ...]) -> None:
    """Try those with these ids again, or all that failed; print how many there are."""
    if not ids:
        ids = tuple(each.id for page in _pages(channel) for each in page)
    done = 0
    for first in range(0, len(ids), PAGE):
        with transaction() as session:
            done += failures.retry_all(session, ids[first : first + PAGE], actor=actor(), now=now())
    click.echo(f"retried {done}")


def _pages(channel: str | None) -> Sequence[Sequence[failures.Failed]]:
    pages, after = [], None
    while True:
        with read_session() as session:
            page = failures.failed(session, channel=channel, after=after, limit=PAGE)
        pages.append(list(page.items))
        if page.next_cursor is None:
            return pages
        after = UUID(page.next_cursor)
