"""What officers and operators do, and what the service notices about it."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from foundation.events import Event


@dataclass(frozen=True, kw_only=True)
class ResidentLookedUp(Event):
    """An officer searched for a resident, for a stated purpose; `link` says what made the resident theirs to see.

    `offices` are those that the officer acts for, `sought` is the blind index of the passport, whether found or not.
    """

    kind: ClassVar[str] = "resident.looked-up"
    purpose: str
    offices: list[str]
    link: str
    sought: str


@dataclass(frozen=True, kw_only=True)
class ReportOpened(Event):
    """An officer opened a report beside the records; `offices` and `link` as of a look-up."""

    kind: ClassVar[str] = "report.opened"
    offices: list[str]
    link: str


@dataclass(frozen=True, kw_only=True)
class ApprovalRequested(Event):
    """An officer asked for what a second person has to approve."""

    kind: ClassVar[str] = "approval.requested"
    approval_kind: str
    report: str | None


@dataclass(frozen=True, kw_only=True)
class ApprovalSettled(Event):
    """A second person approved or refused what an officer asked for."""

    kind: ClassVar[str] = "approval.settled"
    approval_kind: str
    outcome: str
    requested_by: str


@dataclass(frozen=True, kw_only=True)
class RejectedRowsRead(Event):
    """An administrator read the rows that an import of records refused, for a stated purpose."""

    kind: ClassVar[str] = "rejected-rows.read"
    purpose: str
    records: str
    rows: int
    offices: list[str]


@dataclass(frozen=True, kw_only=True)
class LawEntryRegistered(Event):
    """A closing day, an outage or a waiver was registered beside the law files, by two people."""

    kind: ClassVar[str] = "law-entry.registered"
    entry_kind: str
    first_on: date
    last_on: date


@dataclass(frozen=True, kw_only=True)
class LawEntryEnded(Event):
    """What was registered beside the law files ended earlier, by two people."""

    kind: ClassVar[str] = "law-entry.ended"
    last_on: date


@dataclass(frozen=True, kw_only=True)
class OfficeExceptionOpened(Event):
    """An officer may look beyond their offices at a person for a while, for a stated reason."""

    kind: ClassVar[str] = "office-exception.opened"
    reason: str
    stated_case: str | None
    offices: list[str]
    of_offices: list[str]


@dataclass(frozen=True, kw_only=True)
class OfficeExceptionUsed(Event):
    """An officer acted for a person of another office, by an exception."""

    kind: ClassVar[str] = "office-exception.used"
    act: str
    offices: list[str]


@dataclass(frozen=True, kw_only=True)
class OfficerAdded(Event):
    """An officer's account was made."""

    kind: ClassVar[str] = "officer.added"
    role: str
    offices: list[str]


@dataclass(frozen=True, kw_only=True)
class OfficerMoved(Event):
    """An officer's account acts for other offices than before."""

    kind: ClassVar[str] = "officer.moved"
    offices: list[str]
    former: list[str]


@dataclass(frozen=True, kw_only=True)
class OfficerRoleChanged(Event):
    """An officer's account has another role than before."""

    kind: ClassVar[str] = "officer.role-changed"
    role: str
    former: str


@dataclass(frozen=True, kw_only=True)
class OfficerChanged(Event):
    """An officer's account was closed, opened again, or changed in what it signs in by; `change` says how."""

    kind: ClassVar[str] = "officer.changed"
    change: str


@dataclass(frozen=True, kw_only=True)
class OfficerSignInFailed(Event):
    """A sign-in of an officer failed; `sought` is the blind index of a name that no account has.

    `fault` says why an answer of the identity provider was refused; whose it was is not known then.
    """

    kind: ClassVar[str] = "officer.sign-in-failed"
    sought: str | None
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class CommandRun(Event):
    """A command was run at the command line; the actor is the operating-system user."""

    kind: ClassVar[str] = "command.run"


@dataclass(frozen=True, kw_only=True)
class AuditRead(Event):
    """An auditor read what staff did with the data of one person, or who sought one passport."""

    kind: ClassVar[str] = "audit.read"
    offices: list[str]


@dataclass(frozen=True, kw_only=True)
class VerificationAsked(Event):
    """An auditor asked for a verification of the audit trail; `subject` is its number."""

    kind: ClassVar[str] = "audit.verification-asked"
    offices: list[str]


@dataclass(frozen=True, kw_only=True)
class AlarmRaised(Event):
    """An act of an officer, or how often it was done in a day and a night, is unusual; `alarm` says what."""

    kind: ClassVar[str] = "alarm.raised"
    alarm: str
    offices: list[str]
    count: int


@dataclass(frozen=True, kw_only=True)
class OfficerSignedIn(Event):
    """An officer signed in; `method` says how: password, passkey or openid."""

    kind: ClassVar[str] = "officer.signed-in"
    method: str


@dataclass(frozen=True, kw_only=True)
class OfficerLockedOut(Event):
    """Too many wrong passwords in a row from one network: that network waits, the account does not."""

    kind: ClassVar[str] = "officer.locked-out"


@dataclass(frozen=True, kw_only=True)
class KeyRotated(Event):
    """A new signing key signs from now on."""

    kind: ClassVar[str] = "signing-key.rotated"
    purpose: str
    compromised: bool = False


@dataclass(frozen=True, kw_only=True)
class ConflictDeclared(Event):
    """An officer has nothing to do with a person: they said so themself, or a colleague did."""

    kind: ClassVar[str] = "conflict.declared"
    officer: str
    reason: str
    offices: list[str]


@dataclass(frozen=True, kw_only=True)
class ConflictEnded(Event):
    """A supervisor ended a conflict of interest of an officer."""

    kind: ClassVar[str] = "conflict.ended"
    officer: str
    reason: str
    offices: list[str]


@dataclass(frozen=True, kw_only=True)
class SecondReviewDone(Event):
    """The officer who was drawn for it reviewed a decision, and confirmed or flagged it."""

    kind: ClassVar[str] = "second-review.done"
    result: str
    review_kind: str
    decided_by: str
    offices: list[str]


@dataclass(frozen=True, kw_only=True)
class SamplingRateSet(Event):
    """A supervisor set how many of 1,000 automatic acceptances of an office are reviewed."""

    kind: ClassVar[str] = "sampling-rate.set"
    office: str
    per_mille: int
    former: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ListExported(Event):
    """An officer took a list as a file; `subject` says which, `filter` and `count` which lines and how many."""

    kind: ClassVar[str] = "list.exported"
    purpose: str
    filter: dict[str, Any]
    count: int
    offices: list[str]
