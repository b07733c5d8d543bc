"""The disk of the data, or of the log, is full: nothing acknowledged is lost, and room is all it takes to go on."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from devtools.postgres import server_account
from drills.crowd import BACK, FILING, Crowd, crowd, judge
from drills.installation import Installation, eventually, installation
from drills.rows import Row
from drills.sizes import Sizes
from foundation.clock import monotonic

FULL = 8  # seconds after the first call that was asked to come back
ROOM = 256  # megabytes of the small disks, of which a new cluster and its people take less than half
BOUND = 8  # seconds
SWITCHES = 40  # log files of 16 MB that are begun, until there is room for no other


def data(_: Sizes) -> Row:
    """The drill of a full data disk: a row."""
    row = Row("data disk full")
    if row_not_run(row):
        return row
    with installation() as place, small_disk(place, place.cluster.server.data) as disk:
        _keep_log_elsewhere(place)
        with crowd(place) as people:
            before = place.cluster.postmaster()
            with ballast(disk):
                began = _until_refused(people)
                time.sleep(FULL)
                filings = people.during(began, monotonic(), FILING)
                looks = people.during(began, monotonic()) - filings
            back = people.await_service(monotonic())
            after = place.cluster.postmaster()
        row.figure(filings_asked_to_come_back=filings["503"], served_again_after=f"{back:.1f} s")
        row.promise(f"looking goes on while it is full: {dict(looks)}", {*looks} == {"200"})
        row.promise("PostgreSQL goes on without a restart", before == after and not place.cluster.restarts)
        _judge(row, people, back)
    return row


def log(_: Sizes) -> Row:
    """The drill of a full log disk, on which PostgreSQL stops: a row."""
    row = Row("log disk full")
    if row_not_run(row):
        return row
    with installation() as place, small_disk(place, place.cluster.server.data / "pg_wal") as disk:
        with crowd(place) as people:
            with ballast(disk):
                _use_up_log(place)
                began = _until_refused(people)
                time.sleep(FULL)
                outcomes = people.during(began + 1, monotonic(), FILING)
            back = people.await_service(monotonic())
        row.figure(filings_asked_to_come_back=outcomes["503"], served_again_after=f"{back:.1f} s")
        row.figure(restarts_by_the_supervisor=place.cluster.restarts)
        row.promise(f"nothing is acknowledged without a log: {dict(outcomes)}", {*outcomes} == {"503"})
        _judge(row, people, back)
    return row


def _judge(row: Row, people: Crowd, back: float) -> None:
    row.promise(f"with room it is back within {BACK} s", back <= BACK)
    judge(row, people, slowest=BOUND)


def row_not_run(row: Row) -> bool:
    """Whether a small disk cannot be made here; the row says so."""
    if os.geteuid() != 0:
        row.not_run = "needs root, to mount a small disk"
    return bool(row.not_run)


@contextmanager
def small_disk(place: Installation, folder: Path) -> Iterator[Path]:
    """A folder of the cluster's on a small disk of its own; where it is mounted."""
    mount = place.cluster.server.home / f"disk-{folder.name}"
    mount.mkdir()
    place.cluster.rest()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}m,mode=0755", "tmpfs", str(mount)], check=True)
    try:
        _move(folder, mount / folder.name)
        place.cluster.wake()
        yield mount
    finally:
        place.cluster.rest()
        subprocess.run(["umount", str(mount)], check=True)


def _keep_log_elsewhere(place: Installation) -> None:
    """The log goes to the ordinary disk, so that the data's is the only one to fill up."""
    server = place.cluster.server
    with place.cluster.resting():
        _move(server.data / "pg_wal", server.home / "pg_wal")


def _move(folder: Path, to: Path) -> None:
    """Move a folder with its owners to another disk, and leave a symbolic link in its place."""
    subprocess.run(["cp", "-a", str(folder), str(to)], check=True)
    shutil.rmtree(folder)
    folder.symlink_to(to)
    if account := server_account():
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)


@contextmanager
def ballast(disk: Path) -> Iterator[None]:
    """The disk is full to the last byte."""
    stone = disk / "ballast"
    with suppress(OSError), stone.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 16)):
            pass
    try:
        yield
    finally:
        stone.unlink()


def _until_refused(people: Crowd) -> float:
    """Wait for the first filing that is not acknowledged; the moment."""
    began = monotonic()
    eventually(lambda: {*people.during(began, monotonic(), FILING)} - {"201"}, 60, "a full disk is noticed")
    return monotonic()


def _use_up_log(place: Installation) -> None:
    """Begin new log files until there is no room for one more."""
    with suppress(psycopg.Error), place.operator() as connection:
        for _ in range(SWITCHES):
            connection.execute("create table if not exists filler (n int)")
            connection.execute("insert into filler values (1)")
            connection.execute("select pg_switch_wal()")
