"""Processes that are killed or stopped at a bad moment, and databases that are reached by several hosts."""

import http.client
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psutil
import pytest
from sqlalchemy import text

from devtools.postgres import temporary_server
from foundation import leases
from foundation.config import InvalidSettings, from_environment
from foundation.db import Database
from operations import migrating
from operations.serving import KILL_AFTER, granian
from tests.commands import PROJECT, environment
from tests.serving import alive, eventually, free_port

HOLD = """
import sys, time
from foundation import leases
from foundation.db import Database
with leases.hold(Database(sys.argv[1]), "planning", holder="one", seconds=1.5) as lease:
    print(lease.fencing, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def server():
    with temporary_server() as running:
        yield running


@pytest.fixture(scope="module")
def url(server):
    url = server.ensure_database("processes")
    database = Database(url)
    migrating.bring_up_to_date(database)
    database.close()
    return url


@contextmanager
def api(url, port):
    """granian's main process, as it is started in the image; ended with the test."""
    process = subprocess.Popen(
        granian(port=port), env=environment(url, PORT=str(port), ENVIRONMENT="test"), cwd=PROJECT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        for each in [*psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []:
            each.kill()
        process.kill()
        process.wait()


def is_ready(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_a_process_that_is_killed_is_started_again(url):
    port = free_port()
    with api(url, port) as process:
        eventually(lambda: is_ready(port), 60)
        before = {child.pid for child in psutil.Process(process.pid).children()}
        os.kill(min(before), signal.SIGKILL)
        after = eventually(
            lambda: (
                len(now := {child.pid for child in alive(psutil.Process(process.pid).children())}) == len(before)
                and now != before
                and now
            ),
            60,
        )
        assert len(after - before) == 1
        eventually(lambda: is_ready(port), 60)


@pytest.mark.parametrize("delay", [0.3, 1.0, 2.0])
def test_a_stop_during_the_start_ends(url, delay):
    with api(url, free_port()) as process:
        time.sleep(delay)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=KILL_AFTER + 7)


def test_the_lease_of_a_process_that_is_killed_goes_to_the_next(url):
    database = Database(url)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, url], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    first = int(holder.stdout.readline())
    time.sleep(2)  # longer than the lease lasts without being renewed

    def take():
        with database.transaction() as session:
            return leases.acquire(session, "planning", holder="two")

    assert take() is None
    holder.kill()
    holder.communicate()
    assert eventually(take, 10).fencing == first + 1
    database.close()


def several_hosts(url, *, session_attributes="primary"):
    """The same database behind two hosts, of which the first is nobody."""
    plain, _, folder = url.partition("?host=")
    return f"{plain}?host=127.0.0.1:{free_port()}&host={folder}:5432&target_session_attrs={session_attributes}"


def test_a_host_that_is_down_is_passed_over(url):
    database = Database(several_hosts(url))
    with database.transaction() as session:
        assert session.scalar(text("select 1")) == 1
    with database.read_session() as reader, database.read_autocommit() as connection:
        assert reader.scalar(text("show transaction_read_only")) == "on"
        assert connection.execute(text("select 1")).scalar() == 1
    database.close()


def test_hosts_that_have_to_take_writes_are_refused_because_reads_would_fail(url):
    values = {"ENVIRONMENT": "test", "DATABASE_URL": several_hosts(url, session_attributes="read-write")}
    with pytest.raises(InvalidSettings, match="target_session_attrs"):
        from_environment(values)


def test_a_connection_gives_up_a_host_that_vanished(url):
    database = Database(url)
    with database.transaction() as session:
        driver = session.connection().connection.driver_connection
        used = driver.info.get_parameters()
    database.close()
    wanted = {"keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3", "tcp_user_timeout": "10000"}
    assert {name: used[name] for name in wanted} == wanted
