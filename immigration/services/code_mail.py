"""Activation codes by mail: a worker matches each request with the records, and sends a code to the entry's contact.

The code of a request is derived from the request's id with the service's key, so it need not be kept to be sent again:
a mail whose fate is unknown goes out once more with the same Message-ID *and* the same code. (A new code under the same
Message-ID would be dropped by mail systems as a repeat, and leave its reader with a code that no longer works.)
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select

from foundation.back_off import back_off
from foundation.clock import bangkok_date
from foundation.db import Database, Session
from foundation.mail import Mail, MailDelayed, Mailer, MailRefused, MailServerDown
from foundation.sealing import keyring
from immigration.models.access import ActivationCode, ActivationRequest
from immigration.models.people import DocumentKey, Passport, Person, find_passport
from immigration.registries.access import terms
from immigration.rules import contacts, numbers
from immigration.rules.codes import Assurance
from immigration.services import activations
from immigration.services.contacts import arrival_contact

ISSUED_BY = "mail"
SUBJECT = "Your activation code / รหัสเปิดใช้งานของคุณ"
TEXT = """\
Your activation code for 90-day reporting: {code}

Type it in the app together with your passport number and birth date. It works once, for {hours} hours.
If you did not ask for it, you need not do anything: without your passport's details it is of no use.
We never ask for this code by phone or by mail.

รหัสเปิดใช้งานสำหรับการรายงานตัว 90 วันของคุณ: {code}

กรอกรหัสนี้ในแอปพร้อมหมายเลขหนังสือเดินทางและวันเกิดของคุณ รหัสใช้ได้ครั้งเดียวภายใน {hours} ชั่วโมง
หากคุณไม่ได้ขอรหัสนี้ ไม่ต้องดำเนินการใด ๆ
เราไม่เคยขอรหัสนี้ทางโทรศัพท์หรืออีเมล
"""

_log = logging.getLogger(__name__)


def mail_codes(
    database: Database,
    mailer: Mailer,
    now: datetime,
    *,
    most: int = 50,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Work through waiting requests, at most `most` mails in a round; how many mails were handed over.

    Requests of a network that sent few go first, so that a flood from one delays its own only. What matches nobody
    costs no mail, and is gone through at once.

    Each request is taken under a lease in one transaction, its mail sent outside of any, and the result noted in
    another: a worker that dies in between leaves a request that another one takes up. Any number may run at once.
    A mail server that does not answer ends the round; what was taken is tried again with growing pauses for a day.
    Ends after the mail in hand once `stopping` is true.
    """
    sent = prepared = 0
    while prepared < most and not stopping():
        with database.transaction() as session:
            request = _take(session, now)
            mail = _prepare(session, request, now) if request else None
        if request is None:
            break
        if mail is None:
            continue
        prepared += 1
        outcome, server_is_up = _send(mailer, mail)
        with database.transaction() as session:
            _settle(session, request.id, outcome, now)
        sent += outcome == "sent"
        if not server_is_up:
            break
    return sent


def code_of(request_id: UUID) -> str:
    """The code that belongs to a request: 50 bits that only this service's key can make of its id."""
    return numbers.activation_code(keyring().digest("mailed-activation-code", str(request_id)))


def _send(mailer: Mailer, mail: Mail) -> tuple[str | None, bool]:
    """What became of a mail (None = to be tried again), and whether the server takes others."""
    try:
        mailer.send(replace(mail, to=contacts.normalise_email(mail.to)))
    except (MailRefused, contacts.NotContact) as error:
        _log.warning("activation mail %s refused: %s", mail.key, error)
        return "failed", True
    except MailDelayed as error:
        _log.warning("activation mail %s delayed: %s", mail.key, error)
        return None, not isinstance(error, MailServerDown)
    return "sent", True


def _take(session: Session, now: datetime) -> ActivationRequest | None:
    request = session.scalars(
        select(ActivationRequest)
        .where(ActivationRequest.settled_at.is_(None), ActivationRequest.next_try_at <= now)
        .order_by(ActivationRequest.place, ActivationRequest.next_try_at, ActivationRequest.requested_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if request is not None:
        request.tries += 1
        request.next_try_at = now + terms(bangkok_date(now)).mail_lease
    return request


def _prepare(session: Session, request: ActivationRequest, now: datetime) -> Mail | None:
    """The mail that a request leads to, with its code made ready; None where the request was settled without one."""
    term = terms(bangkok_date(now))
    outcome, passport, contact = "failed", None, None
    if now - request.requested_at <= term.mail_retry:
        outcome, passport = _match(session, request)
    if passport is not None:
        contact = (session.scalar(arrival_contact(passport.person_id)) or "").strip() or None
        outcome = _ready_code(session, request, passport, now) if contact else "no-contact"
    if contact is None or outcome != "ready":
        request.outcome, request.settled_at = outcome, now
        return None
    hours = int(term.mail_code / timedelta(hours=1))
    return Mail(
        to=contact,
        subject=SUBJECT,
        text=TEXT.format(code=code_of(request.id), hours=hours),
        key=f"activation-{request.id}",
        written_at=now,
    )


def _match(session: Session, request: ActivationRequest) -> tuple[str, Passport | None]:
    """The passport that a request names, if its birth date is given; from then on the request has that one's index.

    So requests for one passport are counted together, however its number was typed.
    """
    key = DocumentKey(request.document_index, request.folded_index or b"")
    passport = find_passport(session, key)
    if passport is None or not passport.born.is_given_by(request.born):
        return "no-match", None
    if activations.obstacles_to_issuing(session, passport, Assurance.MAIL):
        return "no-match", None
    request.document_index = passport.document_index
    return "ready", passport


def _ready_code(session: Session, request: ActivationRequest, passport: Passport, now: datetime) -> str:
    """Make the request's code usable: "ready", or why it is not to be sent ("throttled", "superseded")."""
    session.execute(select(Person.id).where(Person.id == passport.person_id).with_for_update())
    code = code_of(request.id)
    known = session.scalar(
        select(ActivationCode).where(
            ActivationCode.passport_id == passport.id, ActivationCode.code_digest == activations.digest(code)
        )
    )
    if known is not None:  # an earlier try failed, or its outcome is unknown: the day to use the code begins again
        if known.used_at or now >= known.expires_at:
            return "superseded"
        known.expires_at = now + terms(bangkok_date(now)).mail_code
        return "ready"
    if _is_throttled(session, request, passport.person_id, now):
        return "throttled"
    activations.issue_for(session, passport, assurance=Assurance.MAIL, issued_by=ISSUED_BY, now=now, code=code)
    return "ready"


def _is_throttled(session: Session, request: ActivationRequest, person_id: UUID, now: datetime) -> bool:
    """Whether this person was written to too often of late; the person's row is locked."""
    term = terms(bangkok_date(now))
    passports = select(Passport.document_index).where(Passport.person_id == person_id)
    to_person = select(func.count()).where(
        ActivationRequest.document_index.in_(passports),
        ActivationRequest.id != request.id,
        or_(
            (ActivationRequest.outcome == "sent") & (ActivationRequest.settled_at > now - term.throttle_span),
            ActivationRequest.settled_at.is_(None) & (ActivationRequest.tries > 0),
        ),
    )
    return (session.scalar(to_person) or 0) >= term.mails_per_person


def _settle(session: Session, request_id: UUID, outcome: str | None, now: datetime) -> None:
    term = terms(bangkok_date(now))
    request = session.get_one(ActivationRequest, request_id, with_for_update=True)
    request.next_try_at = now + back_off(request.tries, first=term.mail_back_off_first, most=term.mail_back_off_most)
    if outcome is None and request.next_try_at - request.requested_at > term.mail_retry:
        outcome = "failed"
    if outcome is not None and request.settled_at is None:
        request.outcome, request.settled_at = outcome, now
