"""`flask serve` as a process of its own, for the tests that see the service from outside."""

import http.client
import json
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from devtools.postgres import Server
from devtools.standins import fcm, mailbox
from operations.roles import Kind
from tests.commands import FLASK, PROJECT, environment

READY = "Ctrl-C stops all of it."
RESIDENT = re.compile(r"^  (\S+) +(\S+) ([A-Z]{1,3}) (\d{4}-\d\d-\d\d)  (\S{5}-\S{5})$")


@dataclass
class Service:
    """A running `flask serve`, and the lines it has printed; `push` is the address of its phone provider."""

    process: "subprocess.Popen[str]"
    port: int
    database_url: str
    push: str = ""
    lines: list[str] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and text of an answer."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        status, text = self._ask("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return status, json.loads(text)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def listens(self) -> bool:
        """Whether anybody listens on its port."""
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def read(self) -> None:
        """Keep what is printed, until it ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))


def below(pid: int) -> list[psutil.Process]:
    """A process's children, their children, and so on."""
    return list(psutil.Process(pid).children(recursive=True)) if psutil.pid_exists(pid) else []


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; one that only waits to be buried does not."""
    return [each for each in processes if runs(each)]


def runs(process: psutil.Process) -> bool:
    """Whether it does; it may end at any moment, this one included."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def eventually(holds: Callable[[], Any], seconds: float) -> Any:
    """What holds, as soon as it does."""
    for _ in range(int(seconds * 10)):
        if value := holds():
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serving(server: Server, **more: str) -> Iterator[Service]:
    """The service on a small country, with a role for each kind of process, a phone provider and a mail server.

    `more` are settings beside the usual ones; an empty one is not set.
    """
    with fcm.start() as push, mailbox.start() as post:
        port = free_port()
        url = server.ensure_database("served")
        env = environment(
            server.url("served", Kind.API),
            MIGRATION_DATABASE_URL=url,
            WORKER_DATABASE_URL=server.url("served", Kind.WORKER),
            RETENTION_DATABASE_URL=server.url("served", Kind.RETENTION),
            AUDIT_DATABASE_URL=server.url("served", Kind.AUDITOR),
            PORT=str(port),
            DEMO_PEOPLE="20",
            FCM_ENDPOINT=push.url,
            SMTP_URL=post.url,
            **more,
        )
        env = {name: value for name, value in env.items() if value}
        process = subprocess.Popen(
            [*FLASK, "serve"], env=env, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        service = Service(process, port, url, push.url)
        reader = threading.Thread(target=service.read)
        reader.start()
        try:
            eventually(lambda: READY in service.lines or process.poll() is not None, 120)
            assert READY in service.lines, service.lines
            yield service
        finally:
            stop(process)
            reader.join(10)
            assert not reader.is_alive(), "something still holds the output open"
            assert process.stdout is not None
            process.stdout.close()


def stop(process: "subprocess.Popen[str]") -> None:
    """End the service as an operator would, and what it left behind by force."""
    left = below(process.pid)
    process.terminate()
    try:
        process.wait(30)
    finally:
        process.kill()
        for each in alive(left):
            each.kill()


def sign_ins(service: Service) -> dict[str, dict[str, str]]:
    """What the printed residents activate their phones with, by the name of their scenario."""
    names = ("document_number", "issuing_state", "birth_date", "activation_code")
    matches = [match for line in service.lines if (match := RESIDENT.match(line))]
    return {match[1]: dict(zip(names, match.groups()[1:], strict=True)) for match in matches}
