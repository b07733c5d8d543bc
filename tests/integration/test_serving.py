"""`make run`'s command as a process: it becomes ready, works, and leaves nothing behind, however it ends."""

import json
import signal
from collections.abc import Iterator

import psutil
import pytest

from devtools.postgres import Server, temporary_server
from tests.serving import Service, alive, below, eventually, serving, sign_ins


def api_of(service: Service) -> psutil.Process:
    """The process that looks after the API's processes: the only child with children."""
    (worker,) = [child for child in below(service.process.pid) if child.children()]
    return worker


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with temporary_server() as server:
        yield server


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
