"""Verifications of the audit trail: when it was compared with its seals, how far, and what came of it."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, DateTime, Identity, Index, Integer, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal
from foundation.db import BULK, Base, ReadSession, Session
from foundation.retention import Kept

DAILY = timedelta(days=1)
"""How old the last verification may be before a worker begins one by itself."""
_TIME = DateTime(timezone=True)


class VerificationState(StrEnum):
    """Where a verification stands; `failed` says that it could not be made, not what it would have found."""

    WAITING = "waiting"
    RUNNING = "running"
    SOUND = "sound"
    FAULTS = "faults"
    FAILED = "failed"


class Verification(Base):
    """A run through all seals and events, asked for by an auditor or made by a worker once a day."""

    __tablename__ = "verifications"
    __table_args__ = (
        Index("uq_verifications_open", "open", unique=True, postgresql_where="ended_at is null"),
        {"info": {"retention": Kept("10 years", ends="asked_at", after="10 years")}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    open: Mapped[bool] = mapped_column(server_default="true", info=internal("always true: one is open at a time"))
    asked_as: Mapped[str | None] = mapped_column(
        Text, info=internal("role and name of the auditor who asked; null: the daily one of a worker")
    )
    asked_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    began_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when a worker began"))
    ended_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when it was through"))
    up_to_seal: Mapped[int | None] = mapped_column(Integer, info=internal("the last seal that was compared"))
    events: Mapped[int | None] = mapped_column(BigInteger, info=internal("events that were compared with a seal"))
    removed: Mapped[int | None] = mapped_column(BigInteger, info=internal("events that were removed in due time"))
    waiting: Mapped[int | None] = mapped_column(BigInteger, info=internal("events that wait for a seal"))
    witnessed: Mapped[bool | None] = mapped_column(info=internal("whether the seals were compared with a witness"))
    faults: Mapped[int | None] = mapped_column(BigInteger, info=internal("how much was wrong; null: it was not made"))
    first_fault: Mapped[str | None] = mapped_column(Text, info=internal("the first fault, or why it was not made"))

    @property
    def state(self) -> VerificationState:
        """Where it stands."""
        if self.ended_at is None:
            return VerificationState.RUNNING if self.began_at else VerificationState.WAITING
        if self.faults is None:
            return VerificationState.FAILED
        return VerificationState.FAULTS if self.faults else VerificationState.SOUND


def find_open(session: ReadSession) -> Verification | None:
    """The verification that waits or runs, if there is one."""
    return session.scalars(select(Verification).where(Verification.ended_at.is_(None))).one_or_none()


def is_due(session: ReadSession, now: datetime) -> bool:
    """Whether the last one is so old that a worker begins another by itself."""
    last = session.scalars(select(Verification.asked_at).order_by(Verification.id.desc()).limit(1)).first()
    return last is None or last <= now - DAILY


def ask(session: Session, *, asked_as: str | None, now: datetime) -> tuple[Verification, bool]:
    """Ask for a verification, and whether that is a new one: while one waits or runs, that is it.

    Of two who ask at once the second waits for the first, and finds theirs.
    """
    asked = insert(Verification).values(asked_as=asked_as, asked_at=now).on_conflict_do_nothing()
    made = session.scalar(asked.returning(Verification.id), execution_options=BULK)
    if made is not None:
        return session.get_one(Verification, made), True
    standing = find_open(session)
    return (standing, False) if standing else ask(session, asked_as=asked_as, now=now)
