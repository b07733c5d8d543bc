"""Passkeys of residents and of officers, and the challenges that were answered."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, personal, sensitive
from foundation.db import Base

_TIME = DateTime(timezone=True)


class Passkey(Base):
    """A WebAuthn credential of a person; only its public key is kept."""

    __tablename__ = "passkeys"
    __table_args__ = ({"info": {"person": "person_id", "retention": "until its owner removes it"}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid(), info=internal("row id"))
    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id"), index=True, info=personal("the holder it signs in")
    )
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True, info=sensitive("id the authenticator gave"))
    public_key: Mapped[bytes] = mapped_column(LargeBinary, info=sensitive("public key in COSE form"))
    sign_count: Mapped[int] = mapped_column(BigInteger, info=internal("the authenticator's counter, to notice copies"))
    name: Mapped[str] = mapped_column(Text, info=personal("what its owner calls it"))
    assurance: Mapped[str] = mapped_column(Text, info=personal("of the sign-in that registered it: counter or mail"))
    passport_id: Mapped[int | None] = mapped_column(
        ForeignKey("passports.id"), info=personal("the passport that sign-in was activated with")
    )
    created_at: Mapped[datetime] = mapped_column(_TIME, info=personal("when"))
    last_used_at: Mapped[datetime | None] = mapped_column(_TIME, info=personal("when it last verified its owner"))


class OfficerPasskey(Base):
    """A WebAuthn credential of an officer's account; only its public key is kept."""

    __tablename__ = "officer_passkeys"
    __table_args__ = ({"info": {"person": None, "retention": "until its owner removes it or the account is closed"}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid(), info=internal("row id"))
    officer_id: Mapped[UUID] = mapped_column(
        ForeignKey("officers.id"), index=True, info=internal("the account it signs in")
    )
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True, info=sensitive("id the authenticator gave"))
    public_key: Mapped[bytes] = mapped_column(LargeBinary, info=sensitive("public key in COSE form"))
    sign_count: Mapped[int] = mapped_column(BigInteger, info=internal("the authenticator's counter, to notice copies"))
    name: Mapped[str] = mapped_column(Text, info=internal("what its owner calls it"))
    created_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    last_used_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when it last signed its owner in"))


class UsedChallenge(Base):
    """A challenge that was answered: each is answered once. Unlogged, since a crash may forget minutes."""

    __tablename__ = "used_challenges"
    __table_args__ = ({"info": {"retention": "five minutes"}, "prefixes": ["UNLOGGED"]},)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, info=internal("digest of the challenge"))
    expires_at: Mapped[datetime] = mapped_column(_TIME, info=internal("end of the challenge"))
