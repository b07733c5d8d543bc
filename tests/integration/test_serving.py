"""`make run`'s command as a process: it becomes ready, works, and leaves nothing behind, however it ends."""

import http.client
import json
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from devtools.postgres import Server, temporary_server
from devtools.standins import fcm, mailbox
from tests.commands import FLASK, PROJECT, environment

READY = "Ctrl-C stops all of it."
RESIDENT = re.compile(r"^  (\S+) +(\S+) ([A-Z]{1,3}) (\d{4}-\d\d-\d\d)  (\S{5}-\S{5})$")


@dataclass
class Service:
    """A running `flask serve`, and the lines it has printed."""

    process: "subprocess.Popen[str]"
    port: int
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


def api_of(service: Service) -> psutil.Process:
    """The process that looks after the API's processes: the only child with children."""
    (found,) = [child for child in below(service.process.pid) if child.children()]
    return found


def eventually(holds: Callable[[], Any], seconds: float) -> Any:
    """What holds, as soon as it does."""
    for _ in range(int(seconds * 10)):
        if found := holds():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with temporary_server() as found:
        yield found


@contextmanager
def serving(server: Server) -> Iterator[Service]:
    """The service on a small country, with a phone provider and a mail server outside of it."""
    with fcm.start() as push, mailbox.start() as post:
        port = free_port()
        env = environment(
            server.ensure_database("served"),
            PORT=str(port),
            DEMO_PEOPLE="20",
            FCM_ENDPOINT=push.url,
            SMTP_URL=post.url,
        )
        process = subprocess.Popen(
            [*FLASK, "serve"], env=env, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        service = Service(process, port)
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
    found = [match for line in service.lines if (match := RESIDENT.match(line))]
    return {match[1]: dict(zip(names, match.groups()[1:], strict=True)) for match in found}


def assert_it_works(service: Service) -> None:
    """Pages answer, every printed resident signs in, and so do the officers."""
    for path, holds in {"/": "<h1>", "/docs": "swagger-ui", "/readyz": "ready", "/api/v1/openapi.json": "3.1"}.items():
        status, text = service.get(path)
        assert (status, holds in text) == (200, True), path
    residents = sign_ins(service)
    assert len(residents) > 5
    for name, who in residents.items():
        status, pair = service.post("/api/v1/activations", who)
        assert status == 201, (name, pair)
        status, stay = service.get("/api/v1/me/stay", Authorization=f"Bearer {pair['access_token']}")
        assert (status, "obligation" in json.loads(stay)) == (200, True)
    password = next(line.rpartition(" ")[2] for line in service.lines if line.startswith("Officers:"))
    status, session = service.post("/api/v1/officers/sessions", {"name": "officer", "password": password})
    assert (status, session["role"]) == (201, "officer")


def test_it_serves_what_it_prints_and_ctrl_c_ends_all_of_it(server: Server) -> None:
    with serving(server) as service:
        assert_it_works(service)
        children = below(service.process.pid)
        assert len(children) >= 3, "API, its workers, and the worker"
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(30) == 0
        assert alive(children) == []
        assert not service.listens()
        assert not any("Traceback" in line for line in service.lines)


def test_when_its_api_is_killed_it_ends_with_an_error_and_leaves_nothing_running(server: Server) -> None:
    with serving(server) as service:
        children = below(service.process.pid)
        api_of(service).kill()
        assert service.process.wait(30) == 1
        eventually(lambda: not alive(children), 5)
        assert not service.listens()
        eventually(lambda: "Error: a part of the service ended by itself; the rest is stopped" in service.lines, 5)


def test_when_a_process_of_the_api_is_killed_another_takes_its_place(server: Server) -> None:
    with serving(server) as service:
        api = api_of(service)
        before = api.children()
        for each in before:
            each.kill()
        eventually(lambda: not alive(before), 30)
        eventually(lambda: len(alive(api.children())) >= len(before) and service.listens(), 30)
        assert eventually(lambda: service.get("/readyz")[0] == 200, 30)
        assert service.process.poll() is None
