"""E-mail: a message as plain text and HTML, in the person's language, over one connection for a batch.

Below a language that no speaker has read it stands in English too. A document that goes with a message is part of the
page, to be printed; its signed text is a file, and a QR code.
"""

import io
import logging
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from smtplib import SMTP
from urllib.parse import urlsplit

from foundation import ics
from foundation.clock import system_clock
from foundation.config import Settings
from foundation.ics import Day
from foundation.mail import Attachment, Enclosure, Mail, MailDelayed, MailRefused, MailServerDown, SmtpMailer
from foundation.words import LANGUAGES, sentence
from notifications import catalogue
from notifications.channels.channel import ChannelKind, Envelope, Result
from notifications.rules import Outcome

BATCH = 15
"""Each exchange with a mail server may take ten seconds, and the batch has to be over before its lease is."""

_PAGE = """\
<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>@media print {{ .screen {{ display: none }} }}</style></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em; margin: auto; padding: 1em">
<h1 style="font-size: 1.25em">{title}</h1>
<p>{body}</p>
{english}{enclosed}<p class="screen"><a href="{link}">{open}</a></p>
<hr class="screen">
<p class="screen">{why}</p>
</body>
</html>
"""
_ENCLOSED = """<table style="border-collapse: collapse; width: 100%">
{lines}</table>
<p><img src="cid:{picture}" alt="{caption}" width="280" height="280" style="background: #fff"><br>{caption}</p>
"""
_LINE = """\
<tr style="border-top: 1px solid #ccc">
<th scope="row" style="text-align: left; font-weight: normal; padding: .4em 1em .4em 0">{label}</th>
<td style="padding: .4em 0"><strong>{value}</strong></td>
</tr>
"""
_PICTURE = "statement"
OPENING = f"{catalogue.REMINDER}window-opens"
_BEST = (Outcome.SENT, Outcome.RETRY, Outcome.FAILED)
_log = logging.getLogger(__name__)


class MailChannel:
    """A `Channel` over SMTP."""

    def __init__(self, settings: Settings) -> None:
        """Know the mail server; in production one without TLS gets nothing."""
        self._mailer = SmtpMailer(settings.smtp_url, settings.mail_from, require_tls=settings.production)
        self._app = settings.public_url.rstrip("/")

    def send(self, envelopes: Sequence[Envelope]) -> list[Result]:
        """Try each message once; a server that does not answer any more is not asked for the rest."""
        results: list[Result] = []
        try:
            with self._mailer.connected() as connection:
                for envelope in envelopes:
                    results.append(self._send(connection, envelope))
        except MailServerDown as error:
            _log.warning("mail: %s", error)
            code = f"MAIL_SERVER_DOWN: {error}"
            results += [Result(e.delivery_id, Outcome.RETRY, error_code=code) for e in envelopes[len(results) :]]
        return results

    def close(self) -> None:
        """Nothing is held between batches."""

    def _send(self, connection: SMTP, envelope: Envelope) -> Result:
        """One try of each address; sent where one of them took it. Raises MailServerDown."""
        addressed = [replace(envelope, target=target) for target in (envelope.target, *envelope.also)]
        results = [self._send_one(connection, each) for each in addressed]
        return next((result for outcome in _BEST for result in results if result.outcome == outcome), results[0])

    def _send_one(self, connection: SMTP, envelope: Envelope) -> Result:
        mail = self.compose(envelope)
        try:
            self._mailer.send_over(connection, mail)
        except MailServerDown:
            raise
        except MailRefused as error:
            return Result(envelope.delivery_id, Outcome.FAILED, error_code=str(error))
        except MailDelayed as error:
            return Result(envelope.delivery_id, Outcome.RETRY, error_code=str(error), of_target=True)
        return Result(envelope.delivery_id, Outcome.SENT, provider_id=mail.key)

    def compose(self, envelope: Envelope) -> Mail:
        """A message as mail: what it says, its document, a link into the app, and why the person gets it."""
        language = envelope.language if envelope.language in LANGUAGES else LANGUAGES[0]
        link = f"{self._app}/#/{'home' if envelope.kind.startswith(catalogue.REMINDER) else 'messages'}"
        words = {name: sentence(language, "mail", name) for name in ("open", "why")}
        enclosed = envelope.enclosure.lines if envelope.enclosure else ()
        lines = "\n".join([f"{label}: {value}" for label, value in enclosed] + [""] * bool(enclosed) * 2)
        said = "\n\n".join(filter(None, (envelope.body, envelope.english)))
        text = f"{said}\n\n{lines}{words['open']}: {link}\n\n-- \n{words['why']}\n"
        shown = {"title": envelope.title, "body": envelope.body, "link": link, "language": language, **words}
        safe = {name: escape(value) for name, value in shown.items()}
        english = f'<p lang="en">{escape(envelope.english)}</p>\n' if envelope.english else ""
        enclosed_page = _page(envelope.enclosure) if envelope.enclosure else ""
        return Mail(
            to=envelope.target,
            subject=envelope.title,
            text=text,
            html=_PAGE.format_map(safe | {"english": english, "enclosed": enclosed_page}),
            key=f"notification-{envelope.notification_id}",
            written_at=envelope.written_at or system_clock(),
            headers={"Content-Language": language} | self._unsubscribe(envelope),
            attachments=(*self._calendar(envelope), *(_files(envelope.enclosure) if envelope.enclosure else ())),
        )

    def _calendar(self, envelope: Envelope) -> tuple[Attachment, ...]:
        """The due date for the person's own calendar, with the message that the window is open."""
        if envelope.kind != OPENING or envelope.due_on is None:
            return ()
        day = Day(
            key=f"due-{envelope.notification_id}",
            on=envelope.due_on,
            summary=envelope.title,
            description=envelope.body,
        )
        written_at = envelope.written_at or system_clock()
        domain = urlsplit(self._app).hostname or "localhost"
        content = ics.calendar([day], domain=domain, link=f"{self._app}/", written_at=written_at)
        return (Attachment("report.ics", "text/calendar", content.encode()),)

    def _unsubscribe(self, envelope: Envelope) -> dict[str, str]:
        """Where such mails are switched off, for those that may be (RFC 2369); it takes a sign-in."""
        return {"List-Unsubscribe": f"<{self._app}/#/more>"} if envelope.optional else {}


def _page(enclosure: Enclosure) -> str:
    """The part of the page that shows a document."""
    lines = (_LINE.format(label=_broken(label), value=_broken(value)) for label, value in enclosure.lines)
    return _ENCLOSED.format(lines="".join(lines), picture=_PICTURE, caption=escape(enclosure.caption))


def _broken(text: str) -> str:
    """Safe text, with what it says in another language on a line of its own."""
    return escape(text).replace(" / ", "<br>")


def _files(enclosure: Enclosure) -> tuple[Attachment, ...]:
    """The signed text as a picture that the page shows, and as a file."""
    import segno  # noqa: PLC0415 - only the worker sends

    picture = io.BytesIO()
    segno.make(enclosure.signed, error="l", micro=False).save(picture, kind="png", scale=4, border=4)
    return (
        Attachment("statement.png", "image/png", picture.getvalue(), shown_as=_PICTURE),
        Attachment(enclosure.file_name, "text/plain", enclosure.signed.encode()),
    )


CHANNEL = ChannelKind(name="mail", rank=1, open=MailChannel, batch=BATCH)
