"""A load of HTTP requests over kept connections, from one thread: about 20 µs a request of our own.

Each connection sends its next request when the answer to the one before is there, as `wrk` does.
"""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Load:
    """The outcome of a load: seconds in all, the latency of each request in milliseconds, answers by status."""

    seconds: float = 0.0
    by_request: list[tuple[int, float]] = field(default_factory=list)
    """Place of the request and its latency, in the order of the answers."""
    statuses: Counter[str] = field(default_factory=Counter)

    @property
    def latencies(self) -> list[float]:
        """Milliseconds that each request took."""
        return [latency for _, latency in self.by_request]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.by_request) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency that this share of the requests did not exceed, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


@dataclass
class _Connection:
    socket: socket.socket
    sent_at: float = 0.0
    answer: bytes = b""
    place: int = 0


def run(port: int, requests: Sequence[bytes], *, connections: int = 16) -> Load:
    """Send every request once. Raises ConnectionError when the server hangs up."""
    load, waiting = Load(), iter(enumerate(requests))
    selector = selectors.DefaultSelector()
    began = time.perf_counter()
    for _ in range(min(connections, len(requests))):
        opened = socket.create_connection(("127.0.0.1", port), 30)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(opened)
        selector.register(opened, selectors.EVENT_READ, connection)
        _send_next(connection, waiting)
    while len(load.by_request) < len(requests):
        for key, _ in selector.select(30):
            _receive(key.data, waiting, load)
    load.seconds = time.perf_counter() - began
    for key in [*selector.get_map().values()]:
        key.data.socket.close()
    selector.close()
    return load


def _send_next(connection: _Connection, waiting: Iterator[tuple[int, bytes]]) -> None:
    if (following := next(waiting, None)) is not None:
        connection.place, text = following
        connection.answer, connection.sent_at = b"", time.perf_counter()
        connection.socket.sendall(text)


def _receive(connection: _Connection, waiting: Iterator[tuple[int, bytes]], load: Load) -> None:
    received = connection.socket.recv(65536)
    if not received:
        raise ConnectionError(f"the server hung up after {len(load.by_request)} answers")
    connection.answer += received
    head, separator, body = connection.answer.partition(b"\r\n\r\n")
    if not separator:
        return
    place = head.lower().find(b"content-length:")
    if place >= 0 and len(body) >= int(head[place + 15 :].split(b"\r\n", 1)[0]):
        load.by_request.append((connection.place, (time.perf_counter() - connection.sent_at) * 1000))
        load.statuses[head[9:12].decode()] += 1
        _send_next(connection, waiting)


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """An HTTP/1.1 request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
