"""Activation codes by mail."""

import smtplib
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from devtools.standins import mailbox
from foundation.mail import Mail, MailDelayed, MailRefused, MailServerDown, SmtpMailer
from immigration.models.access import ActivationCode, ActivationRequest
from immigration.models.people import Passport
from immigration.rules.activations import Claim
from immigration.rules.birth_dates import BirthDate
from immigration.services import activations
from immigration.services.code_mail import code_of, mail_codes
from tests.access import BIRTH, add_person, arrival
from tests.conftest import NOW

CLAIM = Claim("EX1000001", "FRA", BIRTH)
MAIL = Mail("chloe@example.org", "รหัส", "Code 4XQ27-K3M9P\n", "activation-1", NOW)


class RecordingMailer:
    """Keeps mail instead of sending it, or raises `trouble`."""

    def __init__(self):
        self.kept, self.trouble = [], None

    def send(self, mail):
        if self.trouble:
            raise self.trouble
        self.kept.append(mail)


@pytest.fixture
def mailer():
    return RecordingMailer()


@pytest.fixture
def inbox():
    box = mailbox.start()
    yield box
    box.stop()


def ask(database, claim=CLAIM, *, network="192.0.2.0/24", place=0, now=NOW, times=1):
    with database.transaction() as session:
        for _ in range(times):
            activations.request_code(session, claim, network=network, place=place, now=now)


def outcomes(database):
    with database.read_session() as session:
        rows = select(ActivationRequest.outcome).order_by(ActivationRequest.requested_at, ActivationRequest.id)
        return session.scalars(rows).all()


def activate(database, code, now=NOW):
    with database.transaction() as session:
        return activations.activate(session, CLAIM, code, network="192.0.2.0/24", now=now)


def code_in(mail) -> str:
    return mail.text.splitlines()[0].rpartition(" ")[2]


def test_a_code_goes_to_the_contact_given_on_arrival(database, inbox):
    person = add_person(database, email="chloe@example.org")
    ask(database)
    assert mail_codes(database, SmtpMailer(inbox.url, "90-day reporting <no-reply@reports.example>"), NOW) == 1
    (mail,) = inbox.messages
    assert mail.recipients == ["chloe@example.org"]
    assert "รหัสเปิดใช้งาน" in mail.subject
    assert "24 hours" in mail.text
    assert "24 ชั่วโมง" in mail.text
    assert mail.message["Message-ID"].endswith("@reports.example>")
    grant = activate(database, code_in(mail))
    assert (grant.person_id, grant.assurance) == (person, "mail")
    assert outcomes(database) == ["sent"]


def test_a_round_with_nothing_to_do_does_nothing(database, mailer):
    assert mail_codes(database, mailer, NOW) == 0


@pytest.mark.parametrize(
    "claim",
    [
        Claim("EX9999999", "FRA", BIRTH),
        Claim("EX1000001", "DEU", BIRTH),
        Claim("EX1000001", "FRA", BirthDate(1990, 5, 18)),
        Claim("EX1000001", "FRA", BirthDate(1990, 5)),
    ],
)
def test_nothing_goes_out_where_nothing_matches(database, mailer, claim):
    add_person(database, email="chloe@example.org")
    ask(database, claim)
    assert mail_codes(database, mailer, NOW) == 0
    assert outcomes(database) == ["no-match"]


@pytest.mark.parametrize("claimed", [BirthDate(1968), BirthDate(1968, 5, 17)])
def test_a_part_of_the_birth_date_that_the_records_lack_is_not_asked(database, mailer, claimed):
    add_person(database, email="chloe@example.org", born=BirthDate(1968))
    ask(database, Claim("EX1000001", "FRA", claimed))
    assert mail_codes(database, mailer, NOW) == 1


def test_requests_with_a_misread_number_count_as_those_of_the_passport(database, mailer):
    add_person(database, email="chloe@example.org")
    for number, typed in enumerate(("EX1000001", "EXI00000I", "EXIOOOOOI", "EX100000I")):
        claim = Claim(typed, "FRA", BIRTH)
        ask(database, claim, network=f"192.0.{number}.0/24", now=NOW + timedelta(seconds=number))
    assert mail_codes(database, mailer, NOW + timedelta(minutes=1)) == 3
    assert outcomes(database) == ["sent"] * 3 + ["throttled"]


@pytest.mark.parametrize("status", ["lost", "stolen"])
def test_nothing_goes_out_for_a_lost_or_stolen_passport(database, mailer, status):
    add_person(database, email="chloe@example.org", status=status)
    ask(database)
    assert mail_codes(database, mailer, NOW) == 0
    assert outcomes(database) == ["no-match"]


def test_nothing_goes_out_for_a_replaced_passport(database, mailer):
    person = add_person(database, email="chloe@example.org")
    add_person(database, "EX2000001", replaces="EX1000001", person_id=person)
    ask(database)
    assert mail_codes(database, mailer, NOW) == 0
    ask(database, Claim("EX2000001", "FRA", BIRTH), now=NOW + timedelta(seconds=1))
    assert (
        mail_codes(database, mailer, NOW + timedelta(seconds=1)) == 1
    )  # the contact was given with the earlier passport
    assert outcomes(database) == ["no-match", "sent"]


@pytest.mark.parametrize("email", [None, "", " "])
def test_without_a_contact_nothing_goes_out(database, mailer, email):
    add_person(database)
    with database.transaction() as session:
        session.add(arrival(session.scalars(select(Passport.id)).one(), email))
    ask(database)
    assert mail_codes(database, mailer, NOW) == 0
    assert outcomes(database) == ["no-contact"]


@pytest.mark.parametrize(("email", "carried"), [("new@example.org", ["new@example.org"]), (None, [])])
def test_only_the_latest_arrival_counts(database, mailer, email, carried):
    add_person(database, email="old@example.org")
    with database.transaction() as session:
        passport = session.scalars(select(Passport.id)).one()
        session.add(arrival(passport, email, date(2026, 10, 1)))
    ask(database)
    mail_codes(database, mailer, NOW)
    assert [mail.to for mail in mailer.kept] == carried


def test_a_person_gets_three_mails_an_hour(database, mailer):
    add_person(database, email="chloe@example.org")
    for number in range(5):
        ask(database, network=f"192.0.{number}.0/24", now=NOW + timedelta(seconds=number))
    assert mail_codes(database, mailer, NOW + timedelta(minutes=1)) == 3
    assert outcomes(database) == ["sent"] * 3 + ["throttled"] * 2
    later = NOW + timedelta(minutes=62)
    ask(database, now=later)
    assert mail_codes(database, mailer, later) == 1
    grants = [activate(database, code_in(mail), later) for mail in mailer.kept]
    assert [grant is not None for grant in grants] == [False, False, False, True]


def test_a_flood_from_one_network_delays_only_that_network(database, mailer):
    add_person(database, "EX1000001", email="flood@example.org")
    add_person(database, "EX1000002", email="honest@example.org")
    for place in range(1, 4):
        ask(database, place=place)
    ask(database, Claim("EX1000002", "FRA", BIRTH), network="198.51.100.0/24", place=1, now=NOW + timedelta(seconds=9))
    assert mail_codes(database, mailer, NOW + timedelta(minutes=1), most=2) == 2
    assert "honest@example.org" in [mail.to for mail in mailer.kept]


def test_requests_that_match_nobody_use_up_no_turn_of_a_round(database, mailer):
    add_person(database, email="chloe@example.org")
    ask(database, Claim("EX9999999", "FRA", BIRTH), times=20)
    ask(database, now=NOW + timedelta(seconds=1), place=20)
    assert mail_codes(database, mailer, NOW + timedelta(minutes=1), most=1) == 1
    assert outcomes(database) == ["no-match"] * 20 + ["sent"]


def test_many_workers_at_once_send_each_mail_once(database, mailer):
    for number in range(30):
        add_person(database, f"EX10000{number:02}", email=f"p{number}@example.org")
        ask(database, Claim(f"EX10000{number:02}", "FRA", BIRTH), network=f"192.0.{number}.0/24")
    with ThreadPoolExecutor(6) as pool:
        sent = list(pool.map(lambda _: mail_codes(database, mailer, NOW), range(6)))
    assert sum(sent) == 30
    assert len({mail.to for mail in mailer.kept}) == len(mailer.kept) == 30


def test_many_workers_at_once_keep_to_the_limit_per_person(database, mailer):
    add_person(database, email="chloe@example.org")
    ask(database, times=12)
    with ThreadPoolExecutor(6) as pool:
        sent = list(pool.map(lambda _: mail_codes(database, mailer, NOW), range(6)))
    assert sum(sent) == len(mailer.kept) <= 3
    assert outcomes(database).count("throttled") >= 9


def test_a_mail_server_that_was_down_and_is_back_gets_the_same_message(database, mailer):
    add_person(database, email="chloe@example.org")
    ask(database)
    mailer.trouble = MailServerDown("refused")
    tries = []
    moment = NOW
    while moment < NOW + timedelta(hours=5):
        assert mail_codes(database, mailer, moment) == 0
        with database.read_session() as session:
            tries.append(session.scalars(select(ActivationRequest.tries)).one())
        moment += timedelta(minutes=1)
    assert tries[:4] == [1, 2, 2, 3]  # pauses of 1, 2, 4 ... minutes
    assert tries[-1] == 10
    mailer.trouble = None
    assert mail_codes(database, mailer, moment + timedelta(hours=1)) == 1
    (mail,) = mailer.kept
    with database.read_session() as session:
        request, code = session.scalars(select(ActivationRequest)).one(), session.scalars(select(ActivationCode)).one()
    assert mail.key == f"activation-{request.id}"
    assert code_in(mail) == code_of(request.id)
    assert code.expires_at == moment + timedelta(hours=25)
    assert activate(database, code_in(mail), moment + timedelta(hours=24)) is not None


def test_a_mail_server_that_stays_down_is_given_up_after_a_day(database, mailer):
    add_person(database, email="chloe@example.org")
    ask(database)
    mailer.trouble = MailServerDown("refused")
    for minutes in range(0, 26 * 60, 10):
        mail_codes(database, mailer, NOW + timedelta(minutes=minutes))
    assert outcomes(database) == ["failed"]


def test_a_worker_that_was_away_for_a_day_sends_nothing_stale(database, mailer):
    add_person(database, email="chloe@example.org")
    ask(database)
    assert mail_codes(database, mailer, NOW + timedelta(hours=25)) == 0
    assert outcomes(database) == ["failed"]


def test_a_mail_server_that_does_not_answer_ends_the_round(database, mailer):
    for number in range(3):
        add_person(database, f"EX100000{number}", email=f"p{number}@example.org")
        ask(database, Claim(f"EX100000{number}", "FRA", BIRTH))
    mailer.trouble = MailServerDown("refused")
    mail_codes(database, mailer, NOW)
    with database.read_session() as session:
        assert sorted(session.scalars(select(ActivationRequest.tries)).all()) == [0, 0, 1]


def test_one_message_put_off_does_not_hold_up_others(database, inbox):
    add_person(database, email="later@example.org")
    add_person(database, "EX1000002", email="now@example.org")
    ask(database)
    ask(database, Claim("EX1000002", "FRA", BIRTH))
    assert mail_codes(database, SmtpMailer(inbox.url, "no-reply@reports.example"), NOW) == 1
    assert sorted(outcomes(database), key=str) == [None, "sent"]


@pytest.mark.parametrize("email", ["refused@example.org", "no address", "a@b\nBcc: c@example.org", "@", "<>", "a@"])
def test_an_address_that_is_refused_is_not_tried_again(database, inbox, email):
    add_person(database, email=email)
    ask(database)
    assert mail_codes(database, SmtpMailer(inbox.url, "no-reply@reports.example"), NOW) == 0
    assert outcomes(database) == ["failed"]
    assert inbox.messages == []


def test_a_worker_that_dies_while_sending_leaves_the_request_to_another(database, mailer):
    add_person(database, email="chloe@example.org")
    ask(database)
    mailer.trouble = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        mail_codes(database, mailer, NOW)
    mailer.trouble = None
    assert mail_codes(database, mailer, NOW + timedelta(seconds=119)) == 0
    assert mail_codes(database, mailer, NOW + timedelta(seconds=120)) == 1
    assert activate(database, code_in(mailer.kept[0])) is not None


def test_a_request_with_a_newer_one_is_not_sent_late(database, mailer):
    add_person(database, email="chloe@example.org")
    ask(database)
    mailer.trouble = MailServerDown("refused")
    mail_codes(database, mailer, NOW)
    ask(database, now=NOW + timedelta(seconds=10))
    mailer.trouble = None
    mail_codes(database, mailer, NOW + timedelta(seconds=20))
    mail_codes(database, mailer, NOW + timedelta(minutes=5))
    assert outcomes(database) == ["superseded", "sent"]
    assert activate(database, code_in(mailer.kept[0]), NOW + timedelta(minutes=6)) is not None


def test_a_code_from_a_counter_survives_a_mailed_one(database, mailer):
    add_person(database, email="chloe@example.org")
    with database.transaction() as session:
        issued = activations.issue(session, "EX1000001", "FRA", assurance="counter", issued_by="tests", now=NOW)
    ask(database)
    mail_codes(database, mailer, NOW)
    assert activate(database, issued.activation_code).assurance == "counter"


def test_no_transaction_is_open_while_mail_is_sent(database):
    add_person(database, email="chloe@example.org")
    ask(database)

    class Observer:
        def send(self, mail):
            assert database.engine.pool.checkedout() == 0
            with database.transaction() as session:  # no other transaction holds the row
                session.execute(update(ActivationRequest).values(tries=ActivationRequest.tries))

    assert mail_codes(database, Observer(), NOW) == 1


def test_the_mailer_raises_an_error_for_each_kind_of_failure(inbox):
    carrier = SmtpMailer(inbox.url, "no-reply@reports.example")
    with pytest.raises(MailRefused):
        carrier.send(Mail("refused@example.org", "s", "t", "k", NOW))
    with pytest.raises(MailDelayed):
        carrier.send(Mail("later@example.org", "s", "t", "k", NOW))
    inbox.stop()
    with pytest.raises(MailServerDown):
        carrier.send(MAIL)


def test_a_message_sent_again_is_the_same_message(inbox):
    carrier = SmtpMailer(inbox.url, "90-day reporting <no-reply@reports.example>")
    carrier.send(MAIL)
    carrier.send(MAIL)
    first, second = inbox.messages
    assert first.message["Message-ID"] == second.message["Message-ID"] == "<activation-1@reports.example>"
    assert first.message["Date"] == "Mon, 23 Nov 2026 03:00:00 +0000"
    assert first.subject == "รหัส"


class Polite(smtplib.SMTP):
    """An SMTP client that connects to nothing and records its calls."""

    asked: list

    def __init__(self, host, port, **options):
        type(self).asked = [(host, port, options["timeout"])]

    def __getattr__(self, name):
        raise AttributeError(name)

    def ehlo(self, name=""):
        self.esmtp_features = {"starttls": ""}

    def starttls(self, *, context):
        self.asked.append(("starttls", context.check_hostname))

    def login(self, user, password):
        self.asked.append(("login", user, password))

    def send_message(self, message, *_, **__):
        self.asked.append("send")

    def quit(self):
        raise smtplib.SMTPServerDisconnected

    def close(self):
        self.asked.append("close")


def test_tls_comes_before_credentials_and_a_failed_goodbye_does_not_matter(monkeypatch):
    monkeypatch.setattr(smtplib, "SMTP", Polite)
    SmtpMailer("smtp://us%40x:p%3Aw@mail.example:587", "no-reply@reports.example").send(MAIL)
    assert Polite.asked == [
        ("mail.example", 587, 10.0), ("starttls", True), ("login", "us@x", "p:w"), "send", "close"
    ]  # fmt: skip


def test_smtps_is_encrypted_from_the_start(monkeypatch):
    monkeypatch.setattr(smtplib, "SMTP_SSL", Polite)
    SmtpMailer("smtps://mail.example", "no-reply@reports.example").send(MAIL)
    assert Polite.asked == [("mail.example", 465, 10.0), "send", "close"]
