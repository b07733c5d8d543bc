"""Stands in for a mail server: takes every message over SMTP, delivers none, and shows what it took."""

import argparse
import asyncio
import json
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 1_000


@dataclass(frozen=True)
class Mail:
    """A message as it arrived: the envelope's sender and recipients, and the parsed message."""

    sender: str
    recipients: list[str]
    message: EmailMessage

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

    A recipient whose address contains `refused` is refused (550), one with `later` put off (451).
    """

    def __init__(self, host: str, port: int, keep: Path | None) -> None:
        self._mails: deque[Mail] = deque(maxlen=KEPT)
        self._taken = 0
        self._keep = keep
        self._connections: list[SMTP] = []
        self._loop = asyncio.new_event_loop()
        try:
            self._server = self._loop.run_until_complete(self._loop.create_server(self._connect, host, port))
        except OSError:
            self._loop.close()
            raise
        self.host = host
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address, for SMTP_URL."""
        return f"smtp://{self.host}:{self.port}"

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
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a message."""
        content = envelope.original_content or b""
        mail = Mail(
            envelope.mail_from or "", list(envelope.rcpt_tos), message_from_bytes(content, policy=policy.default)
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
        connection = SMTP(self, loop=self._loop, enable_SMTPUTF8=True, hostname="mailbox.localhost")
        self._connections = [each for each in self._connections if each.transport] + [connection]
        return connection

    def stop(self) -> None:
        """Stop listening and end every connection."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._close())
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


def start(port: int = 0, *, host: str = "127.0.0.1", keep: Path | None = None) -> Mailbox:
    """Start on `port` (0: any free one), writing each message to the folder `keep` (.eml, messages.jsonl) if given."""
    return Mailbox(host, port, keep)


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
