"""How long an office may take to answer a case."""

from datetime import date, timedelta

from immigration.rules.codes import CaseSubject
from immigration.rules.policies import Policy

MOST_OPEN = 10
"""Cases of one person that wait for an answer."""


def due_by(opened_on: date, about: str, policy: Policy) -> date:
    """The last day of the answer: calendar days where the law sets them, else working days of the office."""
    if about in (CaseSubject.CORRECTION, CaseSubject.ERASURE):
        return opened_on + timedelta(days=policy.value("privacy.request_days"))
    day = opened_on
    for _ in range(policy.value("cases.working_days")):
        day = policy.next_working_day(day + timedelta(days=1))
    return day
