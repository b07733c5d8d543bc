"""A provider that takes every message at once, for measuring: `python -m benchmarks.provider DELAY` prints its port.

It answers as FCM does, DELAY seconds after a request, and notes nothing but ids: `GET /counts` says how many messages
came and how many of them came again. The stand-in of `devtools/` reads and keeps every message, and
would be the limit.
"""

import asyncio
import json
import re
import sys

_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
_ID = re.compile(rb'"notification_id": ?"([0-9a-f-]{36})"')
_seen: dict[bytes, int] = {}


class Provider(asyncio.Protocol):
    """One connection that is kept open."""

    delay = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin without a request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        while (head := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._buffer, 0, head)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < end:
                return
            self._take(self._buffer[:head], self._buffer[head + 4 : end])
            self._buffer = self._buffer[end:]

    def _take(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            counts = {"messages": sum(_seen.values()), "repeats": sum(_seen.values()) - len(_seen)}
            self._reply(json.dumps(counts).encode())
            return
        found = _ID.search(body)
        name = found[1] if found else b"none"
        _seen[name] = _seen.get(name, 0) + 1
        asyncio.get_running_loop().call_later(self.delay, self._reply, b'{"name": "projects/demo/messages/1"}')

    def _reply(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._transport.write(head + body)


async def main(delay: float) -> None:
    """Serve until killed."""
    Provider.delay = delay
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
