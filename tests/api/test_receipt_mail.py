"""The receipt by mail: it comes with the acceptance, once, to an address that its person gave, while they want mail."""

import re
import uuid
from datetime import timedelta
from email import policy

import pytest

from devtools.standins import mailbox
from foundation.config import Settings
from foundation.db import Session
from foundation.words import LANGUAGES
from immigration.services import enclosing
from notifications import rounds
from notifications.channels.mail import CHANNEL as MAIL
from notifications.channels.mail import MailChannel
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import activate, approve, arrived, load, officer, query, row
from tests.linking import relay

OWN = "alix@home.example"
LATER = NOW + timedelta(minutes=1)


@pytest.fixture(scope="module")
def server():
    with mailbox.start() as box:
        yield box


@pytest.fixture
def post(server):
    server.clear()
    return server


@pytest.fixture
def person(app):
    """A resident whose reports are accepted at once, and who gave an address."""
    arrived(app)
    person = activate(app)
    change(person, email=OWN)
    return person


def change(person, **details):
    assert person.client.patch("/api/v1/me", json=details, headers=person.headers).status_code == 200


def wants(person, *, mail):
    wanted = {"hour": None, "optional_reminders": True, "mail": mail}
    assert person.client.put("/api/v1/me/reminders", json=wanted, headers=person.headers).status_code == 200


def deliver(app, post, at=LATER, **more):
    """What the worker does by mail; how many messages the server took."""
    relay(app)
    services = services_of(app)
    channel = MailChannel(Settings(smtp_url=post.url, public_url="https://reports.example"))
    return rounds.send_round(services.database, channel, at, kind=MAIL, routing=services.routing, **more)


def receipts(post):
    """The mails that bring a receipt."""
    return [each for each in post.messages if any(True for part in each.message.iter_attachments())]


def statement(mail):
    (file,) = mail.message.iter_attachments()
    return file.get_filename(), file.get_content().strip()


def test_an_accepted_report_brings_its_receipt_as_a_page_and_its_statement(app, client, person, post):
    report = person.file().json
    deliver(app, post)
    (mail,) = receipts(post)
    number = report["receipt"]["number"]
    assert (mail.recipients, mail.subject) == ([OWN], "Your report is accepted")
    name, signed = statement(mail)
    assert name == f"receipt-{number}.txt"
    verdict = client.post("/api/v1/receipts/verify", json={"receipt": signed}).json
    assert (verdict["valid"], verdict["says"]["receipt"]) == (True, number)
    page = mail.message.get_body(("html",)).get_content()
    for text in (number, report["number"], "27 February 2027<br>27 ก.พ. 2570", "@media print", "FRA ••••••001"):
        assert text in page
    for text in (number, "Next report due / ", "27 February 2027 / 27 ก.พ. 2570"):
        assert text in mail.text
    (picture,) = [part for part in mail.message.walk() if part.get_content_type() == "image/png"]
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in page
    assert picture.get_payload(decode=True).startswith(b"\x89PNG")
    whole = mail.message.as_string(policy=policy.default) + page + mail.text
    assert not re.search("DURAND|ALIX|TEST00001|Sukhumvit", whole)


@pytest.mark.parametrize(("language", "subject"), [("th", "รายงาน"), ("de", "Meldung")])
def test_it_is_in_the_language_of_its_person_and_in_thai(app, person, post, language, subject):
    change(person, language=language)
    person.file()
    deliver(app, post)
    (mail,) = receipts(post)
    assert subject in mail.subject
    assert "เลขที่" in mail.text
    assert mail.message["Content-Language"] == language
    assert (" / " in mail.text) is (language != "th")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_all_lines(app, person, language):
    number = person.file().json["number"]
    with services_of(app).database.transaction() as session:
        found = enclosing.receipt(session, uuid.UUID(person.id), {"number": number}, language)
    assert len({label for label, _ in found.lines}) == 6
    assert found.caption


def test_it_comes_once(app, person, post):
    person.file()
    for minutes in (1, 2, 60 * 25, 60 * 72):
        deliver(app, post, NOW + timedelta(minutes=minutes))
    assert len(receipts(post)) == 1


def test_it_comes_at_once_beside_a_message_on_the_phone(app, person, post):
    device = {"platform": "android", "kind": "token", "target": "a-phone", "language": "en"}
    person.client.put("/api/v1/devices/phone", json=device, headers=person.headers)
    person.file()
    deliver(app, post)
    assert len(receipts(post)) == 1


def test_who_wants_no_mail_gets_none(app, person, post):
    wants(person, mail=False)
    person.file()
    deliver(app, post)
    deliver(app, post, NOW + timedelta(days=2))
    assert receipts(post) == []


def test_who_says_so_while_it_is_on_its_way_gets_none(app, person, post):
    person.file()
    post.mode = mailbox.Mode.REFUSES
    deliver(app, post)
    post.mode = mailbox.Mode.TAKES
    assert query(app, "select count(*) from deliveries where channel = 'mail' and status = 'pending'") != [(0,)]
    wants(person, mail=False)
    deliver(app, post, NOW + timedelta(hours=1))
    assert receipts(post) == []


def test_nothing_comes_after_the_data_were_erased(app, person, post, clock):
    person.file()
    post.mode = mailbox.Mode.REFUSES
    deliver(app, post)
    post.mode = mailbox.Mode.TAKES
    assert person.post("/me/erasure").status_code == 200
    deliver(app, post, NOW + timedelta(hours=1))
    assert receipts(post) == []
    assert "Your report is accepted" not in [mail.subject for mail in post.messages]


def test_the_address_given_on_arrival_gets_no_receipt(app, post):
    arrived(app)
    activate(app).file()
    deliver(app, post)
    assert {tuple(mail.recipients) for mail in post.messages} == {("alix@example.org",)}
    assert receipts(post) == []


def test_a_receipt_that_became_void_is_not_mailed(app, person, post):
    number = person.file().json["number"]
    boss = officer(app, role="supervisor")
    approve(app, boss.post(f"/review/reports/{number}/reopening", {"note": "Look again."}))
    deliver(app, post)
    assert receipts(post) == []


def test_nobody_gets_the_receipt_of_another_person(app, person):
    number = person.file().json["number"]
    load(app, "passports", row("passports", document_number="TEST00002"))
    other = uuid.UUID(activate(app, "TEST00002").id)

    def found(session: Session, whose: uuid.UUID, about: str | None):
        return enclosing.receipt(session, whose, {"number": about}, "en")

    with services_of(app).database.transaction() as session:
        assert found(session, other, number) is None
        assert found(session, uuid.UUID(person.id), None) is None
        assert found(session, uuid.UUID(person.id), "x" * 5000) is None
