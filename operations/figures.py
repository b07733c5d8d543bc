"""The round that counts the published figures: once a night, from what both packages know."""

from collections.abc import Callable
from datetime import datetime

from foundation.clock import BANGKOK
from foundation.db import Database, Session
from immigration.registries.figures import terms
from immigration.services import figures
from notifications.services import timeliness

FROM_HOUR = 3
"""In Bangkok: long after the planning of the day, long before the first reminder."""


def count_round(database: Database, now: datetime, confirm: Callable[[Session], None] = lambda session: None) -> int:
    """Count the figures of a day, once; how many there are. It reads without holding anybody up.

    A service that has none yet counts them at once. `confirm` is called last in the transaction, and raises where
    another worker counts by now.
    """
    with database.read_session() as session:
        if figures.is_counted(session, now) or (
            now.astimezone(BANGKOK).hour < FROM_HOUR and figures.read(session, ()).count
        ):
            return 0
    over = figures.period(now)
    patient = database.without_timeout()
    try:
        with patient.transaction({"work_mem": "64MB"}) as session:
            reminders = timeliness.reminders(session, over.since, over.until, terms(over.until).reminded_within)
            told = timeliness.coverage(session, over.since, over.until)
            counted = figures.count(session, now, reminders=reminders, coverage=told)
            confirm(session)
            return counted
    finally:
        patient.close()
