"""Clients as phones are: kept-alive connections, and the same key with the same body until there is a clear answer."""

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

from drills.people import Resident
from foundation.clock import monotonic

Item = TypeVar("Item")
REQUEST_TIMEOUT = 10.0  # seconds that a client waits for an answer
GIVE_UP = 120.0  # seconds after which nobody would go on trying
HANGS_UP = 0.02  # share of requests whose client goes away before the answer, and comes back
LONGEST_PAUSE = 1.0  # seconds; Retry-After is an upper bound, shared out at random


class NoAnswer(Exception):
    """The connection broke, or there was no answer in time: whether anything was stored is not known."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, header names in lower case, and after how many seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    @property
    def asks_to_come_back(self) -> bool:
        """Whether it is 503 with a Retry-After, the only way to say that the database does not answer."""
        return self.status == 503 and self.headers.get("retry-after", "").isdecimal()


class Caller:
    """One client: a kept-alive connection to one API server at a time, and to the next one after it broke."""

    def __init__(self, ports: Sequence[int], first: int = 0) -> None:
        self._ports, self._turn = ports, first
        self._connection: HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> Answer:
        """One request, once. `headers` are written with `_` for `-`. Raises NoAnswer."""
        began = monotonic()
        try:
            connection = self._send(method, path, body, token, headers)
            response = connection.getresponse()
            found = Answer(response.status, _lower(response), response.read(), monotonic() - began)
        except (OSError, HTTPException) as error:
            self.close()
            raise NoAnswer(type(error).__name__) from error
        if found.headers.get("connection", "").lower() == "close":
            self.close()
        return found

    def send_and_hang_up(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> None:
        """One request whose answer nobody waits for."""
        with suppress(OSError, HTTPException):
            self._send(method, path, body, token, headers)
            time.sleep(0.002)
        self.close()

    def close(self) -> None:
        """Leave this connection; the next request goes to the next server."""
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
    """A report's form; the number makes it differ from the others."""
    address = {"house_number": str(number), "road": "Sukhumvit", "subdistrict_code": "103901", "postal_code": "10110"}
    return {"address": address, "phone": "+66 2 000 0000", "email": f"drill-{number}@example.org"}


def file(caller: Caller, resident: Resident, key: str, number: int = 1) -> Answer:
    """File a report once. Raises NoAnswer."""
    return caller.ask("POST", "/reports", form(number), token=resident.token, Idempotency_Key=key)


@dataclass
class Troubles:
    """What clients met on their way to an answer: statuses, broken connections, time-outs; counted."""

    seen: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, what: object) -> None:
        """Count one."""
        with self._lock:
            self.seen[str(what)] += 1

    @property
    def wrong(self) -> list[str]:
        """Those that are an error of the service, and no broken connection: a 5xx that is not a proper 503."""
        return [what for what in self.seen if what[0] == "5" and what != "503"]

    @property
    def hung(self) -> int:
        """How often a client lost its patience."""
        return self.seen["TimeoutError"]

    def __str__(self) -> str:
        return " ".join(f"{what}:{count}" for what, count in sorted(self.seen.items())) or "none"


def file_surely(
    caller: Caller,
    resident: Resident,
    key: str,
    number: int,
    *,
    chance: random.Random,
    troubles: Troubles,
    hangs_up: float = HANGS_UP,
) -> tuple[Answer, float]:
    """File until the answer is neither 5xx nor missing: that answer, and the seconds it took in all.

    Raises NoAnswer where nobody would go on waiting.
    """
    began = monotonic()
    while monotonic() - began < GIVE_UP:
        if chance.random() < hangs_up:
            caller.send_and_hang_up("POST", "/reports", form(number), token=resident.token, Idempotency_Key=key)
        try:
            answer = file(caller, resident, key, number)
        except NoAnswer as error:
            troubles.add(error)
            time.sleep(chance.uniform(0.02, 0.2))
            continue
        if answer.status < 500:
            return answer, monotonic() - began
        troubles.add(answer.status if answer.status != 503 or answer.asks_to_come_back else "503 without Retry-After")
        time.sleep(chance.uniform(0, LONGEST_PAUSE))
    raise NoAnswer(f"none in {GIVE_UP:.0f} s")


class Shared(Generic[Item]):
    """Things that several threads take turns to take, each once."""

    def __init__(self, things: Iterable[Item]) -> None:
        self._left, self._lock = iter(things), threading.Lock()

    def __iter__(self) -> "Shared[Item]":
        return self

    def __next__(self) -> Item:
        with self._lock:
            return next(self._left)


def together(count: int, work: Callable[[int], None]) -> list[threading.Thread]:
    """Threads that do the same work, each with its number; started, to be joined."""
    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads
