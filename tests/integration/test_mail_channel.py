"""Messages by e-mail: when they take that way, what arrives, and what happens where the mail server does not help."""

import smtplib
import ssl
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from sqlalchemy import Text, Uuid, column, null, select, true, update, values

from devtools.standins import fcm, mailbox
from foundation.config import Settings
from foundation.events import EventRecord
from notifications import catalogue, rounds, rules
from notifications.channels.channel import ChannelKind, Envelope, Result
from notifications.channels.fcm import CHANNEL as PUSH
from notifications.channels.fcm import FcmChannel
from notifications.channels.mail import CHANNEL as MAIL
from notifications.channels.mail import MailChannel
from notifications.models import Delivery, Notification
from notifications.rules import Outcome
from notifications.services import devices, inbox, planning
from notifications.services.addressing import Routing
from notifications.services.notifying import notify
from tests.integration.test_notifications_planning import due, phone, plan

NOW = datetime(2026, 4, 14, 2, 0, tzinfo=UTC)
ANNA, BORIS = uuid.UUID(int=1), uuid.UUID(int=2)
MINUTE = timedelta(minutes=1)
WARNINGS: tuple[str, ...] = ("activation.code-issued", "device.added", "resident.activated", "resident.data-erased")
WARNINGS += tuple(f"resident.{act}" for act in ("passkey-added", "passkey-removed", "signed-in"))
WARNINGS += ("resident.sign-in-ended", "resident.sign-in-revoked")


def routing(*written: tuple[uuid.UUID, str, str], kinds=(PUSH, MAIL)) -> Routing:
    """Channels that know the mail addresses of some people: person, language, address."""
    table = values(column("person", Uuid), column("language", Text), column("target", Text), name="book")
    book = table.data(list(written) or [(uuid.UUID(int=0), "", "")])

    def address(person_id):
        known = book.alias()
        found = (known.c.language, true().label("own"), null().label("former"), known.c.target)
        return select(*found).where(known.c.person == person_id)

    return Routing(kinds=kinds, addresses={"mail": address})


@pytest.fixture
def post():
    with mailbox.start() as box:
        yield box


@pytest.fixture
def google():
    with fcm.start() as standin:
        yield standin


@pytest.fixture
def settings(post, google):
    return Settings(fcm_endpoint=google.url, smtp_url=post.url, mail_from="90-day reporting <no-reply@reports.example>")


@pytest.fixture
def push(settings):
    made = FcmChannel(settings, timeout=0.5)
    yield made
    made.close()


def message(database, person=ANNA, event_id=1, kind="report.reopened"):
    event = EventRecord(id=event_id, at=NOW, kind=kind, subject="R-1", person_id=person, data={})
    with database.transaction() as session:
        notify(session, event)


def mail(database, settings, ways, at=NOW, **more):
    return rounds.send_round(database, MailChannel(settings), at, kind=MAIL, routing=ways, **more)


def states(database):
    """Each message with its deliveries."""
    joined = select(Notification.status, Delivery.channel, Delivery.status).outerjoin(Delivery)
    with database.read_session() as session:
        return sorted((tuple(row) for row in session.execute(joined)), key=str)


def test_who_has_no_device_gets_it_by_mail_in_their_language(database, settings, post):
    ways = routing((ANNA, "th", "anna@example.org"), (BORIS, "en", "boris@example.org"))
    message(database)
    message(database, BORIS, event_id=2)
    assert mail(database, settings, ways) == 2
    assert mail(database, settings, ways) == 0
    thai, english = sorted(post.messages, key=lambda each: each.recipients)
    assert thai.subject == "รายงานของท่านกำลังถูกพิจารณาใหม่"
    assert english.subject == "Your report is being looked at again"
    assert english.message["Content-Language"] == "en"
    assert "You will be told of the new decision" in english.text
    assert "http://localhost:8000/#/messages" in english.text
    assert english.message.get_content_type() == "multipart/alternative"
    page = english.message.get_body(("html",)).get_content()
    assert '<html lang="en">' in page
    assert 'href="http://localhost:8000/#/messages"' in page
    assert states(database) == [("sent", "mail", "sent")] * 2


@pytest.mark.parametrize(("language", "beside"), [("my", True), ("de", True), ("th", False), ("en", False)])
def test_english_stands_below_a_language_that_no_speaker_has_read(database, settings, post, language, beside):
    message(database)
    assert mail(database, settings, routing((ANNA, language, "anna@example.org"))) == 1
    (received,) = post.messages
    assert received.message["Content-Language"] == language
    page = received.message.get_body(("html",)).get_content()
    english = "Your report is being looked at again. "
    for text, said in ((received.text, english), (page, f'<p lang="en">{english}')):
        assert (said in text) == beside


def test_the_same_message_sent_again_has_the_same_id_and_date(database, settings, post):
    ways = routing((ANNA, "en", "anna@example.org"))
    message(database)
    mail(database, settings, ways)
    with database.transaction() as session:  # as if the worker had died before it noted the answer
        session.execute(update(Delivery).values(status="pending", next_try_at=NOW))
    mail(database, settings, ways, NOW + timedelta(minutes=5))
    first, again = post.messages
    assert first.message["Message-ID"] == again.message["Message-ID"]
    assert first.message["Date"] == again.message["Date"] == "Tue, 14 Apr 2026 02:00:00 +0000"


def test_push_comes_first_and_mail_follows_where_nobody_opened_it(database, settings, push, post, google):
    ways = routing((ANNA, "en", "anna@example.org"))
    phone(database, ANNA)
    message(database)
    assert rounds.send_round(database, push, NOW, routing=ways) == 1
    assert mail(database, settings, ways, NOW + rules.FALL_BACK - timedelta(minutes=1)) == 0
    assert mail(database, settings, ways, NOW + rules.FALL_BACK + MINUTE) == 1
    assert mail(database, settings, ways, NOW + 2 * rules.FALL_BACK) == 0
    assert len(post.messages) == len(google.messages) == 1


def test_what_was_opened_is_not_mailed(database, settings, push, post):
    ways = routing((ANNA, "en", "anna@example.org"))
    phone(database, ANNA)
    message(database)
    rounds.send_round(database, push, NOW, routing=ways)
    with database.transaction() as session:
        inbox.read(
            session,
            session.scalar(select(Notification.id)),
            person_id=ANNA,
            language="en",
            now=NOW + timedelta(hours=1),
        )
    assert mail(database, settings, ways, NOW + 3 * rules.FALL_BACK) == 0
    assert post.messages == []


def test_what_no_device_took_is_mailed_at_once(database, settings, push, post):
    ways = routing((ANNA, "en", "anna@example.org"))
    phone(database, ANNA, target="unregistered")
    message(database)
    assert rounds.send_round(database, push, NOW, routing=ways) == 0
    assert mail(database, settings, ways, NOW + timedelta(minutes=1)) == 1
    assert states(database) == [("sent", "mail", "sent"), ("sent", "push", "failed")]


def test_whom_no_channel_reaches_has_it_in_the_inbox_only(database, settings, push):
    ways = routing()
    phone(database, ANNA, target="unregistered")
    message(database)
    message(database, BORIS, event_id=2)
    rounds.send_round(database, push, NOW, routing=ways)
    assert mail(database, settings, ways, NOW + timedelta(minutes=1)) == 0
    assert states(database) == [("unreachable", "push", "failed"), ("unreachable", None, None)]


@pytest.mark.parametrize("kind", WARNINGS)
def test_what_warns_of_a_stranger_goes_by_every_channel_at_once(database, settings, push, post, google, kind):
    ways = routing((ANNA, "en", "anna@example.org"))
    phone(database, ANNA)
    message(database)
    with database.transaction() as session:
        session.execute(update(Notification).values(kind=kind, lane=catalogue.lane(kind), params={"on": "2026-11-23"}))
    assert rounds.send_round(database, push, NOW, routing=ways) == 1
    assert mail(database, settings, ways) == 1
    assert len(post.messages) == len(google.messages) == 1


def test_a_reminder_whose_forerunner_nobody_opened_goes_by_every_channel(database, settings, push, post, google):
    ways = routing((ANNA, "en", "anna@example.org"))
    phone(database, ANNA)
    plan(database, due(ANNA, step="seven-days"), routing=ways)
    rounds.send_round(database, push, NOW, routing=ways)
    assert mail(database, settings, ways) == 0
    plan(database, due(ANNA, step="one-day"), NOW + timedelta(hours=2), routing=ways)
    assert rounds.send_round(database, push, NOW + timedelta(hours=2), routing=ways) == 1
    assert mail(database, settings, ways, NOW + timedelta(hours=2)) == 1
    assert (len(google.messages), len(post.messages)) == (2, 1)


def test_a_reminder_of_the_day_itself_is_mailed_on_that_day(database, settings, push):
    ways = routing((ANNA, "en", "anna@example.org"))
    phone(database, ANNA)
    plan(database, due(ANNA, step="due-day"), routing=ways)
    rounds.send_round(database, push, NOW, routing=ways)
    assert mail(database, settings, ways, NOW + timedelta(hours=3, minutes=1)) == 1


def test_nothing_is_mailed_after_filing(database, settings, push, post):
    ways = routing((ANNA, "en", "anna@example.org"))
    phone(database, ANNA)
    plan(database, due(ANNA), routing=ways)
    rounds.send_round(database, push, NOW, routing=ways, due_today=lambda today, begun=None: due(ANNA))
    filed = lambda today, begun=None: due()  # noqa: E731
    assert mail(database, settings, ways, NOW + timedelta(days=2), due_today=filed) == 0
    assert post.messages == []


@pytest.mark.parametrize(("address", "error"), [("refused@example.org", "SMTP 550"), ("no address", "not an address")])
def test_an_address_that_is_refused_is_not_asked_again(database, settings, address, error):
    ways = routing((ANNA, "en", address), (BORIS, "en", "boris@example.org"))
    message(database)
    message(database, BORIS, event_id=2)
    assert mail(database, settings, ways) == 1
    assert mail(database, settings, ways, NOW + timedelta(days=1)) == 0
    assert states(database) == [("sent", "mail", "sent"), ("unreachable", "mail", "failed")]
    with database.read_session() as session:
        assert session.scalars(select(Delivery.error).where(Delivery.status == "failed")).all() == [error]


def test_greylisting_holds_up_one_message_and_no_other(database, settings, post):
    ways = routing((ANNA, "en", "later@example.org"), (BORIS, "en", "boris@example.org"))
    message(database)
    message(database, BORIS, event_id=2)
    assert mail(database, settings, ways) == 1
    assert states(database) == [("pending", "mail", "pending"), ("sent", "mail", "sent")]
    assert [each.recipients for each in post.messages] == [["boris@example.org"]]


def test_a_mail_server_that_is_away_loses_nothing(database, settings, post):
    ways = routing((ANNA, "en", "anna@example.org"))
    message(database)
    port = post.port
    post.stop()
    assert mail(database, settings, ways) == 0
    assert states(database) == [("pending", "mail", "pending")]
    with mailbox.start(port) as back:
        assert mail(database, settings, ways, NOW + timedelta(minutes=5)) == 1
        assert len(back.messages) == 1


def test_in_production_a_server_without_tls_gets_nothing(database, settings, post):
    ways = routing((ANNA, "en", "anna@example.org"))
    message(database)
    strict = replace(settings, environment="production")
    assert mail(database, strict, ways) == 0
    assert post.messages == []
    with database.read_session() as session:
        assert session.scalars(select(Delivery.error)).all() == ["MAIL_SERVER_DOWN: the mail server offers no TLS"]


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "smtps"])
def test_in_production_mail_goes_over_tls(database, settings, tmp_path, monkeypatch, implicit):
    ways = routing((ANNA, "en", "anna@example.org"))
    message(database)
    context = mailbox.own_certificate(tmp_path)
    real = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: real(cafile=tmp_path / "mailbox.pem"))
    with mailbox.start(tls=context, implicit=implicit) as secure:
        strict = replace(settings, environment="production", smtp_url=secure.url.replace("127.0.0.1", "localhost"))
        assert mail(database, strict, ways) == 1
        assert [each.over_tls for each in secure.messages] == [True]


def test_a_certificate_that_is_not_trusted_gets_nothing(database, settings, tmp_path):
    ways = routing((ANNA, "en", "anna@example.org"))
    message(database)
    with mailbox.start(tls=mailbox.own_certificate(tmp_path)) as secure:
        untrusted = replace(settings, smtp_url=secure.url.replace("127.0.0.1", "localhost"))
        assert mail(database, untrusted, ways) == 0
        assert secure.messages == []


def test_hostile_words_do_not_become_markup_or_headers(settings):
    envelope = Envelope(
        uuid.uuid4(), uuid.uuid4(), "report.reopened", 0, "mail", "a@example.org", "<b>T</b>", "<script>1</script>"
    )
    envelope = replace(envelope, language="my", english="<script>2</script>")
    composed = MailChannel(settings).compose(envelope)
    assert "<script>" not in composed.html
    assert "&lt;b&gt;T" in composed.html


def test_one_connection_carries_a_batch(database, settings, post, monkeypatch):
    opened = []
    inner = smtplib.SMTP.connect
    monkeypatch.setattr(smtplib.SMTP, "connect", lambda self, *a, **k: (opened.append(1), inner(self, *a, **k))[1])
    people = [uuid.UUID(int=number) for number in range(1, 11)]
    ways = routing(*((person, "en", f"p{person.int}@example.org") for person in people))
    for person in people:
        message(database, person, event_id=person.int)
    assert mail(database, settings, ways) == 10
    assert len(opened) == 1


class Line:
    """A channel of another provider, as its file would have it."""

    def __init__(self, settings):
        self.taken = []

    def send(self, envelopes):
        self.taken += [(envelope.target_kind, envelope.target) for envelope in envelopes]
        return [Result(envelope.delivery_id, Outcome.SENT, provider_id="line") for envelope in envelopes]

    def close(self):
        """Nothing is held."""


def test_a_fourth_channel_is_one_more_line(database, settings, push, post):
    line = ChannelKind(name="line", rank=2, open=Line, targets=frozenset({"line"}))
    ways = routing((ANNA, "en", "anna@example.org"), kinds=(PUSH, MAIL, line))
    with database.transaction() as session:
        registration = devices.Registration("android", "line", "U4af4980629", "en")
        devices.register(session, "line", person_id=ANNA, family=None, registration=registration, now=NOW)
    phone(database, ANNA)
    message(database)
    assert rounds.send_round(database, push, NOW, routing=ways) == 1
    assert mail(database, settings, ways, NOW + rules.FALL_BACK + MINUTE) == 1
    opened = line.open(settings)
    later = NOW + 2 * rules.FALL_BACK + 2 * MINUTE
    assert rounds.send_round(database, opened, later, kind=line, routing=ways) == 1
    assert opened.taken == [("line", "U4af4980629")]
    assert states(database) == [("sent", "line", "sent"), ("sent", "mail", "sent"), ("sent", "push", "sent")]


@pytest.mark.parametrize(("step", "attached"), [("window-opens", True), ("seven-days", False)])
def test_the_mail_that_opens_the_window_brings_the_due_date_as_a_calendar(database, settings, post, step, attached):
    ways = routing((ANNA, "th", "anna@example.org"))
    with database.transaction() as session:
        planning.plan(session, due(ANNA, step=step), now=NOW, routing=ways)
    assert mail(database, settings, ways, NOW + timedelta(hours=2)) == 1
    (message,) = post.messages
    files = [part for part in message.message.iter_attachments() if part.get_content_type() == "text/calendar"]
    assert len(files) == attached
    for part in files:
        assert part.get_filename() == "report.ics"
        (event,) = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
        assert event["DTSTART"].dt == date(2026, 4, 14)
        assert str(event["SUMMARY"]) == message.subject
