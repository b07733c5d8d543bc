"""Giving a report under review to another office; its promise to the person goes on from the day of filing."""

from datetime import datetime

from foundation import events
from foundation.db import Session
from foundation.errors import Conflict
from foundation.identity import Principal
from immigration.events import ReportTransferred
from immigration.models.reports import Report
from immigration.registries import offices
from immigration.rules import reports as rules
from immigration.services import claims, review
from immigration.services.officers import UnknownOffice


def transfer(session: Session, number: str, office: str, note: str, *, officer: Principal, now: datetime) -> Report:
    """Give a report that waits for a decision to another office, whose officers decide it; its author is told.

    It is in nobody's hands then, and what waits for a second person about it no longer fits. Raises NotFound, Claimed,
    UnknownOffice, Conflict.
    """
    report = review.find_to_act(session, number, officer=officer, act="transfer", now=now)
    if not offices.is_known(office):
        raise UnknownOffice(f"no immigration office has the code {office}", offices=[office])
    if office == report.office:
        raise Conflict("the report is at this office already")
    if not rules.may("decide", report.status):
        raise Conflict(f"the report is {report.status}, not under review")
    claims.refuse_if_claimed(session, report, officer.id, now=now)
    claims.release(session, report)
    event = ReportTransferred(
        subject=report.number, person_id=report.person_id, office=office, former=report.office, note=note
    )
    report.office, report.office_since = office, now
    events.record(session, event, actor=officer.actor, at=now)
    return report
