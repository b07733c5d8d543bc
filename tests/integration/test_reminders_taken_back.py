"""Reminders that turn out to be mistaken are taken back, also from the inbox of a person without a device."""

import pytest

from notifications.services import inbox
from tests.integration.test_notifications_planning import ANNA, BORIS, NOW, due, fan_out, plan, retire


def inbox_of(database, person):
    with database.read_session() as session:
        return [item.kind for item in inbox.page(session, person_id=person, language="en").items]


@pytest.mark.parametrize("basis", ["extension:7", None])
def test_a_reminder_planned_on_half_an_import_leaves_the_inbox_of_who_has_no_device(database, basis):
    plan(database, due(ANNA, BORIS, step="window-opens"))
    assert inbox_of(database, ANNA) == ["reminder.window-opens"]
    still_due = due(BORIS) if basis is None else due(ANNA, basis=basis)
    assert retire(database, still_due) == (1 if basis is None else 2)
    assert inbox_of(database, ANNA) == []
    assert inbox_of(database, BORIS) == (["reminder.window-opens"] if basis is None else [])
    plan(database, due(ANNA, step="window-opens"))
    fan_out(database)
    assert inbox_of(database, ANNA) == ["reminder.window-opens"]


def test_what_was_read_stays_in_the_inbox(database):
    plan(database, due(ANNA))
    with database.transaction() as session:
        (item,) = inbox.page(session, person_id=ANNA, language="en").items
        inbox.read(session, item.id, person_id=ANNA, language="en", now=NOW)
    assert retire(database, due()) == 0
    assert inbox_of(database, ANNA) == ["reminder.due-day"]
