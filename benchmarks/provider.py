"""A provider that takes every message, for measuring: `python -m benchmarks.provider DELAY [FOLDER]` prints its port.

It answers as FCM does, DELAY seconds after a request, and notes nothing but ids: `GET /counts` says how many messages
came and how many of them came again. With FOLDER it speaks TLS, as Google does, by a certificate that it leaves there.
The stand-in of `devtools/` reads and keeps every message, and would be the limit.
"""

import asyncio
import json
import ssl
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CERTIFICATE = "provider.pem"
_LENGTH, _ID = b"content-length:", b'"notification_id": "'
_ANSWER = b'{"name": "projects/demo/messages/0:1500415314455276%31bd1c9631bd1c96"}'
_seen: dict[bytes, int] = {}


class Provider(asyncio.Protocol):
    """One connection that is kept open."""

    delay = 0.0
    later: Callable[..., object]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin without a request."""
        self._transport, self._buffer = cast("asyncio.Transport", transport), b""  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer = self._buffer + data if self._buffer else data
        while (head := self._buffer.find(b"\r\n\r\n")) >= 0:
            end = head + 4 + _length(self._buffer[:head].lower())
            if len(self._buffer) < end:
                return
            self._take(self._buffer[:end])
            self._buffer = self._buffer[end:]

    def _take(self, request: bytes) -> None:
        if request.startswith(b"GET"):
            counts = {"messages": sum(_seen.values()), "repeats": sum(_seen.values()) - len(_seen)}
            self._reply(json.dumps(counts).encode())
            return
        at = request.find(_ID) + len(_ID)
        name = request[at : at + 36]
        _seen[name] = _seen.get(name, 0) + 1
        if self.delay:
            self.later(self.delay, self._reply, _ANSWER)
        else:
            self._reply(_ANSWER)

    def _reply(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: %d\r\n\r\n"
        if not self._transport.is_closing():  # a worker may be killed while it waits
            self._transport.write(head % len(body) + body)


def _length(head: bytes) -> int:
    at = head.find(_LENGTH)
    return int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def main(delay: float, folder: Path | None) -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    Provider.delay, Provider.later = delay, loop.call_later
    tls = server_context(folder) if folder else None
    server = await loop.create_server(Provider, "127.0.0.1", 0, backlog=1024, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def server_context(folder: Path) -> ssl.SSLContext:
    """A context with a certificate for this machine, of which a copy stands in the folder."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider")]),
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    whole = folder / "provider.key"
    whole.write_bytes(secret + made.public_bytes(pem))
    (folder / CERTIFICATE).write_bytes(made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole)
    return context


if __name__ == "__main__":
    uvloop.run(main(float(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
