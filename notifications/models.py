"""Devices, the messages to a person, and each message's way through a channel."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    false,
    func,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, personal, sensitive
from foundation.db import Base
from foundation.retention import Kept
from foundation.sealing import Sealed
from notifications.rules import DeliveryStatus, NotificationStatus

_TIME = DateTime(timezone=True)


class Device(Base):
    """A device on which a person wants to be notified: an address kind and a target."""

    __tablename__ = "devices"
    __table_args__ = (
        Index(
            "uq_devices_target_index_person_id",
            "target_index",
            "person_id",
            unique=True,
            postgresql_where="removed_at is null",
        ),
        {
            "info": {
                "person": "person_id",
                "retention": Kept("270 days after it was last seen", ends="updated_at", after="270 days"),
            }
        },
    )

    person_id: Mapped[UUID] = mapped_column(primary_key=True, info=personal("whose"))
    device_id: Mapped[str] = mapped_column(Text, primary_key=True, info=personal("id the app gave itself"))
    platform: Mapped[str] = mapped_column(Text, info=internal("android, ios or web"))
    kind: Mapped[str] = mapped_column(Text, info=internal("fid, token or webpush"))
    target: Mapped[str] = mapped_column(
        Sealed("devices.target", "person_id", "device_id"), info=sensitive("push address")
    )
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
        Index("ix_notifications_created_at", "created_at", postgresql_using="brin"),
        Index("ix_notifications_fall_back_at", "fall_back_at", postgresql_where="fall_back_at is not null"),
        Index("ix_notifications_open", "person_id", postgresql_where="status in ('pending', 'stale')"),
        {"info": {"person": "person_id", "retention": Kept("2 years", ends="created_at", after="2 years")}},
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
        Text, server_default=NotificationStatus.PENDING, info=internal("pending, sent, stale, skipped, unreachable")
    )
    reason: Mapped[str | None] = mapped_column(
        Text, info=internal("why it was not sent: opted-out, not-owed, next-step")
    )
    created_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    fanned_out_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when it was addressed"))
    fall_back_at: Mapped[datetime | None] = mapped_column(
        _TIME, info=internal("when the next channel is tried, where nobody has opened it by then")
    )
    settled_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when nothing more will be tried"))
    read_at: Mapped[datetime | None] = mapped_column(_TIME, info=personal("when the person opened it"))


class Preferences(Base):
    """When and whether a person wants to be reminded; no row while they chose nothing."""

    __tablename__ = "notification_preferences"
    __table_args__ = ({"info": {"person": "person_id", "retention": "while on record, then 10 years"}},)

    person_id: Mapped[UUID] = mapped_column(primary_key=True, info=personal("whose"))
    hour: Mapped[int | None] = mapped_column(SmallInteger, info=personal("hour of the day in Bangkok, if chosen"))
    optional_reminders: Mapped[bool] = mapped_column(
        Boolean, server_default=true(), info=personal("whether reminders are wanted that may be switched off")
    )
    mail: Mapped[bool] = mapped_column(Boolean, server_default=true(), info=personal("whether mail is wanted"))
    changed_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when this was chosen"))


class ReminderToPlan(Base):
    """A person for whom a step of the ladder begins: narrow, so that a nation's are written in a moment."""

    __tablename__ = "reminders_to_plan"
    __table_args__ = (
        {"info": {"person": "person_id", "retention": "until the reminder is planned, some seconds later"}},
    )

    person_id: Mapped[UUID] = mapped_column(primary_key=True, info=personal("who is to be reminded"))
    step: Mapped[str] = mapped_column(Text, primary_key=True, info=personal("of which step of the ladder"))
    day: Mapped[date] = mapped_column(Date, info=personal("the day on which it begins"))


class PlanningDay(Base):
    """A day whose reminders were listed."""

    __tablename__ = "planning_days"
    __table_args__ = ({"info": {"retention": Kept("2 years", ends="listed_at", after="2 years")}},)

    day: Mapped[date] = mapped_column(Date, primary_key=True, info=internal("which, in Bangkok"))
    listed_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    listed: Mapped[int] = mapped_column(Integer, info=internal("for how many people a step began"))


class CoverageGap(Base):
    """A person who was not told of the step that stands, as the last check found; written anew by each."""

    __tablename__ = "coverage_gaps"
    __table_args__ = (
        Index("ix_coverage_gaps_cause", "cause", "person_id"),
        {"info": {"person": "person_id", "retention": "until the next check"}},
    )

    person_id: Mapped[UUID] = mapped_column(primary_key=True, info=personal("who was not told"))
    step: Mapped[str] = mapped_column(Text, info=personal("of which step of the ladder"))
    due_on: Mapped[date | None] = mapped_column(Date, info=personal("the due date it speaks of"))
    cause: Mapped[str] = mapped_column(Text, info=internal("why, such as no-channel"))
    found_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when it was found"))


class CoverageCheck(Base):
    """A check of who must have been told by then, and how many were not, by cause."""

    __tablename__ = "coverage_checks"
    __table_args__ = ({"info": {"retention": Kept("2 years", ends="checked_at", after="2 years")}},)

    checked_at: Mapped[datetime] = mapped_column(_TIME, primary_key=True, info=internal("when"))
    expected: Mapped[int] = mapped_column(Integer, info=internal("how many people had to be told"))
    causes: Mapped[dict[str, int]] = mapped_column(JSONB, info=internal("how many were not, by cause"))


class ChannelState(Base):
    """Whether a channel sends at present, and how much it still may: the same for all workers."""

    __tablename__ = "channel_states"
    __table_args__ = ({"info": {"retention": "while in use"}},)

    channel: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("its name"))
    left: Mapped[float] = mapped_column(Float, info=internal("messages that may be sent at once"))
    refilled_at: Mapped[datetime] = mapped_column(_TIME, info=internal("as of when"))
    failures: Mapped[int] = mapped_column(
        Integer, server_default="0", info=internal("answers in a row of which nothing went through")
    )
    mismatches: Mapped[int] = mapped_column(
        Integer, server_default="0", info=internal("devices of another sender since something was sent")
    )
    stopped_until: Mapped[datetime | None] = mapped_column(
        _TIME, info=internal("nothing is sent before; then a few messages are tried")
    )
    error: Mapped[str | None] = mapped_column(Text, info=internal("the last error, while nothing goes through"))
    fault: Mapped[bool] = mapped_column(
        Boolean, server_default=false(), info=internal("whether our set-up is to be put right")
    )
    changed_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when it last stopped or went on"))


class DeliveryCount(Base):
    """How many messages were planned or tried with one outcome, since the tables were made."""

    __tablename__ = "delivery_counts"
    __table_args__ = ({"info": {"retention": "for ever; a few rows"}},)

    channel: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("by which channel; empty if by none"))
    lane: Mapped[int] = mapped_column(SmallInteger, primary_key=True, info=internal("0 urgent, 1 routine"))
    outcome: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("sent, retry, failed and others"))
    up_to: Mapped[float] = mapped_column(Float, primary_key=True, info=internal("seconds late, at the most"))
    number: Mapped[int] = mapped_column(BigInteger, info=internal("how many"))
    seconds: Mapped[float] = mapped_column(Float, info=internal("sum of the seconds that they were late"))


class Delivery(Base):
    """One message on its way to one device, or by one channel to the person."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("uq_deliveries_notification_id_device_id", "notification_id", "device_id", unique=True),
        Index(
            "ix_deliveries_channel_ready",
            "channel",
            "lane",
            "due_on",
            "next_try_at",
            postgresql_where="status = 'pending'",
        ),
        Index("ix_deliveries_failed", "channel", "id", postgresql_where="status = 'failed'"),
        Index("ix_deliveries_device", "person_id", "device_id", postgresql_where="status = 'pending'"),
        {
            "info": {
                "person": "person_id",
                "retention": Kept(
                    "2 years",
                    ends="select n.created_at from notifications n where n.id = {table}.notification_id",
                    after="2 years",
                ),
            }
        },
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid(), info=internal("row id"))
    notification_id: Mapped[UUID] = mapped_column(ForeignKey("notifications.id"), info=internal("the message"))
    person_id: Mapped[UUID] = mapped_column(info=personal("to whom"))
    device_id: Mapped[str] = mapped_column(
        Text, info=personal("which device; @ and the channel's name where it writes to the person")
    )
    channel: Mapped[str] = mapped_column(Text, server_default="push", info=internal("by which channel it goes"))
    lane: Mapped[int] = mapped_column(SmallInteger, info=internal("as of its message"))
    due_on: Mapped[date | None] = mapped_column(Date, info=personal("as of its message"))
    status: Mapped[str] = mapped_column(
        Text, server_default=DeliveryStatus.PENDING, info=internal("pending, sent, failed, dropped")
    )
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0", info=internal("tries so far"))
    next_try_at: Mapped[datetime] = mapped_column(_TIME, info=internal("not before; also the lease while in flight"))
    ready_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when it was to go at the earliest"))
    sent_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when the provider took it"))
    delivered_at: Mapped[datetime | None] = mapped_column(_TIME, info=personal("when the phone had it"))
    opened_at: Mapped[datetime | None] = mapped_column(_TIME, info=personal("when the person opened it there"))
    failed_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when it failed for good"))
    provider_id: Mapped[str | None] = mapped_column(Text, info=internal("the provider's name for it"))
    error: Mapped[str | None] = mapped_column(Text, info=internal("the provider's last error code"))
