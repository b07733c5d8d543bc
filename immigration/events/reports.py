"""What happens to reports and cases."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from foundation.events import Event


@dataclass(frozen=True, kw_only=True)
class ReportFiled(Event):
    """A resident filed a report; `status` is what the records made of it at once."""

    kind: ClassVar[str] = "report.filed"
    status: str
    reasons: list[str]
    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class ReportDecided(Event):
    """A report was accepted, returned, rejected, or needs a visit; by the records or by an officer."""

    kind: ClassVar[str] = "report.decided"
    outcome: str
    reasons: list[str]
    next_due_on: date | None
    office: str


@dataclass(frozen=True, kw_only=True)
class ReportCorrected(Event):
    """A resident answered a returned report."""

    kind: ClassVar[str] = "report.corrected"
    reasons: list[str]


@dataclass(frozen=True, kw_only=True)
class ReportWithdrawn(Event):
    """A resident took a report back before it was decided."""

    kind: ClassVar[str] = "report.withdrawn"


@dataclass(frozen=True, kw_only=True)
class AddressCorrectionRequested(Event):
    """A resident corrects the address of an accepted report to another subdistrict; an officer decides."""

    kind: ClassVar[str] = "report.address-correction-requested"
    correction: str
    office: str


@dataclass(frozen=True, kw_only=True)
class AddressCorrected(Event):
    """The address of an accepted report was corrected; its status and receipt stay."""

    kind: ClassVar[str] = "report.address-corrected"
    correction: str


@dataclass(frozen=True, kw_only=True)
class AddressCorrectionRefused(Event):
    """An officer refused the correction of the address of an accepted report."""

    kind: ClassVar[str] = "report.address-correction-refused"
    correction: str


@dataclass(frozen=True, kw_only=True)
class ReportReopened(Event):
    """A decided report is under review again, and its receipt is void.

    A supervisor reopened it; or the report at an office for which it was closed is no longer on record as that.
    """

    kind: ClassVar[str] = "report.reopened"
    receipt: str | None


@dataclass(frozen=True, kw_only=True)
class ReportTransferred(Event):
    """An officer gave a report under review to another office; `note` is for the officers there."""

    kind: ClassVar[str] = "report.transferred"
    office: str
    former: str
    note: str


@dataclass(frozen=True, kw_only=True)
class ReportRechecked(Event):
    """A report that waited for an unavailable source was checked again."""

    kind: ClassVar[str] = "report.rechecked"
    reasons: list[str]


@dataclass(frozen=True, kw_only=True)
class ReportTakenAtOffice(Event):
    """An office took the report of a period, so the one that waited for a decision is closed as already reported."""

    kind: ClassVar[str] = "report.taken-at-office"
    reasons: list[str]
    office_report: str
    reported_on: date
    channel: str
    office: str


@dataclass(frozen=True, kw_only=True)
class ReportContradicted(Event):
    """A correction of the records took the ground from an accepted report: its next due date no longer counts."""

    kind: ClassVar[str] = "report.contradicted"
    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class CounterReportTaken(Event):
    """An officer took a report at a counter from a person; `subject` is the number of the paper receipt."""

    kind: ClassVar[str] = "counter-report.taken"
    office: str
    next_due_on: date | None


@dataclass(frozen=True, kw_only=True)
class DueDateChanged(Event):
    """The records changed, and with them the date that a person's next report is due."""

    kind: ClassVar[str] = "obligation.due-date-changed"
    due_on: date | None
    previous_due_on: date | None
    basis: str | None


@dataclass(frozen=True, kw_only=True)
class CaseOpened(Event):
    """A resident says that something on record is wrong, or asks for a correction or an erasure."""

    kind: ClassVar[str] = "case.opened"
    about: str
    office: str
    due_by: date


@dataclass(frozen=True, kw_only=True)
class CaseTransferred(Event):
    """An officer gave a case to another office; it goes on there with the same clock."""

    kind: ClassVar[str] = "case.transferred"
    office: str
    former: str


@dataclass(frozen=True, kw_only=True)
class CaseOpenedByOfficer(Event):
    """An officer opened a case beside what it is about."""

    kind: ClassVar[str] = "case.read"
    offices: list[str]
    link: str


@dataclass(frozen=True, kw_only=True)
class CaseAnswered(Event):
    """An officer answered a case."""

    kind: ClassVar[str] = "case.answered"
    outcome: str
    office: str
