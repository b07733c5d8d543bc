"""Commands as acts: each one that is run is an event with the operating-system user, before it does anything."""

import functools
import os
import pwd
from collections.abc import Callable
from typing import Any

import click
from flask.cli import AppGroup

from foundation import events
from foundation.http import now
from foundation.services import transaction
from immigration.events import CommandRun


def actor() -> str:
    """Who runs a command, as the system knows the process: names in the environment can be set by anybody."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # a container runs under a number that has no name
        name = f"uid-{uid}"
    return f"command-line:{name}"


class RecordedGroup(AppGroup):
    """A group of commands of which every run is recorded. Arguments are not: a passport's number may be among them."""

    def command(self, *args: Any, **kwargs: Any) -> Callable[[Callable[..., Any]], click.Command]:  # type: ignore[override]
        """See click."""
        add = super().command(*args, **kwargs)

        def declare(run: Callable[..., Any]) -> click.Command:
            @functools.wraps(run)
            def recorded(*values: Any, **options: Any) -> Any:
                command = click.get_current_context().command
                with transaction() as session:
                    event = CommandRun(subject=f"{self.name} {command.name}", person_id=None)
                    events.record(session, event, actor=actor(), at=now())
                return run(*values, **options)

            return add(recorded)

        return declare
