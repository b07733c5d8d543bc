"""Clients that behave like the phone app: kept-alive connections, and repetition of a request until it is answered."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Generic, TypeVar

from drills.residents import Resident
from foundation.clock import monotonic

Item = TypeVar("Item")
REQUEST_TIMEOUT = 10.0  # seconds that a client waits for an answer
GIVE_UP = 120.0  # seconds after which a client stops repeating
DISCONNECTS = 0.02  # share of requests whose client disconnects before the answer, and repeats
LONGEST_PAUSE = 1.0  # seconds; a random share of Retry-After


class NoAnswer(Exception):
    """The connection broke or the answer did not come in time: whether anything was stored is unknown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, with header names in lower case, and the seconds it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def asks_to_retry(self) -> bool:
        """Whether it is 503 with Retry-After, the proper answer while the database is unavailable."""
        return self.status == 503 and self.headers.get("retry-after", "").isdecimal()


class Caller:
    """One client: a kept-alive connection to one API server, and to the next server after it broke."""

    def __init__(self, ports: Sequence[int], first: int = 0) -> None:
        self._ports, self._turn = ports, first
        self._connection: HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> Answer:
        """Send one request. `headers` are written with `_` for `-`. Raises NoAnswer."""
        began = monotonic()
        try:
            connection = self._send(method, path, body, token, headers)
            response = connection.getresponse()
            answer = Answer(response.status, _lower(response), response.read(), monotonic() - began)
        except (OSError, HTTPException) as error:
            self.close()
            raise NoAnswer(type(error).__name__) from error
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    def ask_again(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> Answer:
        """As `ask`; sent again, twice at most, where a kept-alive connection had ended. Raises NoAnswer."""
        for _ in range(2):
            with suppress(NoAnswer):
                return self.ask(method, path, body, token=token, **headers)
        return self.ask(method, path, body, token=token, **headers)

    def ask_until_answered(
        self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str
    ) -> Answer:
        """As `ask_again`; sent again, as a phone does, while the answer asks to try again later. Raises NoAnswer."""
        until = monotonic() + GIVE_UP
        while True:
            answer = self.ask_again(method, path, body, token=token, **headers)
            if not answer.asks_to_retry or monotonic() >= until:
                return answer
            time.sleep(LONGEST_PAUSE)

    def send_and_disconnect(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> None:
        """Send one request and disconnect without reading the answer."""
        with suppress(OSError, HTTPException):
            self._send(method, path, body, token, headers)
            time.sleep(0.002)
        self.close()

    def close(self) -> None:
        """Close the connection; the next request goes to the next server."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._turn += 1

    def _send(self, method: str, path: str, body: Any, token: str, headers: Mapping[str, str]) -> HTTPConnection:
        if self._connection is None:
            self._connection = HTTPConnection(
                "127.0.0.1", self._ports[self._turn % len(self._ports)], timeout=REQUEST_TIMEOUT
            )
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        text = None if body is None else json.dumps(body)
        self._connection.request(method, f"/api/v1{path}", text, sent)
        return self._connection


def _lower(response: HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def form(number: int = 1) -> dict[str, Any]:
    """A report's body; the number makes it differ from others."""
    address = {"house_number": str(number), "road": "Sukhumvit", "subdistrict_code": "103901", "postal_code": "10110"}
    return {"address": address, "phone": "+66 2 000 0000", "email": f"drill-{number}@example.org"}


def file(caller: Caller, resident: Resident, key: str, number: int = 1) -> Answer:
    """File a report once. Raises NoAnswer."""
    return caller.ask("POST", "/reports", form(number), token=resident.token, Idempotency_Key=key)


@dataclass
class Failures:
    """Counts of the failed attempts of clients: statuses, broken connections, time-outs."""

    seen: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, failure: object) -> None:
        """Count one failure."""
        with self._lock:
            self.seen[str(failure)] += 1

    @property
    def wrong(self) -> list[str]:
        """The failures that the service must not show: a 5xx that is not a proper 503."""
        return [failure for failure in self.seen if failure[0] == "5" and failure != "503"]

    @property
    def timeouts(self) -> int:
        """How many requests had no answer within REQUEST_TIMEOUT."""
        return self.seen["TimeoutError"]

    def __str__(self) -> str:
        return " ".join(f"{failure}:{count}" for failure, count in sorted(self.seen.items())) or "none"


def file_until_answered(
    caller: Caller,
    resident: Resident,
    key: str,
    number: int,
    *,
    chance: random.Random,
    failures: Failures,
    disconnects: float = DISCONNECTS,
) -> tuple[Answer, float]:
    """Repeat a filing until its answer is neither 5xx nor missing: that answer, and the seconds in all.

    Raises NoAnswer after GIVE_UP seconds.
    """
    began = monotonic()
    while monotonic() - began < GIVE_UP:
        if chance.random() < disconnects:
            caller.send_and_disconnect("POST", "/reports", form(number), token=resident.token, Idempotency_Key=key)
        try:
            answer = file(caller, resident, key, number)
        except NoAnswer as error:
            failures.add(error)
            time.sleep(chance.uniform(0.02, 0.2))
            continue
        if answer.status < 500:
            return answer, monotonic() - began
        failures.add(answer.status if answer.status != 503 or answer.asks_to_retry else "503 without Retry-After")
        time.sleep(chance.uniform(0, LONGEST_PAUSE))
    raise NoAnswer(f"none in {GIVE_UP:.0f} s")


class Shared(Generic[Item]):
    """An iterator that several threads share: each item goes to one of them."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items, self._lock = iter(items), threading.Lock()

    def __iter__(self) -> "Shared[Item]":
        return self

    def __next__(self) -> Item:
        with self._lock:
            return next(self._items)


def start_threads(count: int, work: Callable[[int], None]) -> list[threading.Thread]:
    """Start so many threads that run `work` with their number; the caller joins them."""
    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads
