"""The receipt that goes with the message of an acceptance: what it states, and its signed statement."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from foundation.clock import BANGKOK
from foundation.db import ReadSession
from foundation.mail import Enclosure
from foundation.words import LANGUAGES, long_date, sentence
from immigration.models.people import Passport
from immigration.models.reports import Receipt, Report
from immigration.rules.codes import ReportStatus
from immigration.rules.numbers import masked

_STANDING = (
    select(
        Receipt.number,
        Receipt.issued_at,
        Receipt.next_due_on,
        Receipt.statement,
        Report.number.label("report"),
        Report.filed_at,
        Passport.issuing_state,
        Passport.document_number,
    )
    .join(Report, Report.id == Receipt.report_id)
    .join(Passport, Passport.id == Report.passport_id)
    .where(
        Report.number == bindparam("number"),
        Passport.person_id == bindparam("person_id"),
        Report.status == ReportStatus.ACCEPTED,
        Report.contradicted_at.is_(None),
        Receipt.voided_at.is_(None),
    )
)
_OFFICERS_READ = "th"


def receipt(session: ReadSession, person_id: UUID, about: Mapping[str, Any], language: str) -> Enclosure | None:
    """The receipt of the report that a message is `about`; None where it does not stand, or is another person's.

    It names as little as the signed statement does, since mail may be read on its way: the last characters of the
    passport's number, and neither name nor address. Officers read it as well, so each line is in Thai too.
    """
    row = session.execute(_STANDING, {"number": about.get("number"), "person_id": person_id}).one_or_none()
    if row is None:
        return None
    served = language if language in LANGUAGES else LANGUAGES[0]
    languages = tuple(dict.fromkeys((served, _OFFICERS_READ)))
    lines = [
        ("report.receipt.number", row.number),
        ("report.number", row.report),
        ("report.holder", f"{row.issuing_state} {masked(row.document_number)}"),
        ("report.sent-at", _moment(row.filed_at, languages)),
        ("report.decided-at", _moment(row.issued_at, languages)),
    ]
    if row.next_due_on:
        lines.append(("report.next", _day(row.next_due_on, languages)))
    return Enclosure(
        lines=tuple((_said(label, languages), value) for label, value in lines),
        caption=_said("report.statement.text", (served,)),
        signed=row.statement,
        file_name=f"receipt-{row.number}.txt",
    )


def _said(code: str, languages: tuple[str, ...]) -> str:
    return " / ".join(dict.fromkeys(sentence(each, "screens", code) for each in languages))


def _day(day: date, languages: tuple[str, ...]) -> str:
    return " / ".join(long_date(day, each) for each in languages)


def _moment(moment: datetime, languages: tuple[str, ...]) -> str:
    local = moment.astimezone(BANGKOK)
    return f"{_day(local.date(), languages)}, {local:%H:%M}"
