"""What begins on a day is listed once and planned from the list, batch by batch, by what is due then."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from foundation.leases import LeaseLost
from notifications import rounds
from notifications.models import Notification, PlanningDay, ReminderToPlan
from notifications.services import planning
from tests.integration.test_notifications_planning import ANNA, BORIS, NOW, due

PEOPLE = [UUID(int=number) for number in range(1, 26)]


def begin(database, *people, now=NOW, begun=None, **more):
    """A round where these people owe a report, and a step begins for all of them or for those of `begun`."""
    listed = people if begun is None else begun

    def due_today(today, begun=None, with_answered=False):
        return due(*(listed if with_answered else people))

    return rounds.begin_round(database, due_today, now, **more)


def planned(database):
    with database.read_session() as session:
        return set(session.scalars(select(Notification.person_id)))


def waiting(database):
    with database.read_session() as session:
        return session.scalar(select(func.count()).select_from(ReminderToPlan))


def test_all_are_listed_once_and_planned_in_batches(database, monkeypatch):
    monkeypatch.setattr(rounds, "_LISTED", 10)
    assert begin(database, *PEOPLE) == 25
    assert planned(database) == set(PEOPLE)
    assert waiting(database) == 0
    with database.read_session() as session:
        (day,) = session.scalars(select(PlanningDay))
        assert (str(day.day), day.listed) == ("2026-04-14", 25)
    assert begin(database, *PEOPLE) == 0


def test_what_is_due_counts_when_the_list_is_planned(database):
    """Boris filed after the list was written."""
    assert begin(database, ANNA, begun=[ANNA, BORIS]) == 1
    assert planned(database) == {ANNA}
    assert waiting(database) == 0


def test_who_begins_later_that_day_is_planned_too(database):
    assert begin(database, ANNA) == 1
    assert begin(database, ANNA, BORIS, now=NOW + timedelta(minutes=5)) == 1
    assert planned(database) == {ANNA, BORIS}


def test_the_next_day_is_listed_again(database):
    begin(database, ANNA)
    assert begin(database, BORIS, now=NOW + timedelta(days=1)) == 1
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(PlanningDay)) == 2


def test_another_worker_goes_on_with_the_list_of_one_that_stopped(database, monkeypatch):
    monkeypatch.setattr(rounds, "_LISTED", 10)
    assert begin(database, *PEOPLE, stopping=lambda: waiting(database) <= 15) == 10
    assert waiting(database) == 15
    assert begin(database, *PEOPLE) == 15
    assert planned(database) == set(PEOPLE)


def test_a_batch_that_is_undone_is_on_the_list_again(database, monkeypatch):
    monkeypatch.setattr(rounds, "_LISTED", 10)

    def confirm(session):
        if session.scalar(text("select count(*) from reminders_to_plan")) == 5:
            raise LeaseLost("gone")

    with pytest.raises(LeaseLost):
        begin(database, *PEOPLE, confirm=confirm)
    assert (len(planned(database)), waiting(database)) == (10, 15)
    assert begin(database, *PEOPLE) == 15


def test_two_at_once_plan_each_once(database):
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: begin(database, *PEOPLE), range(4)))
    assert sum(counts) == 25
    assert planned(database) == set(PEOPLE)


def test_a_list_that_is_long_is_taken_in_the_order_of_its_key(database):
    with database.transaction() as session:
        assert planning.list_once(session, due(*reversed(PEOPLE)), NOW.date(), now=NOW)
    with database.transaction() as session:
        assert planning.plan_listed(session, due(*PEOPLE), now=NOW, limit=10) == (10, 10)
    assert planned(database) == set(PEOPLE[:10])
