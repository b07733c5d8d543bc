"""Leases: one holder at a time, taken over when they end, and a former holder who cannot write any more."""

import threading
import time
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from foundation import leases
from foundation.db import Database
from foundation.leases import LeaseLost
from notifications import rounds
from operations import migrating, worker
from operations.services import services_of
from tests.conftest import NOW


def take(database, holder, seconds=leases.SECONDS, name="planning"):
    with database.transaction() as session:
        return leases.acquire(session, name, holder=holder, seconds=seconds)


def is_still_mine(database, lease):
    try:
        with database.transaction() as session:
            lease.confirm(session)
    except LeaseLost:
        return False
    return True


def wait_for(condition, seconds=10):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if result := condition():
            return result
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def test_a_lease_has_one_holder_at_a_time(database):
    first = take(database, "one")
    assert (take(database, "two"), is_still_mine(database, first)) == (None, True)


def test_leases_of_other_names_are_apart(database):
    assert take(database, "one", name="planning")
    assert take(database, "two", name="sending")


def test_a_lease_that_is_over_goes_to_the_next_with_a_higher_number(database):
    first = take(database, "one", seconds=0.05)
    second = wait_for(lambda: take(database, "two"))
    assert second.fencing > first.fencing
    assert (is_still_mine(database, first), is_still_mine(database, second)) == (False, True)


def test_a_released_lease_is_free_at_once(database):
    first = take(database, "one")
    with database.transaction() as session:
        leases.release(session, first)
    assert take(database, "two")


def test_a_former_holder_neither_renews_nor_releases_what_another_holds(database):
    first = take(database, "one", seconds=0.05)
    second = wait_for(lambda: take(database, "two"))
    with database.transaction() as session:
        assert not leases.renew(session, first)
        leases.release(session, first)
    assert is_still_mine(database, second)
    assert take(database, "three") is None


def test_a_held_lease_is_renewed_for_as_long_as_the_work_takes(database):
    with leases.hold(database, "planning", holder="one", seconds=0.6) as lease:
        time.sleep(2)
        assert take(database, "two", seconds=0.6) is None
        assert is_still_mine(database, lease)
    assert take(database, "two")


def test_while_a_lease_is_held_others_are_told_that_they_do_not_have_it(database):
    with leases.hold(database, "planning", holder="one"), leases.hold(database, "planning", holder="two") as second:
        assert second is None


def write_after_a_takeover(database, lease):
    with database.transaction() as session:
        session.execute(text("insert into switches (name, \"on\") values ('late', true)"))
        wait_for(lambda: take(database, "two"))
        lease.confirm(session)


def test_what_a_former_holder_was_writing_is_not_stored(database):
    first = take(database, "one", seconds=0.05)
    with pytest.raises(LeaseLost):
        write_after_a_takeover(database, first)
    with database.read_session() as session:
        assert session.scalar(text("select count(*) from switches")) == 0


def test_nobody_takes_over_between_confirming_and_committing(database):
    first, taken = take(database, "one", seconds=0.3), []
    with database.transaction() as session:
        first.confirm(session)
        time.sleep(0.5)
        other = threading.Thread(target=lambda: taken.append((take(database, "two"), time.monotonic())))
        other.start()
        time.sleep(0.3)
        assert taken == []
        committed = time.monotonic()
    other.join()
    ((lease, moment),) = taken
    assert lease is not None
    assert moment > committed


def test_a_worker_without_a_sign_of_life_is_not_alive(database):
    assert not worker.is_alive(database, "here")
    with database.transaction() as session:
        leases.beat(session, process="here:1", host="here")
    assert worker.is_alive(database, "here")
    assert not worker.is_alive(database, "elsewhere")
    with database.transaction() as session:
        session.execute(text("update heartbeats set seen_at = seen_at - interval '61 seconds'"))
    assert not worker.is_alive(database, "here")


def test_old_signs_of_life_are_removed(database):
    with database.transaction() as session:
        leases.beat(session, process="old:1", host="old")
        session.execute(text("update heartbeats set seen_at = seen_at - interval '2 days'"))
        leases.beat(session, process="new:1", host="new")
        leases.forget_heartbeats(session, older_than=timedelta(days=1))
        assert session.scalars(text("select process from heartbeats")).all() == ["new:1"]


@contextmanager
def impatient(database):
    """The database on connections whose transactions end after half a second of doing nothing."""
    url = database.url.render_as_string(hide_password=False)
    with closing(Database(url, idle_timeout=0.5)) as other:
        yield other


def test_the_lock_of_a_migration_outlasts_the_time_that_a_transaction_may_idle(database):
    order = []

    def migrate_second():
        with impatient(database) as connection, migrating._one_at_a_time(connection):
            order.append("second")

    with impatient(database) as found, migrating._one_at_a_time(found):
        second = threading.Thread(target=migrate_second)
        second.start()
        time.sleep(1.5)
        order.append("first")
    second.join()
    assert order == ["first", "second"]


def test_a_plan_that_takes_longer_than_a_lease_is_not_made_twice(database):
    held = []
    with leases.hold(database, worker.PLANNING, holder="slow", seconds=0.3):
        time.sleep(1)
        with leases.hold(database, worker.PLANNING, holder="quick", seconds=0.3) as lease:
            held.append(lease)
    assert held == [None]


def test_a_plan_is_not_stored_by_a_worker_that_lost_its_lease(database, app):
    lease = take(database, "one", seconds=0.05, name=worker.PLANNING)
    wait_for(lambda: take(database, "two", name=worker.PLANNING))
    due_today = services_of(app).due_today
    for plan in (rounds.begin_round, rounds.plan_round):
        with pytest.raises(LeaseLost):
            plan(database, due_today, NOW, lease.confirm)
