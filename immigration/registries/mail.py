"""Mail to people: what a message is, who can carry it, and the carrier that speaks SMTP."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Protocol
from urllib.parse import unquote, urlsplit

from immigration.rules import contacts

TIMEOUT = 10.0
"""Seconds that one exchange with the mail server may take."""


class MailRefused(Exception):
    """The message can never be delivered: the address is not one, or its server refused for good."""


class MailDelayed(Exception):
    """This message was not taken now; it may be later."""


class MailServerDown(MailDelayed):
    """No message is taken now: the mail server does not answer, or does not let us in."""


@dataclass(frozen=True)
class Mail:
    """A message to one person. `key` makes its Message-ID: sent again, it is the same message."""

    to: str
    subject: str
    text: str
    key: str
    written_at: datetime


class Mailer(Protocol):
    """Who carries mail."""

    def send(self, mail: Mail) -> None:
        """Hand a message over; raises MailRefused, MailDelayed or MailServerDown."""


class SmtpMailer:
    """Carries mail by SMTP: `smtp://` (TLS when the server offers it) or `smtps://`, with credentials from the URL."""

    def __init__(self, smtp_url: str, mail_from: str) -> None:
        self._url = urlsplit(smtp_url)
        self._from = mail_from
        self._domain = parseaddr(mail_from)[1].rpartition("@")[2] or "localhost"

    def send(self, mail: Mail) -> None:
        """Hand a message over; raises MailRefused, MailDelayed or MailServerDown."""
        message = self._compose(mail)
        try:
            connection = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerDown(type(error).__name__) from error
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
        finally:
            with suppress(OSError):  # the message is handed over or not, whatever the server says to a farewell
                connection.quit()
            connection.close()

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
            if self._url.username:
                connection.login(unquote(self._url.username), unquote(self._url.password or ""))
        except BaseException:
            connection.close()
            raise
        return connection


def _recipient(typed: str) -> Address:
    """An address as a header takes it. A domain goes as IDNA, so that only a local part can need SMTPUTF8 (RFC 6531).

    Raises ValueError for what is no address; records from before such were refused may hold one.
    """
    local_part, _, domain = contacts.normalise_email(typed).rpartition("@")
    domain = domain if domain.isascii() else domain.encode("idna").decode()
    if not local_part.isascii():
        return Address(username=local_part, domain=domain)
    return Address(addr_spec=f"{local_part}@{domain}")


def _refusal(code: int) -> Exception:
    """What an answer about one message means. Source: RFC 5321, 4.2.1: 5yz is for good, 4yz for now."""
    return MailRefused(f"SMTP {code}") if code >= 500 else MailDelayed(f"SMTP {code}")
