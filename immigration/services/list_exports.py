"""Lists of the console as files: who took which, why and how long it was is recorded, before anything is sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import Session
from foundation.errors import Unprocessable
from foundation.events import plain
from foundation.identity import Principal
from immigration.events import ListExported
from immigration.registries.fairness import terms
from immigration.services import alarms


class ListTooLong(Unprocessable):
    """The list is longer than what is exported at once. Narrow it down."""

    code = "list-too-long"


def longest(now: datetime) -> int:
    """How many lines a list may have that is exported."""
    return terms(bangkok_date(now)).export_rows


def record(
    session: Session,
    name: str,
    wanted: Mapping[str, Any],
    count: int,
    *,
    is_all: bool,
    purpose: str,
    officer: Principal,
    now: datetime,
) -> None:
    """Record that a list was exported, by what it was filtered and how long it is; raises ListTooLong."""
    if not is_all:
        most = longest(now)
        raise ListTooLong(f"it has more than {most} lines", most=most)
    event = ListExported(
        subject=name,
        person_id=None,
        purpose=purpose,
        filter=plain({key: value for key, value in wanted.items() if value}),
        count=count,
        offices=sorted(officer.offices),
    )
    events.record(session, event, actor=officer.actor, at=now)
    alarms.watch_volume(session, officer=officer, now=now)
