"""An application behind granian, served as `make run` serves it, and what it cost."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

from benchmarks.nation import NOW, ROOT, SECRET, Nation
from devtools.postgres import Server
from foundation.clock import system_clock

WORKERS = 2


@dataclass
class Served:
    """A served application: its port, and the processes behind it."""

    port: int
    process: psutil.Process

    def cpu(self) -> float:
        """Seconds of processor time that the application's processes have used."""
        return _cpu((self.process, *self.process.children(recursive=True)))


def connections_cpu(server: Server) -> float:
    """Seconds of processor time that the processes of PostgreSQL behind its connections have used."""
    postmaster = psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0]))
    return _cpu(postmaster.children())


def _cpu(processes: Iterable[psutil.Process]) -> float:
    times = [each.cpu_times() for each in processes]
    return float(sum(each.user + each.system for each in times))


@contextmanager
def served(
    nation: Nation, target: str = "app:application", *, interface: str = "wsgi", threads: int = 16
) -> Iterator[Served]:
    """Serve `module:name` on a free port, with two worker processes, at the nation's time."""
    port = _free_port()
    granian = [sys.executable, "-m", "granian", "--interface", interface, target, "--host", "127.0.0.1"]
    sizes = ["--port", str(port), "--workers", str(WORKERS), "--no-log"]
    if interface == "wsgi":
        sizes += ["--blocking-threads", str(threads)]
    process = subprocess.Popen([*granian, *sizes], env=_environment(nation), cwd=ROOT, start_new_session=True)
    try:
        _await(port)
        yield Served(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


def _environment(nation: Nation) -> dict[str, str]:
    own = {"DATABASE_URL": nation.url, "SECRET_KEY": SECRET, "PYTHONPATH": str(ROOT)}
    # By one clock in all processes: what one has counted must not lie ahead of another.
    own |= {"DEV_NOW": NOW.isoformat(), "DEV_NOW_SINCE": system_clock().isoformat()}
    return os.environ | own | {"PYTHONDONTWRITEBYTECODE": "1"}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _await(port: int, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            time.sleep(1)  # the second worker
            return
        time.sleep(0.1)
    raise TimeoutError("the application did not start")
