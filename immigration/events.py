"""Everything that happens in immigration, by name: written with the change, relayed by the worker."""

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
class ReportReopened(Event):
    """A supervisor reopened a decided report; its receipt is void."""

    kind: ClassVar[str] = "report.reopened"
    receipt: str | None


@dataclass(frozen=True, kw_only=True)
class ReportRechecked(Event):
    """A report that waited for an unavailable source was checked again."""

    kind: ClassVar[str] = "report.rechecked"
    reasons: list[str]


@dataclass(frozen=True, kw_only=True)
class ReportContradicted(Event):
    """A correction of the records took the ground from an accepted report: its next due date no longer counts."""

    kind: ClassVar[str] = "report.contradicted"
    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class DueDateChanged(Event):
    """The records changed, and with them the date that a person's next report is due."""

    kind: ClassVar[str] = "obligation.due-date-changed"
    due_on: date | None
    previous_due_on: date | None
    basis: str | None


@dataclass(frozen=True, kw_only=True)
class PeopleMerged(Event):
    """A late record or an officer showed that two people on record are one, by their passports."""

    kind: ClassVar[str] = "people.joined"
    absorbed: str


@dataclass(frozen=True, kw_only=True)
class PeopleSeparated(Event):
    """Nothing links some passports of a person with the others any more: who holds them is `person_id` from then on."""

    kind: ClassVar[str] = "people.separated"
    former: str


@dataclass(frozen=True, kw_only=True)
class PassportsLinked(Event):
    """An officer stated that two passports have one holder."""

    kind: ClassVar[str] = "passports.linked"
    link: str


@dataclass(frozen=True, kw_only=True)
class PassportsUnlinked(Event):
    """An officer took the link between two passports back."""

    kind: ClassVar[str] = "passports.unlinked"
    link: str


@dataclass(frozen=True, kw_only=True)
class ActivationCodeIssued(Event):
    """A fresh activation code was issued, at a counter or by mail."""

    kind: ClassVar[str] = "activation.code-issued"
    assurance: str


@dataclass(frozen=True, kw_only=True)
class ResidentActivated(Event):
    """A phone was joined to a person."""

    kind: ClassVar[str] = "resident.activated"
    assurance: str
    family: str


@dataclass(frozen=True, kw_only=True)
class SignInRevoked(Event):
    """A used refresh token came back: it was copied, and the whole sign-in ended."""

    kind: ClassVar[str] = "resident.sign-in-revoked"
    family: str


@dataclass(frozen=True, kw_only=True)
class ContactChanged(Event):
    """A resident changed language or contact data."""

    kind: ClassVar[str] = "resident.contact-changed"
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class ResidentLookedUp(Event):
    """An officer searched for a resident, for a stated purpose."""

    kind: ClassVar[str] = "resident.looked-up"
    purpose: str


@dataclass(frozen=True, kw_only=True)
class ReportOpened(Event):
    """An officer opened a report beside the records."""

    kind: ClassVar[str] = "report.opened"


@dataclass(frozen=True, kw_only=True)
class OfficerAdded(Event):
    """An officer's account was made."""

    kind: ClassVar[str] = "officer.added"
    role: str
    office: str | None


@dataclass(frozen=True, kw_only=True)
class OfficerSignedIn(Event):
    """An officer signed in."""

    kind: ClassVar[str] = "officer.signed-in"


@dataclass(frozen=True, kw_only=True)
class OfficerLockedOut(Event):
    """Too many wrong passwords in a row: the account waits."""

    kind: ClassVar[str] = "officer.locked-out"


@dataclass(frozen=True, kw_only=True)
class KeyRotated(Event):
    """A new signing key signs from now on."""

    kind: ClassVar[str] = "signing-key.rotated"
    purpose: str
