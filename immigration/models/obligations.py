"""Each person's obligation as last computed from the records: what daily planning and the queue read.

It can be rebuilt from the records at any time (`flask records rebuild`) and must then be the same.
"""

from dataclasses import fields
from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, opened, personal
from foundation.db import Base
from immigration.rules.windows import Window

ANCHORS = ("opens_on", "due_on", "last_day_to_act", "late_after")
"""The dates from which a reminder's day is counted; see `law/reminders.toml`."""


class Obligation(Base):
    """When a person's next report is due, and what the date stands on."""

    __tablename__ = "obligations"
    __table_args__ = (
        *(Index(f"ix_obligations_{name}", name, postgresql_where="expected") for name in ANCHORS),
        Index("ix_obligations_changes_on", "changes_on", postgresql_where="changes_on is not null"),
        {"info": {"person": "person_id", "retention": "while on record"}},
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, info=personal("whose"))
    revision: Mapped[int] = mapped_column(
        BigInteger, server_default="0", info=internal("rises with every change; guards against writing on stale facts")
    )
    regime: Mapped[str | None] = mapped_column(Text, info=personal("90-day, yearly, exempt, unclear; null abroad"))
    visa_class: Mapped[str | None] = mapped_column(Text, info=personal("class of the present permission"))
    entered_on: Mapped[date | None] = mapped_column(Date, info=personal("latest arrival"))
    permitted_until: Mapped[date | None] = mapped_column(Date, info=personal("end of the permission to stay"))
    basis: Mapped[str | None] = mapped_column(Text, info=personal("what the due date stands on (kind:id)"))
    due_on: Mapped[date | None] = mapped_column(Date, info=personal("day the report is due"))
    opens_on: Mapped[date | None] = mapped_column(Date, info=personal("first day it can be filed"))
    online_closes_on: Mapped[date | None] = mapped_column(Date, info=personal("last day it is taken online"))
    grace_ends_on: Mapped[date | None] = mapped_column(Date, info=personal("last day it is taken at a counter"))
    last_day_to_act: Mapped[date | None] = mapped_column(Date, info=personal("last day to advise"))
    late_after: Mapped[date | None] = mapped_column(Date, info=personal("last day that is not judged late"))
    expected: Mapped[bool] = mapped_column(
        Boolean, server_default="false", info=personal("whether a report is expected before the stay ends")
    )
    changes_on: Mapped[date | None] = mapped_column(
        Date, info=personal("first day on which a recorded future row takes effect")
    )
    policy_version: Mapped[str | None] = mapped_column(Text, info=opened("version of the rules it was made under"))


class Switch(Base):
    """A switch for drills and development, seen by all processes at once."""

    __tablename__ = "switches"
    __table_args__ = ({"info": {"retention": "while set"}},)

    name: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("which"))
    on: Mapped[bool] = mapped_column(Boolean, info=internal("whether it is on"))


OUT_OF_DATE = "revision = revision + 1, changes_on = least(changes_on, :today)"
"""What an update sets, so that the obligation is computed again in the next round, and not written on older facts."""
WINDOW_COLUMNS = tuple(member.name for member in fields(Window))
"""The dates of a window: as fields of the rules' Window and as columns of an obligation, by the same names."""
KEPT_COLUMNS = tuple(
    column.name for column in Obligation.__table__.columns if column.name not in ("person_id", "revision")
)
"""What is computed from the records and kept: every column but whose it is, and how often it changed."""
