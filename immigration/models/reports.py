"""Reports filed here, their receipts, and the keys that make filing repeatable."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    DDL,
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    event,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation import row_security
from foundation.append_only import only_add
from foundation.classification import internal, opened, personal, sensitive
from foundation.db import Base
from foundation.events import EventRecord
from foundation.retention import Kept
from foundation.sealing import Sealed
from immigration.rules.reports import HOLDING_STATES

HOLDING = "status in ('accepted', 'under-review', 'returned') and contradicted_at is null"


class Report(Base):
    """A 90-day report (TM.47) filed through this service."""

    __tablename__ = "reports"
    __table_args__ = (
        Index("uq_reports_person_id_period", "person_id", "period", unique=True, postgresql_where=HOLDING),
        Index("ix_reports_person_id", "person_id", "id"),
        Index("ix_reports_queue", "office", "id", postgresql_where="status = 'under-review'"),
        Index("ix_reports_status", "status", "id", postgresql_where="status <> 'accepted'"),
        Index("ix_reports_contradicted", "id", postgresql_where="contradicted_at is not null"),
        Index("ix_reports_filed_on", "filed_on", postgresql_using="brin"),
        Index("ix_reports_unchecked", "id", postgresql_where="'source-unavailable' = any(reasons)"),
        {"info": {"person": "person_id", "retention": Kept("10 years", ends="filed_at", after="10 years")}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id, filing order"))
    number: Mapped[str] = mapped_column(Text, unique=True, info=personal("number with a check character"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=personal("who reports"))
    holder_id: Mapped[UUID | None] = mapped_column(
        info=personal("the person as whom its author was signed in; null: the holder of the passport")
    )
    passport_id: Mapped[int] = mapped_column(ForeignKey("passports.id"), info=personal("passport held when filing"))
    period: Mapped[str] = mapped_column(Text, info=personal("what the due date answered stands on (kind:id)"))
    entered_on: Mapped[date | None] = mapped_column(Date, info=personal("arrival of the stay reported in"))
    due_on: Mapped[date | None] = mapped_column(Date, info=personal("due date answered"))
    filed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=personal("when it was received"))
    filed_on: Mapped[date] = mapped_column(Date, info=personal("civil date in Bangkok of receiving it"))
    status: Mapped[str] = mapped_column(Text, info=personal("state of the report, see docs/states.md"))
    assurance: Mapped[str] = mapped_column(Text, info=personal("how the filing sign-in was activated"))
    activated_passport_id: Mapped[int | None] = mapped_column(
        ForeignKey("passports.id"), info=personal("the passport that sign-in was activated with, where known")
    )
    subdistrict_code: Mapped[str] = mapped_column(Text, info=personal("TIS 1099 code of the address"))
    address: Mapped[str] = mapped_column(Sealed("reports.address", "number"), info=sensitive("address lines, as JSON"))
    contact: Mapped[str] = mapped_column(
        Sealed("reports.contact", "number"), info=sensitive("phone and e-mail, as JSON")
    )
    office: Mapped[str] = mapped_column(Text, info=personal("office of the address"))
    office_since: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), info=personal("when it was given to that office; null: it was filed there")
    )
    checks: Mapped[dict[str, Any]] = mapped_column(JSONB, info=personal("each check, with the reason if it failed"))
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text), info=personal("reason codes"))
    policy_version: Mapped[str] = mapped_column(Text, info=opened("version of the rules decided under"))
    filing_statement: Mapped[str] = mapped_column(Text, info=personal("signed: received at"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), info=personal("last decision"))
    decided_by: Mapped[str | None] = mapped_column(Text, info=internal("who decided last: system or an officer"))
    note: Mapped[str | None] = mapped_column(Text, info=personal("what the officer wrote to the resident"))
    contradicted_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), info=personal("when a correction of the records took its ground away")
    )
    office_report: Mapped[str | None] = mapped_column(
        Text, info=personal("receipt number of the report at an office for which it was closed")
    )

    @property
    def at_office_since(self) -> datetime:
        """Since when it is at its present office."""
        return self.office_since or self.filed_at


class Receipt(Base):
    """The receipt of an accepted report; a reopened report's receipt is void."""

    __tablename__ = "receipts"
    __table_args__ = (
        Index("ix_receipts_report_id", "report_id"),
        {"info": {"person": "report_id", "retention": Kept("10 years", ends="issued_at", after="10 years")}},
    )

    number: Mapped[str] = mapped_column(Text, primary_key=True, info=personal("number with a check character"))
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), info=internal("the report"))
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=personal("when"))
    next_due_on: Mapped[date | None] = mapped_column(
        Date, info=personal("next due date, as issued; null: an officer stated that none is due")
    )
    statement: Mapped[str] = mapped_column(Text, info=personal("signed: decided at, with the next due date"))
    voided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), info=personal("when it became void"))


class Decision(Base):
    """One decision about a report, by the records (`system`) or an officer; never changed afterwards."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_report_id", "report_id"),
        Index("ix_decisions_policy_version", "policy_version", "id"),
        Index("ix_decisions_decided_at", "decided_at", postgresql_using="brin"),
        {"info": {"person": "report_id", "retention": Kept("10 years", ends="decided_at", after="10 years")}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), info=internal("the report"))
    outcome: Mapped[str] = mapped_column(Text, info=personal("accepted, returned, rejected, needs-visit, reopened"))
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text), info=personal("reason codes"))
    note: Mapped[str] = mapped_column(Text, server_default="", info=personal("what was written"))
    next_due_on: Mapped[date | None] = mapped_column(Date, info=personal("next due date, where accepted"))
    overridden: Mapped[bool] = mapped_column(server_default="false", info=internal("officer set the date by hand"))
    policy_version: Mapped[str] = mapped_column(Text, info=opened("version of the rules decided under"))
    decided_by: Mapped[str] = mapped_column(Text, info=internal("system or officer:name"))
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=personal("when"))


only_add(Receipt, once="voided_at")
only_add(Decision)
row_security.also(EventRecord, "subject in (select number from reports)")

# A filing adds a report and, in the same statement, what belongs to it. Only a function of its own, which looks again,
# finds that report.
_SEES_REPORT = """create or replace function sees_report(wanted bigint) returns boolean language plpgsql volatile as
$$ begin return exists (select from reports where id = wanted); end $$"""
event.listen(Report.__table__, "after_create", DDL(_SEES_REPORT))  # type: ignore[no-untyped-call]
for each in (Receipt, Decision):
    row_security.check_by(each, "sees_report(report_id)")


class IdempotencyKey(Base):
    """A filing that was acknowledged, so that the same request again gets the same answer (400 days)."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        Index("ix_idempotency_keys_created_at", "created_at"),
        {"info": {"person": "person_id", "retention": Kept("400 days", ends="created_at", after="400 days")}},
    )

    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id"), primary_key=True, info=personal("as whom its sender was signed in")
    )
    key: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("as the client sent it"))
    body_digest: Mapped[bytes] = mapped_column(
        LargeBinary, info=sensitive("keyed digest of the request's canonical body")
    )
    status: Mapped[int] = mapped_column(SmallInteger, info=internal("HTTP status answered"))
    answer: Mapped[str] = mapped_column(Sealed("idempotency_keys.answer", "key"), info=sensitive("the body answered"))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), info=internal("for removal after 400 days")
    )


def holds() -> ColumnElement[bool]:
    """Whether a report keeps its period taken, as a condition of a query; HOLDING says the same to an index."""
    return Report.status.in_(sorted(HOLDING_STATES)) & Report.contradicted_at.is_(None)
