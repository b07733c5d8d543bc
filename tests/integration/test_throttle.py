"""Counting failures: in one statement, by any number of processes, and forgotten in time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text

from foundation import throttle
from foundation.db import Database
from foundation.throttle import Limit, Throttle
from immigration.registries.access import limits, resolve_limits
from immigration.rules.access import Throttled
from tests.conftest import NOW

LIMIT = Limit(allowed=3, first=timedelta(seconds=10), most=timedelta(seconds=60), forget=timedelta(minutes=5))
KEY = b"key"


def count(database, *, now=NOW, key=KEY, limit=LIMIT):
    with database.autocommit() as connection:
        return throttle.count(connection, key, limit, now=now)


def test_what_is_allowed_is_counted_and_then_waits(database):
    assert [count(database).allowed for _ in range(5)] == [True, True, True, False, False]
    refused = count(database, now=NOW + timedelta(seconds=4))
    assert (refused.count, refused.wait) == (3, timedelta(seconds=6))


def test_each_further_failure_doubles_the_wait(database):
    moment, waits = NOW, []
    for _ in range(7):
        counted = count(database, now=moment)
        assert counted.allowed
        waits.append(counted.wait.total_seconds())
        moment += counted.wait
    assert waits == [0, 0, 10, 20, 40, 60, 60]


def test_what_is_refused_does_not_make_the_wait_longer(database):
    for _ in range(20):
        count(database)
    assert count(database, now=NOW + timedelta(seconds=10)).allowed


def test_a_key_is_forgotten_after_a_quiet_time(database):
    for _ in range(3):
        count(database)
    assert count(database, now=NOW + timedelta(seconds=10, minutes=5)).count == 1
    with database.transaction() as session:
        assert throttle.forget_expired(session, now=NOW + timedelta(seconds=9, minutes=10)) == 0
        assert throttle.forget_expired(session, now=NOW + timedelta(seconds=10, minutes=10)) == 1
        assert session.scalar(select(func.count()).select_from(Throttle)) == 0


def test_one_that_is_allowed_once_waits_at_once(database):
    once = Limit(allowed=1, first=timedelta(seconds=10), most=timedelta(seconds=10), forget=timedelta(seconds=1))
    assert count(database, limit=once).wait == timedelta(seconds=10)
    assert not count(database, limit=once).allowed


def test_keys_do_not_count_for_each_other(database):
    for _ in range(3):
        count(database)
    assert count(database, key=b"other").allowed
    keys = {throttle.key_of(*parts) for parts in (("a", "b", "c"), ("a", "bc", ""), ("a", "b"), ("b", "a", "c"))}
    assert len(keys) == 4


def test_what_did_not_fail_is_given_back(database):
    for _ in range(9):
        assert count(database).allowed
        with database.autocommit() as connection:
            throttle.give_back(connection, KEY, now=NOW)


def test_the_right_one_begins_anew(database):
    for _ in range(4):
        count(database)
    with database.autocommit() as connection:
        assert throttle.waiting(connection, KEY, now=NOW) == timedelta(seconds=10)
        throttle.clear(connection, KEY)
        assert throttle.waiting(connection, KEY, now=NOW) is None
    assert count(database).count == 1


@pytest.mark.parametrize("processes", [1, 2])
def test_of_many_at_once_so_many_are_allowed(database, processes):
    """Connections of several pools are to the server what several processes are."""
    pools = [Database(database.url.render_as_string(hide_password=False)) for _ in range(processes)]
    with ThreadPoolExecutor(16) as threads:
        counted = [threads.submit(count, pools[n % processes]) for n in range(64)]
    assert sum(each.result().allowed for each in counted) == 3
    for pool in pools:
        pool.close()


def test_counting_is_one_statement_and_survives_no_crash(database):
    with database.read_session() as session:
        unlogged = session.scalar(text("select relpersistence from pg_class where relname = 'throttles'"))
    assert unlogged == "u"


def test_every_operation_has_a_limit_with_a_source():
    assert set(limits(date(2026, 11, 23))) == set(Throttled)
    with pytest.raises(KeyError):
        resolve_limits([], date(2026, 11, 23))
