"""How people get in: activation codes and requests, refresh tokens, officers and their sessions, signing keys."""

import hashlib
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, opened, personal, sensitive
from foundation.db import Base
from foundation.retention import Kept
from foundation.sealing import Sealed
from immigration.rules.birth_dates import BirthDate

_ID: dict[str, Any] = {"primary_key": True, "server_default": func.gen_random_uuid()}
_TIME = DateTime(timezone=True)


def token_digest(token: str) -> bytes:
    """What is kept of a random 256-bit token; it needs neither salt nor key."""
    return hashlib.sha256(token.encode()).digest()


class ActivationCode(Base):
    """A single-use code that joins a phone to a person; only a keyed digest of it is kept."""

    __tablename__ = "activation_codes"
    __table_args__ = (
        Index("ix_activation_codes_passport_id", "passport_id", "issued_at"),
        Index("ix_activation_codes_issued_by", "issued_by", "issued_at"),
        Index("ix_activation_codes_code_digest", "code_digest"),
        {
            "info": {
                "person": "person_id",
                "retention": Kept("90 days after expiry", ends="expires_at", after="90 days"),
            }
        },
    )

    id: Mapped[UUID] = mapped_column(**_ID, info=internal("row id"))
    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id"), index=True, info=personal("the holder it activates")
    )
    passport_id: Mapped[int] = mapped_column(ForeignKey("passports.id"), info=personal("with which passport"))
    code_digest: Mapped[bytes] = mapped_column(LargeBinary, info=sensitive("keyed digest of the code"))
    assurance: Mapped[str] = mapped_column(Text, info=personal("counter or mail"))
    issued_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    issued_by: Mapped[str] = mapped_column(Text, info=internal("officer, command line or mail"))
    expires_at: Mapped[datetime] = mapped_column(_TIME, info=internal("last moment of use"))
    tries_left: Mapped[int] = mapped_column(
        SmallInteger, server_default="5", info=internal("not used any more; the release before reads it")
    )
    used_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when it was used"))


class ActivationRequest(Base):
    """A wish for a code by mail. It is kept whether or not it matches anybody, so that both look the same."""

    __tablename__ = "activation_requests"
    __table_args__ = (
        Index(
            "ix_activation_requests_in_turn",
            "place",
            "next_try_at",
            "requested_at",
            postgresql_where="settled_at is null",
        ),
        Index("ix_activation_requests_document_index", "document_index", "requested_at"),
        {"info": {"person": None, "retention": Kept("90 days", ends="requested_at", after="90 days")}},
    )

    id: Mapped[UUID] = mapped_column(**_ID, info=internal("row id"))
    document_index: Mapped[bytes] = mapped_column(LargeBinary, info=sensitive("blind index of the passport named"))
    birth_date: Mapped[date] = mapped_column(Date, info=personal("as typed; the first possible day"))
    birth_date_known: Mapped[str] = mapped_column(
        Text, server_default="ymd", info=personal("the parts of the birth date that were typed: y, m, d")
    )
    folded_index: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sensitive("blind index of the number with O as 0 and I as 1")
    )
    address_index: Mapped[bytes] = mapped_column(LargeBinary, info=sensitive("blind index of the network it came from"))
    place: Mapped[int] = mapped_column(
        Integer,
        server_default="0",
        info=internal("how many requests its network had sent of late: who sent few goes first"),
    )
    requested_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    next_try_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when a worker tries it next"))
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0", info=internal("tries to send so far"))
    settled_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when it was done with"))
    outcome: Mapped[str | None] = mapped_column(
        Text, info=internal("sent, no-match, no-contact, throttled, superseded, failed")
    )

    @property
    def born(self) -> BirthDate:
        """The birth date, as far as it was typed."""
        return BirthDate.stored(self.birth_date, self.birth_date_known)


class ActivationAttempt(Base):
    """A try to activate, whatever came of it; tries beyond the limit of the throttle leave none."""

    __tablename__ = "activation_attempts"
    __table_args__ = (
        Index("ix_activation_attempts_document_index", "document_index", "at"),
        {"info": {"person": None, "retention": Kept("90 days", ends="at", after="90 days")}},
    )

    id: Mapped[UUID] = mapped_column(**_ID, info=internal("row id"))
    document_index: Mapped[bytes] = mapped_column(LargeBinary, info=sensitive("blind index of the passport named"))
    address_index: Mapped[bytes] = mapped_column(LargeBinary, info=sensitive("blind index of the network it came from"))
    at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    succeeded: Mapped[bool] = mapped_column(info=internal("whether it activated"))


class TokenFamily(Base):
    """One sign-in of a resident: all refresh tokens that descend from one activation."""

    __tablename__ = "token_families"
    __table_args__ = (
        Index("ix_token_families_revoked_at", "revoked_at", postgresql_where="revoked_at is not null"),
        Index("ix_token_families_passport_id", "passport_id"),
        {
            "info": {
                "person": "person_id",
                "retention": Kept("90 days after it ends", ends="coalesce(revoked_at, expires_at)", after="90 days"),
            }
        },
    )

    id: Mapped[UUID] = mapped_column(**_ID, info=internal("row id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True, info=personal("the holder signed in"))
    assurance: Mapped[str] = mapped_column(Text, info=personal("counter or mail"))
    passport_id: Mapped[int | None] = mapped_column(
        ForeignKey("passports.id"), info=personal("the passport it was activated with; older sign-ins may lack it")
    )
    created_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    revoked_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when it ended early"))
    revoked_because: Mapped[str | None] = mapped_column(
        Text, info=internal("reuse, signed out, or who ended it and why")
    )
    name: Mapped[str] = mapped_column(Text, server_default="", info=personal("what its owner calls the phone"))
    last_used_at: Mapped[datetime | None] = mapped_column(_TIME, info=personal("when it last got a token"))
    expires_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when it ends if it is not used again"))
    verified_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("last user verification by a passkey"))
    held_until: Mapped[datetime | None] = mapped_column(
        _TIME, info=internal("after recovery by mail: contact, passkeys and sessions stay as they are until then")
    )


class RefreshToken(Base):
    """A refresh token, kept as a digest; used once, then replaced."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        {
            "info": {
                "person": "family_id",
                "retention": Kept("90 days after it ends", ends="expires_at", after="90 days"),
            }
        },
    )

    token_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, info=sensitive("digest of the token"))
    family_id: Mapped[UUID] = mapped_column(ForeignKey("token_families.id"), index=True, info=internal("sign-in"))
    issued_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    expires_at: Mapped[datetime] = mapped_column(_TIME, info=internal("last moment of use"))
    used_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when it was replaced"))


class Officer(Base):
    """An officer's account."""

    __tablename__ = "officers"
    __table_args__ = (
        {"info": {"person": None, "retention": Kept("10 years after leaving", ends="disabled_at", after="10 years")}},
    )

    id: Mapped[UUID] = mapped_column(**_ID, info=internal("row id"))
    name: Mapped[str] = mapped_column(Text, unique=True, info=internal("sign-in name"))
    password_hash: Mapped[str] = mapped_column(Text, info=sensitive("Argon2id"))
    role: Mapped[str] = mapped_column(Text, info=internal("officer, supervisor, auditor or administrator"))
    office: Mapped[str | None] = mapped_column(
        Text, info=internal("the only office, for processes of the release before; removed with the next one")
    )
    offices: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default="{}", info=internal("codes of the offices it acts for; HQ means all of them")
    )
    totp_secret: Mapped[str | None] = mapped_column(
        Sealed("officers.totp_secret", "id"), info=sensitive("secret of the second factor, if set up")
    )
    totp_step: Mapped[int | None] = mapped_column(
        BigInteger, info=internal("30-second step of the last second factor taken; it is not taken again")
    )
    openid_subject: Mapped[str | None] = mapped_column(
        Text,
        unique=True,
        info=internal("issuer and subject at the identity provider, of an account that came from there"),
    )
    first_use_digest: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sensitive("keyed digest of the code that lets the account register a passkey, once")
    )
    first_use_ends_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("last moment of that code"))
    failed_attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0", info=internal("not used any more"))
    locked_until: Mapped[datetime | None] = mapped_column(_TIME, info=internal("not used any more"))
    disabled_at: Mapped[datetime | None] = mapped_column(_TIME, info=internal("when the account was closed"))


class OfficerSession(Base):
    """An officer's sign-in; the bearer token is kept as a digest."""

    __tablename__ = "officer_sessions"
    __table_args__ = ({"info": {"person": None, "retention": Kept("90 days", ends="expires_at", after="90 days")}},)

    token_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, info=sensitive("digest of the token"))
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officers.id"), index=True, info=internal("whose"))
    created_at: Mapped[datetime] = mapped_column(_TIME, info=internal("when"))
    seen_at: Mapped[datetime] = mapped_column(_TIME, info=internal("last request"))
    expires_at: Mapped[datetime] = mapped_column(_TIME, info=internal("absolute end"))


class SigningKey(Base):
    """An ES256 key: of purpose `access` for tokens, `statement` for receipts, `seal` for the seals over events."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        Index("uq_signing_keys_active", "purpose", unique=True, postgresql_where="retired_at is null"),
        {"info": {"person": None, "retention": "private part until replaced, public part for ever"}},
    )

    kid: Mapped[str] = mapped_column(Text, primary_key=True, info=opened("key id"))
    purpose: Mapped[str] = mapped_column(Text, info=opened("access, statement or seal"))
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB, info=opened("public key as a JWK"))
    private_pem: Mapped[str | None] = mapped_column(
        Sealed("signing_keys.private_pem", "kid"), info=sensitive("private key; removed when another one signs")
    )
    created_at: Mapped[datetime] = mapped_column(_TIME, info=opened("signs from then"))
    retired_at: Mapped[datetime | None] = mapped_column(
        _TIME, info=opened("end of use: access keys verify until then, others for ever")
    )
    compromised_at: Mapped[datetime | None] = mapped_column(
        _TIME, info=opened("ended in an emergency: it verifies nothing from then on")
    )
