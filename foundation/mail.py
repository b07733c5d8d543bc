"""Mail to people: what a message is, who can carry it, and the carrier that speaks SMTP."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Protocol
from urllib.parse import unquote, urlsplit

TIMEOUT = 10.0
"""Seconds that one exchange with the mail server may take."""


class MailRefused(Exception):
    """The message can never be delivered: the address is not one, or its server refused for good."""


class MailDelayed(Exception):
    """This message was not taken now; it may be later."""


class MailServerDown(MailDelayed):
    """No message is taken now: the mail server does not answer, or does not let us in."""


class TlsMissing(MailServerDown):
    """The mail server offers no TLS, which is required here: nothing is sent in clear text."""


@dataclass(frozen=True)
class Attachment:
    """A file of a message, with its media type; one with a `shown_as` is a picture that the page shows as `cid:`."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    shown_as: str | None = None


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """A signed document that goes with a message: what it says, line by line, and the signed text as a file.

    The text is shown as a QR code as well, with `caption` beside it.
    """

    lines: tuple[tuple[str, str], ...] = field(repr=False)
    caption: str
    signed: str = field(repr=False)
    file_name: str


@dataclass(frozen=True)
class Mail:
    """A message to one person. `key` makes its Message-ID: sent again, it is the same message.

    `html` is the same text for those who read mail with formats; `headers` are more than those that every mail has.
    """

    to: str
    subject: str
    text: str
    key: str
    written_at: datetime
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class Mailer(Protocol):
    """Who carries mail."""

    def send(self, mail: Mail) -> None:
        """Hand a message over; raises MailRefused, MailDelayed or MailServerDown."""


class SmtpMailer:
    """Carries mail by SMTP: `smtp://` (TLS when the server offers it) or `smtps://`, with credentials from the URL.

    With `require_tls`, as in production, a server without TLS gets nothing. A server's certificate is checked where
    TLS is used.
    """

    def __init__(self, smtp_url: str, mail_from: str, *, require_tls: bool = False) -> None:
        self._url = urlsplit(smtp_url)
        self._from = mail_from
        self._domain = parseaddr(mail_from)[1].rpartition("@")[2] or "localhost"
        self._require_tls = require_tls

    def send(self, mail: Mail) -> None:
        """Hand a message over on a connection of its own; raises MailRefused, MailDelayed or MailServerDown."""
        message = self._compose(mail)
        with self.connected() as connection:
            _hand_over(connection, message)

    @contextmanager
    def connected(self) -> Iterator[smtplib.SMTP]:
        """A connection for several messages, see `send_over`. Raises MailServerDown."""
        try:
            connection = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerDown(type(error).__name__) from error
        try:
            yield connection
        finally:
            # The messages are handed over or not, whatever the server says to a farewell.
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
            connection.close()

    def send_over(self, connection: smtplib.SMTP, mail: Mail) -> None:
        """Hand a message over on a connection that is open; raises as `send` does."""
        _hand_over(connection, self._compose(mail))

    def _compose(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        try:
            message["To"] = _recipient(mail.to)
        except (MessageError, ValueError, LookupError, AttributeError) as error:  # the parser stumbles over some
            raise MailRefused("not an address") from error
        message["From"] = self._from
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(mail.written_at)
        message["Message-ID"] = f"<{mail.key}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office reply, please
        message.set_content(mail.text)
        if mail.html:
            message.add_alternative(mail.html, subtype="html")
        for attachment in mail.attachments:
            _attach(message, attachment)
        for name, value in mail.headers.items():
            message[name] = value
        return message

    def _connect(self) -> smtplib.SMTP:
        host, secure = self._url.hostname or "localhost", self._url.scheme == "smtps"
        context = ssl.create_default_context()
        connection: smtplib.SMTP
        if secure:
            connection = smtplib.SMTP_SSL(host, self._url.port or 465, timeout=TIMEOUT, context=context)
        else:
            connection = smtplib.SMTP(host, self._url.port or 25, timeout=TIMEOUT)
        try:
            connection.ehlo()
            if not secure and connection.has_extn("starttls"):
                connection.starttls(context=context)
                connection.ehlo()
            elif not secure and self._require_tls:
                raise TlsMissing("the mail server offers no TLS")
            if self._url.username:
                connection.login(unquote(self._url.username), unquote(self._url.password or ""))
        except BaseException:
            connection.close()
            raise
        return connection


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    """Add a file at the end, or a picture beside the page that shows it (RFC 2387)."""
    main, _, sub = attachment.media_type.partition("/")
    page = message.get_body(("html",)) if attachment.shown_as else None
    if page is None:
        message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.name)
    else:
        page.add_related(
            attachment.content,
            maintype=main,
            subtype=sub,
            cid=f"<{attachment.shown_as}>",
            filename=attachment.name,
            disposition="inline",
        )


def _hand_over(connection: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        connection.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        raise _refusal(max(code for code, _ in error.recipients.values())) from error
    except smtplib.SMTPNotSupportedError as error:
        raise MailRefused("the server cannot write to this address") from error
    except smtplib.SMTPDataError as error:
        raise _refusal(error.smtp_code) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerDown(type(error).__name__) from error


def _recipient(address: str) -> Address:
    """An address as a header takes it. A domain goes as IDNA, so that only a local part can need SMTPUTF8 (RFC 6531).

    Raises ValueError for what is no address; records from before such were refused may hold one.
    """
    local_part, _, domain = address.strip().rpartition("@")
    if not local_part or not domain or not address.isprintable():
        raise ValueError("not an address")
    domain = domain if domain.isascii() else domain.encode("idna").decode()
    if not local_part.isascii():
        return Address(username=local_part, domain=domain)
    return Address(addr_spec=f"{local_part}@{domain}")


def _refusal(code: int) -> Exception:
    """What an answer about one message means. Source: RFC 5321, 4.2.1: 5yz is for good, 4yz for now."""
    return MailRefused(f"SMTP {code}") if code >= 500 else MailDelayed(f"SMTP {code}")
