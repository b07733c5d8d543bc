"""Drills: the disk of the data, or of the log, is full. No acknowledged report is lost, and space ends the fault."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from devtools.postgres import server_account
from drills.installation import Installation, eventually, installation
from drills.load import BACK, FILING, Load, check_load, load
from drills.rows import Row
from drills.sizes import Sizes
from foundation.clock import monotonic

FULL = 8  # seconds after the first call that was asked to try again
SPACE = 256  # megabytes of the small disks, of which a new cluster and its residents take less than half
BOUND = 8  # seconds
SWITCHES = 40  # log files of 16 MB that are begun, until there is no space for another


def data(_: Sizes) -> Row:
    """The drill of a full data disk: a row."""
    row = Row("data disk full")
    if row_not_run(row):
        return row
    with installation() as system, small_disk(system, system.cluster.server.data) as disk:
        _keep_log_elsewhere(system)
        with load(system) as running:
            before = system.cluster.postmaster()
            with full_disk(disk):
                began = _until_refused(running)
                time.sleep(FULL)
                filings = running.during(began, monotonic(), FILING)
                reads = running.during(began, monotonic()) - filings
            back = running.await_service(monotonic())
            after = system.cluster.postmaster()
        row.figure(filings_asked_to_retry=filings["503"], served_again_after=f"{back:.1f} s")
        row.require(f"reading goes on while it is full: {dict(reads)}", {*reads} == {"200"})
        row.require("PostgreSQL goes on without a restart", before == after and not system.cluster.restarts)
        _check(row, running, back)
    return row


def log(_: Sizes) -> Row:
    """The drill of a full log disk, on which PostgreSQL stops: a row."""
    row = Row("log disk full")
    if row_not_run(row):
        return row
    with installation() as system, small_disk(system, system.cluster.server.data / "pg_wal") as disk:
        with load(system) as running:
            with full_disk(disk):
                _use_up_log(system)
                began = _until_refused(running)
                time.sleep(FULL)
                outcomes = running.during(began + 1, monotonic(), FILING)
            back = running.await_service(monotonic())
        row.figure(filings_asked_to_retry=outcomes["503"], served_again_after=f"{back:.1f} s")
        row.figure(restarts_by_the_supervisor=system.cluster.restarts)
        row.require(f"nothing is acknowledged without a log: {dict(outcomes)}", {*outcomes} == {"503"})
        _check(row, running, back)
    return row


def _check(row: Row, running: Load, back: float) -> None:
    row.require(f"with space it is back within {BACK} s", back <= BACK)
    check_load(row, running, slowest=BOUND)


def row_not_run(row: Row) -> bool:
    """Whether a small disk cannot be made here; the row says so."""
    if os.geteuid() != 0:
        row.not_run = "needs root, to mount a small disk"
    return bool(row.not_run)


@contextmanager
def small_disk(system: Installation, folder: Path) -> Iterator[Path]:
    """Move a folder of the cluster to a small disk of its own; the mount point."""
    mount = system.cluster.server.home / f"disk-{folder.name}"
    mount.mkdir()
    system.cluster.pause()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SPACE}m,mode=0755", "tmpfs", str(mount)], check=True)
    try:
        _move(folder, mount / folder.name)
        system.cluster.resume()
        yield mount
    finally:
        system.cluster.pause()
        subprocess.run(["umount", str(mount)], check=True)


def _keep_log_elsewhere(system: Installation) -> None:
    """Move the log to the ordinary disk, so that only the disk of the data fills up."""
    server = system.cluster.server
    with system.cluster.paused():
        _move(server.data / "pg_wal", server.home / "pg_wal")


def _move(folder: Path, to: Path) -> None:
    """Move a folder with its owners to another disk, and leave a symbolic link in its place."""
    subprocess.run(["cp", "-a", str(folder), str(to)], check=True)
    shutil.rmtree(folder)
    folder.symlink_to(to)
    if account := server_account():
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)


@contextmanager
def full_disk(disk: Path) -> Iterator[None]:
    """Fill a disk to the last byte during the block."""
    filler = disk / "full_disk"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 16)):
            pass
    try:
        yield
    finally:
        filler.unlink()


def _until_refused(running: Load) -> float:
    """Wait for the first filing that is not acknowledged; the time of it."""
    began = monotonic()
    eventually(lambda: {*running.during(began, monotonic(), FILING)} - {"201"}, 60, "a full disk is noticed")
    return monotonic()


def _use_up_log(system: Installation) -> None:
    """Begin new log files until there is no space for one more."""
    with suppress(psycopg.Error), system.operator() as connection:
        for _ in range(SWITCHES):
            connection.execute("create table if not exists filler (n int)")
            connection.execute("insert into filler values (1)")
            connection.execute("select pg_switch_wal()")
