"""Kept connections: used again while both sides keep them, and never waited for longer than was said."""

import asyncio
import socket
import ssl
import threading
import time

import pytest

from benchmarks.provider import CERTIFICATE, server_context
from foundation import http1
from foundation.http1 import BrokenAnswer, Pool

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nRetry-After: 7\r\n\r\nok"


class Server:
    """Answers each request with the next of some bytes, and counts connections. None: it closes without an answer."""

    def __init__(self, answers, tls=None):
        self.connections, self.requests, self.answers = 0, [], list(answers)
        self._tls, self._open = tls, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            connection = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
        except OSError:  # the client refuses the certificate
            return
        self._open.append(connection)
        while True:
            try:
                request = connection.recv(65536)
            except OSError:
                return
            if not request:
                return
            self.requests.append(request)
            answer = self.answers.pop(0)
            if callable(answer):
                answer(connection)
                return
            if answer is None:
                connection.close()
                return
            connection.sendall(answer)

    def close(self):
        self._listener.close()
        for each in self._open:
            each.close()


@pytest.fixture
def serve():
    made = []

    def start(*answers, tls=None):
        made.append(Server(answers, tls))
        return made[-1]

    yield start
    for each in made:
        each.close()


def ask(port, times=1, *, timeout=5.0, scheme="http", direct=True, at_once=False):
    """What comes of so many requests, one after the other or at once: answers or exceptions."""

    async def talk():
        pool = Pool(f"{scheme}://127.0.0.1:{port}", timeout=timeout, direct=direct)
        request = f"GET / HTTP/1.1\r\n{pool.head}\r\n".encode()
        if at_once:
            found = await asyncio.gather(*(pool.send(request) for _ in range(times)), return_exceptions=True)
        else:
            found = [(await asyncio.gather(pool.send(request), return_exceptions=True))[0] for _ in range(times)]
        await pool.close()
        return found

    return asyncio.run(talk())


def test_a_connection_is_used_again(serve):
    server = serve(OK, OK, OK)
    answers = ask(server.port, 3)
    assert [(answer.status, answer.body, answer.headers["retry-after"]) for answer in answers] == [
        (200, b"ok", "7")
    ] * 3
    assert server.connections == 1
    assert server.requests[0] == f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()


def test_requests_at_once_have_a_connection_each(serve):
    server = serve(*[OK] * 4)
    assert [answer.status for answer in ask(server.port, 4, at_once=True)] == [200] * 4
    assert server.connections == 4


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_a_connection_that_the_server_ends_is_not_used_again(serve, answer):
    server = serve(answer, answer)
    assert [each.body for each in ask(server.port, 2)] == [b"ok", b"ok"]
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_an_answer_in_parts_is_put_together(serve, answer):
    server = serve(answer, answer)
    assert [(each.status, each.body) for each in ask(server.port, 2)] == [(200, b"ok")] * 2
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, ConnectionError),
        (b"nonsense\r\n\r\n", BrokenAnswer),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", BrokenAnswer),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * http1.LONGEST, BrokenAnswer),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * (http1.LONGEST + 1), BrokenAnswer),
    ],
)
def test_what_is_no_answer_is_an_error_and_the_next_request_gets_another_connection(serve, answer, error):
    server = serve(answer, OK)
    failed, answered = ask(server.port, 2)
    assert type(failed) is error
    assert answered.body == b"ok"
    assert server.connections == 2


def test_an_answer_that_breaks_off_is_an_error(serve):
    def half(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        connection.close()

    (failed,) = ask(serve(half).port)
    assert type(failed) is ConnectionError


def test_a_second_answer_to_one_request_is_taken_for_no_other(serve):
    server = serve(OK + OK, OK)
    first, second = ask(server.port, 2)
    assert (first.body, second.body) == (b"ok", b"ok")
    assert server.connections == 2


def test_an_answer_that_does_not_come_is_given_up(serve):
    silent = threading.Event()
    server = serve(lambda _: silent.wait(10), OK)
    began = time.monotonic()
    failed, answered = ask(server.port, 2, timeout=0.3)
    silent.set()
    assert type(failed) is TimeoutError
    assert answered.body == b"ok"
    assert time.monotonic() - began < 5


def test_nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (failed,) = ask(port)
    assert type(failed) is ConnectionError


def test_a_certificate_that_nobody_vouches_for_is_refused(serve, tmp_path):
    (failed,) = ask(serve(OK, tls=server_context(tmp_path)).port, scheme="https")
    assert isinstance(failed, ConnectionError)


def test_tls_goes_through_a_proxy_of_the_environment(serve, tmp_path, monkeypatch):
    server = serve(OK, OK, tls=server_context(tmp_path))

    def tunnel(connection):
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", server.port)) as further:
            back = threading.Thread(target=copy, args=(further, connection), daemon=True)
            back.start()
            copy(connection, further)

    proxy = serve(tunnel)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / CERTIFICATE))
    monkeypatch.setenv("https_proxy", f"http://who:word@127.0.0.1:{proxy.port}")
    monkeypatch.setenv("no_proxy", "")
    answers = ask(server.port, 2, scheme="https", direct=False)
    assert [answer.body for answer in answers] == [b"ok", b"ok"]
    assert proxy.requests[0].startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n".encode())
    assert b"Proxy-Authorization: Basic d2hvOndvcmQ=\r\n" in proxy.requests[0]
    assert server.connections == 1


def test_a_proxy_that_refuses_is_an_error(serve, monkeypatch):
    proxy = serve(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("no_proxy", "")
    (failed,) = ask(1, scheme="https", direct=False)
    assert type(failed) is ConnectionError


def copy(source, target):
    """Carry bytes from one socket to another until either ends."""
    while True:
        try:
            data = source.recv(65536)
            if not data:
                return
            target.sendall(data)
        except (OSError, ssl.SSLError):
            return
