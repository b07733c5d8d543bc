"""Devices, the messages to a person, and each message's way through a channel."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, DateTime, ForeignKey, Index, LargeBinary, SmallInteger, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, personal, sensitive
from foundation.db import Base
from foundation.sealing import Sealed
from notifications.rules import DeliveryStatus, NotificationStatus

_TIME = DateTime(timezone=True)


class Device(Base):
    """A device on which a person wants to be notified: an address kind and a target."""

    __tablename__ = "devices"
    __table_args__ = (
        Index("uq_devices_target_index", "target_index", unique=True, postgresql_where="removed_at is null"),
        {"info": {"retention": "270 days after it was last seen"}},
    )

    person_id: Mapped[UUID] = mapped_column(primary_key=True, info=personal("whose"))
    device_id: Mapped[str] = mapped_column(Text, primary_key=True, info=personal("id the app gave itself"))
    platform: Mapped[str] = mapped_column(Text, info=internal("android, ios or web"))
    kind: Mapped[str] = mapped_column(Text, info=internal("fid, token or webpush"))
    target: Mapped[str] = mapped_column(Sealed("devices.target"), info=sensitive("push address"))
    target_index: Mapped[bytes] = mapped_column(LargeBinary, info=sensitive("blind index of the push address"))
    language: Mapped[str] = mapped_column(Text, info=personal("language of messages"))
    family: Mapped[UUID | None] = mapped_column(info=internal("sign-in that registered it; not notified of itself"))
    updated_at: Mapped[datetime] = mapped_column(_TIME, info=internal("last registered"))
    removed_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when it stopped being used"))
    removed_because: Mapped[str | None] = mapped_column(Text, info=internal("by its owner, or what the provider said"))


class Notification(Base):
    """A message to one person. `dedupe` makes notifying twice impossible."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("uq_notifications_person_id_dedupe", "person_id", "dedupe", unique=True),
        Index(
            "ix_notifications_waiting",
            "lane",
            "due_on",
            "created_at",
            postgresql_where="status = 'pending' and fanned_out_at is null",
        ),
        Index(
            "ix_notifications_unread",
            "created_at",
            postgresql_where="status = 'unreachable' and read_at is null",
        ),
        Index("ix_notifications_open", "person_id", postgresql_where="status in ('pending', 'stale')"),
        {"info": {"retention": "2 years"}},
    )

    id: Mapped[UUID] = mapped_column(
        primary_key=True, server_default=func.gen_random_uuid(), info=internal("row id; the app drops repeats by it")
    )
    person_id: Mapped[UUID] = mapped_column(info=personal("to whom"))
    kind: Mapped[str] = mapped_column(Text, info=internal("entry of the catalogue"))
    dedupe: Mapped[str] = mapped_column(Text, info=internal("basis and step, or the event it tells of"))
    lane: Mapped[int] = mapped_column(SmallInteger, info=internal("0 decisions and security, 1 reminders"))
    due_on: Mapped[date | None] = mapped_column(Date, info=personal("due date it speaks of; soonest first"))
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, info=personal("dates and codes the words need"))
    status: Mapped[str] = mapped_column(
        Text, server_default=NotificationStatus.PENDING, info=internal("pending, sent, stale, unreachable")
    )
    created_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    fanned_out_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when it was addressed to the devices"))
    settled_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when nothing more will be tried"))
    read_at: Mapped[datetime | None] = mapped_column(_TIME, info=personal("when the person opened it"))


class Delivery(Base):
    """One message on its way to one device."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("uq_deliveries_notification_id_device_id", "notification_id", "device_id", unique=True),
        Index("ix_deliveries_ready", "lane", "due_on", "next_try_at", postgresql_where="status = 'pending'"),
        Index("ix_deliveries_device", "person_id", "device_id", postgresql_where="status = 'pending'"),
        {"info": {"retention": "2 years"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid(), info=internal("row id"))
    notification_id: Mapped[UUID] = mapped_column(ForeignKey("notifications.id"), info=internal("the message"))
    person_id: Mapped[UUID] = mapped_column(info=personal("to whom"))
    device_id: Mapped[str] = mapped_column(Text, info=personal("which device"))
    lane: Mapped[int] = mapped_column(SmallInteger, info=internal("as of its message"))
    due_on: Mapped[date | None] = mapped_column(Date, info=personal("as of its message"))
    status: Mapped[str] = mapped_column(
        Text, server_default=DeliveryStatus.PENDING, info=internal("pending, sent, failed, dropped")
    )
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0", info=internal("tries so far"))
    next_try_at: Mapped[datetime] = mapped_column(_TIME, info=internal("not before; also the lease while in flight"))
    sent_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when the provider took it"))
    provider_id: Mapped[str | None] = mapped_column(Text, info=internal("the provider's name for it"))
    error: Mapped[str | None] = mapped_column(Text, info=internal("the provider's last error code"))
