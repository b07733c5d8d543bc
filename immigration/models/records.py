"""What other offices recorded of a stay: movements, permissions, reports at a counter, residences (TM.30)."""

from datetime import date

from sqlalchemy import BigInteger, Date, ForeignKey, Identity, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, personal, sensitive
from foundation.db import Base
from foundation.retention import Kept
from foundation.sealing import Sealed

_KEPT = {
    "info": {
        "person": "passport_id",
        "retention": Kept(
            "10 years after the stay",
            ends="select max(m.occurred_on) from movements m where m.passport_id = {table}.passport_id",
            after="10 years",
        ),
    }
}


class Movement(Base):
    """An arrival in or a departure from the Kingdom."""

    __tablename__ = "movements"
    __table_args__ = (_KEPT,)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    movement_id: Mapped[str] = mapped_column(Text, unique=True, info=internal("id in the border records"))
    passport_id: Mapped[int] = mapped_column(ForeignKey("passports.id"), index=True, info=personal("whose"))
    direction: Mapped[str] = mapped_column(Text, info=personal("arrival or departure"))
    occurred_on: Mapped[date] = mapped_column(Date, info=personal("civil date in Bangkok"))
    checkpoint: Mapped[str] = mapped_column(Text, info=personal("border checkpoint"))
    arrival_card: Mapped[str | None] = mapped_column(
        Sealed("movements.arrival_card", "movement_id"), info=sensitive("number of the TM.6 or TDAC arrival card")
    )
    visa_class: Mapped[str | None] = mapped_column(Text, info=personal("decides the reporting regime"))
    permitted_until: Mapped[date | None] = mapped_column(Date, info=personal("end of the permission to stay"))
    contact_email: Mapped[str | None] = mapped_column(
        Sealed("movements.contact_email", "movement_id"),
        info=sensitive("contact given on arrival; activation codes go there"),
    )
    row_digest: Mapped[bytes] = mapped_column(LargeBinary, info=internal("to see whether an imported row changed"))


class Permission(Base):
    """An extension of stay or a change of visa."""

    __tablename__ = "permissions"
    __table_args__ = (_KEPT,)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    permission_id: Mapped[str] = mapped_column(Text, unique=True, info=internal("id in the permission records"))
    passport_id: Mapped[int] = mapped_column(ForeignKey("passports.id"), index=True, info=personal("whose"))
    kind: Mapped[str] = mapped_column(Text, info=personal("extension or change"))
    granted_on: Mapped[date] = mapped_column(Date, info=personal("civil date in Bangkok"))
    permitted_until: Mapped[date] = mapped_column(Date, info=personal("end of the permission to stay"))
    visa_class: Mapped[str | None] = mapped_column(Text, info=personal("the class from then on"))
    row_digest: Mapped[bytes] = mapped_column(LargeBinary, info=internal("to see whether an imported row changed"))


class OfficeReport(Base):
    """A report taken outside this service: at a counter, from an agent, by post, or by an earlier online system."""

    __tablename__ = "office_reports"
    __table_args__ = (_KEPT,)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    receipt_number: Mapped[str] = mapped_column(Text, unique=True, info=personal("number of the paper receipt"))
    passport_id: Mapped[int] = mapped_column(ForeignKey("passports.id"), index=True, info=personal("whose"))
    filed_on: Mapped[date] = mapped_column(Date, info=personal("civil date in Bangkok"))
    channel: Mapped[str] = mapped_column(Text, info=personal("counter, agent, post or online"))
    office: Mapped[str] = mapped_column(Text, info=personal("office that took it"))
    next_due_on: Mapped[date | None] = mapped_column(Date, info=personal("date printed on the receipt"))
    row_digest: Mapped[bytes] = mapped_column(LargeBinary, info=internal("to see whether an imported row changed"))


class Residence(Base):
    """Where a host notified that the person stays (TM.30, section 38)."""

    __tablename__ = "residences"
    __table_args__ = (_KEPT,)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    residence_id: Mapped[str] = mapped_column(Text, unique=True, info=internal("id in the TM.30 records"))
    passport_id: Mapped[int] = mapped_column(ForeignKey("passports.id"), index=True, info=personal("whose"))
    subdistrict_code: Mapped[str] = mapped_column(Text, info=personal("TIS 1099 code"))
    address: Mapped[str] = mapped_column(Sealed("residences.address", "residence_id"), info=sensitive("address line"))
    from_on: Mapped[date] = mapped_column(Date, info=personal("first day"))
    until_on: Mapped[date | None] = mapped_column(Date, info=personal("last day, if it ended"))
    host: Mapped[str | None] = mapped_column(Sealed("residences.host", "residence_id"), info=sensitive("who notified"))
    row_digest: Mapped[bytes] = mapped_column(LargeBinary, info=internal("to see whether an imported row changed"))
