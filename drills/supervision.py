"""Processes and a PostgreSQL that are started again when they end, as systemd or a container engine would."""

import itertools
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from devtools.postgres import PostgresFailed, Server

ROOT = Path(__file__).parents[1]
PAUSE = 0.2  # seconds until a process that ended is started again
SERVES_A_CONNECTION = re.compile(r"postgres: (app|api|worker|auditor) ")
"""How the title of such a process begins: with the role that is connected."""
REFUSED = 1.0  # seconds until a PostgreSQL that could not start is tried again
_NUMBERS = itertools.count(1)


class SupervisedProcess:
    """A process that is started again whenever it ends; its children are killed first, as a supervisor does."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command, self._environment, self._log = list(command), dict(environment), log
        self._over = threading.Event()
        self.killed: list[str] = []
        """The names of those that were killed, as PostgreSQL has them (`application_name`)."""
        self._running = self._start()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The process that was started last."""
        return self._running[0]

    @property
    def name(self) -> str:
        """Its name, as PostgreSQL has it."""
        return self._running[1]

    def children(self) -> list[psutil.Process]:
        """Its child processes that do the work."""
        with suppress(psutil.Error):
            below = psutil.Process(self.process.pid).children(recursive=True)
            return [each for each in below if "resource_tracker" not in _command_of(each)]
        return []

    def kill(self) -> bool:
        """Kill the process itself and nothing below it; whether it was running."""
        process, name = self._running
        running = process.poll() is None
        process.kill()
        self.killed += [name] if running else []
        return running

    def end(self, timeout: float = 15) -> None:
        """Ask it to end, wait, and kill what is left; it is not started again."""
        self._over.set()
        self._thread.join()
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout)
        self._clear()

    def _start(self) -> "tuple[subprocess.Popen[bytes], str]":
        name = f"drill-{next(_NUMBERS)}"
        environment = self._environment | {"PGAPPNAME": name}
        with open(self._log, "ab") as log:
            process = subprocess.Popen(
                self._command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        return process, name

    def _keep(self) -> None:
        while not self._over.wait(PAUSE):
            if self.process.poll() is not None:
                self._clear()
                self._running = self._start()

    def _clear(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class SupervisedServer:
    """A PostgreSQL that is started again whenever it ends, unless it was paused."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.restarts = 0
        self._paused = False
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Stop the server and every connection; it stays stopped until `resume`."""
        with self._lock:
            self._paused = True
            self.server.stop()

    def resume(self) -> None:
        """Start the server after a pause."""
        with self._lock:
            self._paused = False
            self.server.start()

    def end(self) -> None:
        """Stop the server for good."""
        self._over.set()
        self._thread.join()
        self.pause()

    def postmaster(self) -> psutil.Process | None:
        """The server's first process, if it runs."""
        return _postmaster(self.server)

    def backends(self) -> list[psutil.Process]:
        """The processes that serve a connection."""
        with suppress(psutil.Error):
            if (first := self.postmaster()) is not None:
                return [each for each in first.children() if SERVES_A_CONNECTION.match(_command_of(each))]
        return []

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the server during the block, and start it afterwards."""
        self.pause()
        yield
        self.resume()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Suspend every process of the server during the block, without starting it again."""
        with self._lock, frozen(self.server):
            yield

    def kill(self) -> bool:
        """Kill every process of the server at once; whether it was running."""
        with self._lock, suppress(psutil.Error):  # started again when every process is gone, as by a supervisor
            first = self.postmaster()
            if first is None or not self.server.is_running():
                return False
            processes = [first, *first.children(recursive=True)]
            for each in processes:
                with suppress(psutil.Error):
                    each.kill()
            psutil.wait_procs(processes, timeout=10)
            return True
        return False

    def _keep(self) -> None:
        while not self._over.wait(PAUSE):
            with self._lock:
                if self._paused or self.server.is_running():
                    continue
                try:
                    self.server.start()
                    self.restarts += 1
                    continue
                except PostgresFailed:
                    pass
            self._over.wait(REFUSED)


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Suspend every process of a server during the block; its connections stay open.

    The first process is suspended before the others are listed: it starts no other meanwhile.
    """
    suspended: list[psutil.Process] = []
    if (first := _postmaster(server)) is not None:
        first.suspend()
        suspended = [first, *first.children(recursive=True)]
        for each in suspended[1:]:
            each.suspend()
    try:
        yield
    finally:
        for each in suspended:
            each.resume()


def _postmaster(server: Server) -> psutil.Process | None:
    """The first process of a server; a stale pid file may have the number of another program."""
    with suppress(OSError, ValueError, IndexError, psutil.Error):
        first = psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0]))
        return first if str(server.data) in first.cmdline() else None
    return None


def _command_of(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
