"""Stands in for a mail server: takes every message over SMTP, delivers none, and shows what it took."""

import argparse
import asyncio
import json
import logging
import ssl
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from foundation.clock import system_clock

logging.getLogger("mail.log").setLevel(logging.WARNING)  # every line of the protocol would be logged

KEPT = 1_000
HANGS = 60.0
"""Seconds; longer than anyone waits."""


class Mode(StrEnum):
    """What a mail server does with recipients; `greylists`: takes each at the second try only."""

    TAKES = "takes"
    REFUSES = "refuses"
    GREYLISTS = "greylists"
    HANGS = "hangs"


@dataclass(frozen=True)
class Mail:
    """A message as it arrived: the envelope's sender and recipients, the parsed message, whether over TLS."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    over_tls: bool = False

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(self.message.get("Subject", ""))

    @property
    def text(self) -> str:
        """The plain text part with plain line ends, or nothing."""
        part = self.message.get_body(("plain",))
        return str(part.get_content()).replace("\r\n", "\n") if part else ""


class Mailbox:
    """A running mail sink.

    A recipient whose address contains `refused` is refused (550), one with `later` put off (451). With `tls` it takes
    mail over TLS only: after STARTTLS, or from the start where `implicit`. `mode` is what it does with all others.
    """

    def __init__(
        self, host: str, port: int, keep: Path | None, tls: ssl.SSLContext | None = None, *, implicit: bool = False
    ) -> None:
        self.mode = Mode.TAKES
        self._greylisted: set[str] = set()
        self._mails: deque[Mail] = deque(maxlen=KEPT)
        self._taken = 0
        self._keep = keep
        self._connections: list[SMTP] = []
        self._tls, self._implicit = tls, implicit
        # The server runs in a thread with a loop of its own: the caller's thread may have a running loop already.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            listening = self._loop.create_server(self._connect, host, port, ssl=tls if implicit else None)
            self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()
        except OSError:
            self._end_loop()
            raise
        self.host = host
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        """Its address, for SMTP_URL."""
        return f"{'smtps' if self._implicit else 'smtp'}://{self.host}:{self.port}"

    @property
    def messages(self) -> list[Mail]:
        """What arrived, oldest first."""
        return list(self._mails)

    def clear(self) -> None:
        """Forget what arrived."""
        self._mails.clear()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or refuse one whose address asks for it."""
        if "refused" in address:
            return "550 No such mailbox here"
        if "later" in address:
            return "451 Try again later"
        if self.mode is Mode.HANGS:
            await asyncio.sleep(HANGS)
        if self.mode is Mode.REFUSES:
            return "421 Service not available"
        if self.mode is Mode.GREYLISTS and address not in self._greylisted:
            self._greylisted.add(address)
            return "450 Greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a message."""
        content = envelope.original_content or b""
        mail = Mail(
            envelope.mail_from or "",
            list(envelope.rcpt_tos),
            message_from_bytes(content, policy=policy.default),
            over_tls=session.ssl is not None or self._implicit,
        )
        self._mails.append(mail)
        self._taken += 1
        if self._keep:
            self._write(mail, content)
        return "250 Message kept"

    def _write(self, mail: Mail, content: bytes) -> None:
        assert self._keep
        self._keep.mkdir(parents=True, exist_ok=True)
        name = f"{self._taken:06}.eml"
        (self._keep / name).write_bytes(content)
        line = {"file": name, "from": mail.sender, "to": mail.recipients, "subject": mail.subject, "text": mail.text}
        with open(self._keep / "messages.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _connect(self) -> SMTP:
        upgrade = None if self._implicit else self._tls
        connection = SMTP(
            self,
            loop=self._loop,
            enable_SMTPUTF8=True,
            hostname="mailbox.localhost",
            tls_context=upgrade,
            require_starttls=upgrade is not None,
        )
        self._connections = [each for each in self._connections if each.transport] + [connection]
        return connection

    def stop(self) -> None:
        """Stop listening and end every connection."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._end_loop()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        for connection in self._connections:
            if connection.transport:
                connection.transport.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # lets the transports close

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    port: int = 0,
    *,
    host: str = "127.0.0.1",
    keep: Path | None = None,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
) -> Mailbox:
    """Start on `port` (0: any free one), writing each message to the folder `keep` (.eml, messages.jsonl) if given."""
    return Mailbox(host, port, keep, tls, implicit=implicit)


def own_certificate(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate for localhost that it signed itself, also written to `mailbox.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = system_clock()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "mailbox.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "mailbox.key").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "mailbox.pem", folder / "mailbox.key")
    return context


def main() -> None:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m devtools.standins.mailbox", description=__doc__)
    parser.add_argument("--port", type=int, default=1025)
    parser.add_argument("--keep", type=Path, help="a folder for the messages")
    options = parser.parse_args()
    with start(options.port, keep=options.keep) as mailbox:
        print(f"Mailbox on {mailbox.url} (SMTP_URL={mailbox.url})", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
