"""Kept connections to one server, for very many small requests: HTTP/1.1, one request at a time on each.

httptools, the parser of Node.js, reads the answers. A request takes a sixth of the processor time that it takes with a
general client, which is what limits how many messages a worker sends.
"""

import asyncio
import base64
import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httptools

LONGEST = 1 << 20
"""Bytes of an answer, head and body; more is none that is expected."""


class BrokenAnswer(ConnectionError):
    """What came is no HTTP answer, or too long."""


@dataclass(slots=True)
class Answer:
    """What a server answered; names of headers are in lower case."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class _Exchange(asyncio.Protocol):
    """One connection: a request, its answer, and the next request."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.is_open, self.is_lost = False, False
        self._is_tunnel = False
        self._waiter: asyncio.Future[Answer] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def ask(self, request: bytes, timeout: float, *, is_tunnel: bool = False) -> "asyncio.Future[Answer]":
        """Send a request; its answer is to come, or TimeoutError. `is_tunnel`: it ends with its head."""
        loop = asyncio.get_running_loop()
        self._waiter, self._timer = loop.create_future(), loop.call_later(timeout, self._give_up)
        self._is_tunnel, self._parser, self._left = is_tunnel, httptools.HttpResponseParser(self), LONGEST
        self._answer = Answer()
        self.transport.write(request)
        return self._waiter

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:  # nothing was asked
            self.abort()
            return
        self._left -= len(data)
        try:
            if self._left < 0:
                raise BrokenAnswer
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, BrokenAnswer):
            self.abort()
            self._end(BrokenAnswer("no HTTP answer"))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._answer.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._is_tunnel:
            self._answer.status = self._parser.get_status_code()
            self._end(self._answer)

    def on_body(self, body: bytes) -> None:
        self._answer.body += body

    def on_message_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()
        if self._waiter is None:  # more answers than requests
            self.abort()
            return
        if self._answer.status < 200:  # an interim answer: the one that counts follows
            self._answer = Answer()
            return
        if not self._parser.should_keep_alive():
            self.is_open = False
            self.transport.close()
        answer, self._answer = self._answer, Answer()
        self._end(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open, self.is_lost = False, True
        self._end(ConnectionError("the connection ended"))

    def abort(self) -> None:
        """End the connection at once: what else comes on it is of no use."""
        self.is_open = False
        self.transport.abort()

    def _give_up(self) -> None:
        self.abort()
        self._end(TimeoutError())

    def _end(self, outcome: Answer | Exception) -> None:
        waiter, self._waiter = self._waiter, None
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if waiter is None or waiter.done():
            return
        if isinstance(outcome, Answer):
            waiter.set_result(outcome)
        else:
            waiter.set_exception(outcome)


class Pool:
    """Connections to the server of an address; to be used in one event loop, which makes them as they are needed.

    `timeout` is the seconds that a request may take, with opening a connection. With `direct` no proxy of the
    environment is asked. Its callers bound how many there are: one for each request that is on its way.
    """

    def __init__(self, url: str, *, timeout: float, direct: bool) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        self._host, self._timeout = parts.hostname, timeout
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._proxy = None if direct or proxy_bypass(self._host) else getproxies().get(parts.scheme)
        self._idle: deque[_Exchange] = deque()
        self.head = f"Host: {parts.netloc}\r\n"
        """The header that every request needs."""

    async def send(self, request: bytes) -> Answer:
        """Send a whole request; its answer. Raises TimeoutError, and ConnectionError where there is none.

        Nothing is tried again: a request that was sent may have been taken.
        """
        left = self._timeout
        if (exchange := self._kept()) is None:
            clock = asyncio.get_running_loop().time
            began = clock()
            exchange = await asyncio.wait_for(self._connect(), left)
            left -= clock() - began
        answer = await exchange.ask(request, left)
        if exchange.is_open:
            self._idle.append(exchange)
        return answer

    async def close(self) -> None:
        """End the connections that are not in use."""
        for exchange in self._idle:
            exchange.abort()
        while not all(exchange.is_lost for exchange in self._idle):
            await asyncio.sleep(0)
        self._idle.clear()

    def _kept(self) -> _Exchange | None:
        while self._idle:
            if (exchange := self._idle.pop()).is_open:
                return exchange
        return None

    async def _connect(self) -> _Exchange:
        loop = asyncio.get_running_loop()
        try:
            if self._proxy and self._tls:
                return await self._tunnel(self._proxy)
            _, exchange = await loop.create_connection(_Exchange, self._host, self._port, ssl=self._tls)
        except OSError as error:
            raise ConnectionError(type(error).__name__) from error
        return exchange

    async def _tunnel(self, proxy: str) -> _Exchange:
        """A connection by TLS through a proxy (RFC 9110 section 9.3.6)."""
        parts, loop = urlsplit(proxy), asyncio.get_running_loop()
        transport, exchange = await loop.create_connection(_Exchange, parts.hostname or "", parts.port or 80)
        target = f"{self._host}:{self._port}"
        request = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"
        if parts.username:
            who = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            request += f"Proxy-Authorization: Basic {base64.b64encode(who.encode()).decode()}\r\n"
        answer = await exchange.ask(f"{request}\r\n".encode(), self._timeout, is_tunnel=True)
        if answer.status != 200:
            transport.close()
            raise ConnectionError(f"the proxy answered {answer.status}")
        assert self._tls
        secured = await loop.start_tls(transport, exchange, self._tls, server_hostname=self._host)
        assert secured
        exchange.connection_made(secured)
        return exchange
